//! What the real KServe manager did, played against this control plane on an embedded API server: no sockets, simulated time.
//!
//! `recordings/<release>.jsonl.gz` holds one case a line: objects to create, and what was there after each step. The leaves of expected and found
//! objects are counted: those that are equal, of all. The cases of v0.14.1, some of v0.15.2, and all of earlier and later releases are neighbours of the
//! others, recorded to tell what lies between and beyond; from v0.16.0 on they call modes by their new names. `floors.txt` says how many fields of each
//! release are equal; fewer fail the test.
//!
//! | module | what it does |
//! |---|---|
//! | `world` | a server with Kubernetes' controllers and the control plane of a release |
//! | `play` | takes the steps of a case and judges what comes of them |
//! | `compare` | takes out of objects what cannot repeat, and counts what is equal |
//!
//! Every difference of the cases whose names begin so, and the score of each:
//!
//! ```text
//! cargo test -p proofmark-kserve --test golden -- 0.15.2 sl- raw-
//! ```

#![expect(clippy::print_stdout, reason = "scores and differences are told")]

mod compare;
mod play;
mod world;

use std::fmt::Write as _;
use std::io::Read as _;
use std::num::NonZero;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use flate2::read::GzDecoder;
use play::Play;
use proofmark_json::Value;
use proofmark_kserve::Release;
use world::{Extras, World};

/// Recorded cases, and the release whose manager was recorded.
const RECORDINGS: &[(Release, &[u8])] = &[
    (Release::V0_11_2, include_bytes!("recordings/v0.11.2.jsonl.gz")),
    (Release::V0_12_1, include_bytes!("recordings/v0.12.1.jsonl.gz")),
    (Release::V0_13_0, include_bytes!("recordings/v0.13.0.jsonl.gz")),
    (Release::V0_14_1, include_bytes!("recordings/v0.14.1.jsonl.gz")),
    (Release::V0_15_2, include_bytes!("recordings/v0.15.2.jsonl.gz")),
    (Release::V0_16_0, include_bytes!("recordings/v0.16.0.jsonl.gz")),
    (Release::V0_17_0, include_bytes!("recordings/v0.17.0.jsonl.gz")),
    (Release::V0_19_0, include_bytes!("recordings/v0.19.0.jsonl.gz")),
    (Release::V0_20_0, include_bytes!("recordings/v0.20.0.jsonl.gz")),
];

/// Lines of `release equal all`.
const FLOORS: &str = include_str!("floors.txt");

/// How many differences of one step are printed.
const DETAIL: usize = 10;

/// Equal fields, and all fields.
#[derive(Default, Clone, Copy)]
struct Score(usize, usize);

fn main() -> ExitCode {
    let mut wanted: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with("--")).collect();
    let releases: Vec<Release> =
        wanted.extract_if(.., |arg| arg.parse::<Release>().is_ok()).filter_map(|arg| arg.parse().ok()).collect();
    let chosen = RECORDINGS.iter().filter(|(release, _)| releases.is_empty() || releases.contains(release));
    // Releases have nothing to do with each other: each thread takes the next.
    let next = Mutex::new(chosen);
    let good = AtomicBool::new(true);
    let work = || {
        while let Some((release, recording)) = take(&next) {
            let (told, held) = compare_release(*release, recording, &wanted);
            print!("{told}");
            good.fetch_and(held, Ordering::Relaxed);
        }
    };
    std::thread::scope(|threads| {
        for _ in 0..std::thread::available_parallelism().map_or(1, NonZero::get) {
            threads.spawn(work);
        }
    });
    if good.into_inner() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn take<I: Iterator>(next: &Mutex<I>) -> Option<I::Item> {
    next.lock().expect("not poisoned").next()
}

/// Plays what was recorded of a release, of cases whose names begin as `wanted` if there are any; what is to be told, and whether the floor holds.
fn compare_release(release: Release, recording: &[u8], wanted: &[String]) -> (String, bool) {
    let cases: Vec<Value> = read(recording);
    let named = |case: &Value| wanted.is_empty() || wanted.iter().any(|w| text(case, "case").starts_with(w.as_str()));
    let cases: Vec<&Value> = cases.iter().filter(|case| named(case)).collect();
    let mut told = String::new();
    let Score(equal, all) = play(release, &cases, !wanted.is_empty(), &mut told);
    #[expect(clippy::cast_precision_loss, reason = "a percentage")]
    let share = 100.0 * equal as f64 / all.max(1) as f64;
    tell(&mut told, format_args!("{release}: {equal} of {all} fields ({share:.2} %) in {} cases", cases.len()));
    let held = !wanted.is_empty() || equal >= floor(release);
    if !held {
        tell(&mut told, format_args!("{release}: fewer than its floor, {}", floor(release)));
    }
    (told, held)
}

fn tell(told: &mut String, line: std::fmt::Arguments<'_>) {
    let _ = writeln!(told, "{line}");
}

/// Plays cases, each group on a server of its own: most were recorded where no other project's kinds existed.
fn play(release: Release, cases: &[&Value], verbose: bool, told: &mut String) -> Score {
    let mut total = Score::default();
    for extras in Extras::ALL {
        let group: Vec<&Value> =
            cases.iter().copied().filter(|case| Extras::of(text(case, "case")) == extras).collect();
        if group.is_empty() {
            continue;
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
        let score = runtime.expect("a runtime").block_on(async {
            let world = World::start(release, extras).await;
            let mut total = Score::default();
            for case in group {
                let Score(equal, all) = one(&world, case, verbose, told).await;
                total = Score(total.0 + equal, total.1 + all);
            }
            total
        });
        total = Score(total.0 + score.0, total.1 + score.1);
    }
    total
}

async fn one(world: &World, case: &Value, verbose: bool, told: &mut String) -> Score {
    let mut score = Score::default();
    for step in Play::new(world, case).run().await {
        score = Score(score.0 + step.equal, score.1 + step.all);
        if !step.differences.is_empty() && verbose {
            tell(told, format_args!("  {}", step.what));
            step.differences.iter().take(DETAIL).for_each(|it| tell(told, format_args!("      {it}")));
        }
    }
    let share = 100 * score.0 / score.1.max(1);
    tell(told, format_args!("{share:4} % {:6} of {:6} {}", score.0, score.1, text(case, "case")));
    score
}

fn read(recording: &[u8]) -> Vec<Value> {
    let mut lines = String::new();
    GzDecoder::new(recording).read_to_string(&mut lines).expect("compressed text");
    lines.lines().map(|line| proofmark_json::from_str(line).expect("JSON")).collect()
}

fn floor(release: Release) -> usize {
    let line = FLOORS.lines().find_map(|line| line.strip_prefix(release.version())).unwrap_or_default();
    line.split_whitespace().next().and_then(|number| number.parse().ok()).unwrap_or_default()
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}
