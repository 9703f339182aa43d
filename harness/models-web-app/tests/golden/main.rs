//! What the real Models Web App answered, played against this one over an embedded API server: no sockets, simulated time.
//!
//! `recordings/<release>.jsonl.gz` holds one case a line: an environment, objects, and exchanges. An exchange is equal when code, headers and body are,
//! and the calls that the app made to the API server, in their order. `floors.txt` says how many of each release are equal; fewer fail the test.
//!
//! | module | what it does |
//! |---|---|
//! | `world` | an API server with Kubernetes' controllers, definitions of kinds, roles, and nodes whose logs are given |
//! | `calls` | keeps what the app asks of it |
//! | `play` | takes the steps of a case |
//! | `compare` | takes out of answers what cannot repeat, and tells differences |
//!
//! Every difference of the cases whose names begin so:
//!
//! ```text
//! cargo test -p proofmark-models-web-app --test golden -- 1.0.1 isvc- sse-
//! ```

#![expect(clippy::print_stdout, reason = "scores and differences are told")]

mod calls;
mod compare;
mod play;
mod world;

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use flate2::read::GzDecoder;
use proofmark_json::Value;
use proofmark_models_web_app::Release;

const RECORDINGS: &[(Release, &[u8])] = &[
    (Release::V0_14_0, include_bytes!("recordings/v0.14.0.jsonl.gz")),
    (Release::V1_0_1, include_bytes!("recordings/v1.0.1.jsonl.gz")),
];

/// Lines of `release equal`.
const FLOORS: &str = include_str!("floors.txt");

fn main() -> ExitCode {
    let Some(shared) = shared() else { return ExitCode::SUCCESS };
    let mut wanted: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with("--")).collect();
    let releases: Vec<Release> =
        wanted.extract_if(.., |arg| is_release(arg)).filter_map(|arg| arg.parse().ok()).collect();
    let mut beginnings = world::Beginnings::new(shared);
    let mut good = true;
    for (release, recording) in RECORDINGS {
        if !releases.is_empty() && !releases.contains(release) {
            continue;
        }
        let (mut equal, mut all) = (0, 0);
        for case in read(recording) {
            let name = text(&case, "case");
            if !wanted.is_empty() && !wanted.iter().any(|begin| name.starts_with(begin.as_str())) {
                continue;
            }
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
            let judged = runtime.expect("a runtime").block_on(play::play(*release, &case, &mut beginnings));
            let good = judged.iter().filter(|exchange| exchange.differences.is_empty()).count();
            if good < judged.len() {
                println!("{release} {name}: {good} of {}", judged.len());
            }
            for exchange in judged.iter().filter(|exchange| !exchange.differences.is_empty()) {
                println!("  {}", exchange.what);
                exchange.differences.iter().for_each(|difference| println!("      {difference}"));
            }
            (equal, all) = (equal + good, all + judged.len());
        }
        println!("{release}: {equal} of {all} exchanges");
        if wanted.is_empty() && equal < floor(*release) {
            println!("{release}: fewer than its floor, {}", floor(*release));
            good = false;
        }
    }
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn is_release(text: &str) -> bool {
    text.parse::<Release>().is_ok()
}

/// The folder of recorded data, found by `PROOFMARK_SHARED`: the definitions of kinds and the roles that the cases begin with are there.
#[expect(clippy::disallowed_methods, reason = "a test finds data beside the repository by environment variable")]
fn shared() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let shared = std::env::var("PROOFMARK_SHARED").map_or_else(|_| beside(), PathBuf::from);
    if shared.join("upstream").is_dir() && shared.join("golden").is_dir() {
        return Some(shared);
    }
    assert!(std::env::var("CI").is_err(), "no recorded data at {}", shared.display());
    println!("skipped: no recorded data at {}", shared.display());
    None
}

fn read(recording: &[u8]) -> Vec<Value> {
    let mut lines = String::new();
    GzDecoder::new(recording).read_to_string(&mut lines).expect("compressed text");
    lines.lines().map(|line| proofmark_json::from_str(line).expect("JSON")).collect()
}

fn floor(release: Release) -> usize {
    let line = FLOORS.lines().find_map(|line| line.strip_prefix(release.name())).unwrap_or_default();
    line.trim().parse().unwrap_or_default()
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn list<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}
