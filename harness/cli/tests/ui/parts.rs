//! `run --shard` and `merge`

use std::path::Path;

use crate::support::{Ran, assert_snapshot, command, proofmark};

const CASES: [&str; 6] = ["trainedmodel-403", "inferencegraph-403", "--kserve", "0.14.1", "--kserve", "0.15.2"];

/// Plays a part in a folder, as JSON; how the file is called there.
fn play(folder: &Path, part: &str, index: Option<&str>, rest: &[&str]) -> String {
    let file = format!("{}.json", part.replace('/', "-of-"));
    let mut playing = command(&["run"]);
    playing.args(CASES).args(rest).args(["--shard", part, "--format", "json", "--output"]).arg(folder.join(&file));
    if let Some(index) = index {
        playing.env("JOB_COMPLETION_INDEX", index);
    }
    let output = playing.output().expect("the binary runs");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    file
}

fn merge(folder: &Path, arguments: &[&str]) -> Ran {
    let mut merging = command(&["merge"]);
    merging.args(arguments).current_dir(folder);
    Ran::of(&[&["merge"], arguments].concat(), merging.output().expect("the binary runs"))
}

#[test]
fn parts_make_the_report_of_the_whole() {
    let folder = tempfile::tempdir().expect("a folder");
    let parts = [play(folder.path(), "2/2", None, &[]), play(folder.path(), "job/2", Some("0"), &[])];
    let merged = merge(folder.path(), &[&parts[0], &parts[1], "--format", "json"]);
    let whole = proofmark(&[&["run"], &CASES[..], &["--format", "json"]].concat());
    assert_eq!((merged.code, &merged.stdout), (Some(0), &whole.stdout), "{merged}");
    assert_snapshot("merge", &[merge(folder.path(), &[&parts[0], &parts[1]])]);
}

#[test]
fn what_makes_no_whole_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let one = play(folder.path(), "1/2", None, &[]);
    let other = play(folder.path(), "2/2", None, &["--seed", "7"]);
    let text = std::fs::read_to_string(folder.path().join(&one)).expect("written");
    let of_another = text.replacen(env!("CARGO_PKG_VERSION"), "9.9.9", 1);
    std::fs::write(folder.path().join("newer.json"), of_another).expect("writable");
    std::fs::write(folder.path().join("junit.xml"), "<?xml?>").expect("writable");
    let table: [&[&str]; 6] = [&[], &[&one], &[&one, &one], &[&one, &other], &["newer.json"], &["junit.xml"]];
    let mut ran: Vec<Ran> = table.iter().map(|arguments| merge(folder.path(), arguments)).collect();
    ran.push(merge(folder.path(), &["none.json"]));
    assert_snapshot("merge.wrong", &ran);
}

#[test]
fn parts_that_there_are_not_are_refused() {
    let part = |part| proofmark(&["run", "--shard", part]);
    assert_snapshot("run.shard", &["0/3", "4/3", "3", "job/0", "job/3"].map(part));
}
