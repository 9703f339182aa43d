//! Recorded runs of the real storage initializers, played with ours: in process, over pipes, with real HTTP and real TLS, on a clock that stands still.
//!
//! One test for each release; each plays every run of its recording against a server made from the run, and compares requests, files, what was raised
//! and the exit code. The wording of the log is not compared.
//!
//! | module | what it does |
//! |---|---|
//! | `run` | the format of recordings, and a run on our loader |
//! | `content` | contents of objects and files |
//! | `server` | the scripted server: S3, STS, metadata, GCS, web |
//! | `network` | pipes to it, and its certificates |
//! | `normalise` | takes out what cannot repeat |
//! | `compare` | names what differs |
//!
//! `floors.txt` says how many runs of each release agree; fewer fail the test. Every difference of a release:
//!
//! ```text
//! cargo test -p proofmark-model-loader --test golden v0_15 -- --nocapture
//! ```
//!
//! `RUN=name` plays only runs whose name holds that text.

#![expect(clippy::print_stdout, reason = "differences are told, and cargo captures them")]

mod compare;
mod content;
mod network;
mod normalise;
mod run;
mod server;

use proofmark_model_loader::Release;
use std::io::Read;

/// How many runs of each release agree: lines of `release agreeing total`.
const FLOORS: &str = include_str!("floors.txt");

macro_rules! releases {
    ($($name:ident: $release:ident $recording:literal,)+) => {$(
        #[tokio::test(start_paused = true)]
        async fn $name() {
            check(Release::$release, include_bytes!(concat!("recordings/", $recording, ".json.gz"))).await;
        }
    )+};
}

releases! {
    v0_11: V0_11 "0.11.2",
    v0_12: V0_12 "0.12.1",
    v0_13: V0_13 "0.13.1",
    v0_14: V0_14 "0.14.1",
    v0_15: V0_15 "0.15.2",
    v0_16: V0_16 "0.16.0",
    v0_17: V0_17 "0.17.1",
    v0_18: V0_18 "0.18.0",
    v0_20: V0_20 "0.20.0",
    v0_21: V0_21 "0.21.0",
}

/// Plays a recording, prints what differs, and fails if less agrees than its floor says.
#[expect(clippy::disallowed_methods, reason = "a test is told by its environment what to play")]
async fn check(release: Release, recording: &[u8]) {
    let mut text = String::new();
    flate2::read::GzDecoder::new(recording).read_to_string(&mut text).unwrap();
    let cases: Vec<run::Case> = proofmark_json::from_str(&text).unwrap();
    let only = std::env::var("RUN").ok();
    let authority = network::Authority::new();
    let (mut agreeing, mut total) = (0, 0);
    for case in &cases {
        for recorded in case.runs.iter().filter(|run| only.as_ref().is_none_or(|only| run.name.contains(only.as_str())))
        {
            total += 1;
            let played = run::play(release, recorded, &authority).await;
            let differences = compare::differences(release, recorded, &played);
            agreeing += usize::from(differences.is_empty());
            if !differences.is_empty() {
                println!("{} {}/{}", release, case.case, recorded.name);
                differences.iter().for_each(|difference| println!("    {difference}"));
            }
        }
    }
    println!("{release} {agreeing} {total}");
    if only.is_some() {
        return;
    }
    let floor = FLOORS
        .lines()
        .find_map(|line| line.strip_prefix(release.version())?.split_whitespace().next()?.parse::<usize>().ok());
    assert!(agreeing >= floor.unwrap_or(total), "{release}: {agreeing} of {total} runs agree, fewer than before");
}
