//! Replays the recorded exchanges with a real kube-apiserver against this crate: every request that some user sent must be
//! allowed or refused as it was, in the same words; reviews must answer the same; refused roles and bindings must be refused
//! for the same reasons.

mod replay;
mod request;

use std::path::{Path, PathBuf};

use proofmark_json::Value;
use replay::World;

/// The shared folder with the recordings, or `None` where there is none (a failure in CI).
#[expect(clippy::disallowed_methods, reason = "where the recordings lie is a matter of the test's environment")]
fn shared() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..");
    let dir = std::env::var("PROOFMARK_SHARED").map_or_else(|_| root.join("../shared"), PathBuf::from);
    if dir.join("oracle/cases/rbac.json").is_file() {
        return Some(dir);
    }
    assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "no recordings in {}", dir.display());
    None
}

fn cases() -> Option<Vec<Value>> {
    let Some(dir) = shared() else {
        use std::io::Write as _;
        let _ = writeln!(std::io::stderr(), "skipped: no recordings (set PROOFMARK_SHARED)");
        return None;
    };
    let text = std::fs::read_to_string(dir.join("oracle/cases/rbac.json")).expect("readable");
    Some(proofmark_json::from_str(&text).expect("JSON"))
}

#[test]
fn decisions_words_and_reviews_match_the_recordings() {
    let Some(cases) = cases() else { return };
    let mut differences = Vec::new();
    let mut compared = 0;
    for case in &cases {
        let mut world = World::new();
        let name = case["case"].as_str().unwrap_or_default();
        for (i, step) in case["steps"].as_array().into_iter().flatten().enumerate() {
            let found = world.play(step);
            compared += found.compared;
            differences.extend(found.differences.into_iter().map(|text| format!("{name}[{i}]: {text}")));
        }
    }
    assert!(differences.is_empty(), "{} of {compared} differ:\n{}", differences.len(), differences.join("\n"));
    assert!(compared > 700, "only {compared} comparisons: the recordings were not understood");
}

#[test]
fn default_objects_match_the_recordings() {
    let Some(cases) = cases() else { return };
    let mut compared = 0;
    for case in
        cases.iter().filter(|c| c["case"].as_str().is_some_and(|name| name.starts_with("rbac/bootstrap-objects")))
    {
        for step in case["steps"].as_array().into_iter().flatten() {
            let mut want = step["expect"]["body"].clone();
            let Some(metadata) = want.get_mut("metadata").and_then(Value::as_object_mut) else {
                continue;
            };
            for key in ["uid", "resourceVersion", "creationTimestamp", "managedFields"] {
                metadata.remove(key);
            }
            let same = |object: &&Value| {
                object["kind"] == want["kind"]
                    && object["metadata"]["name"] == want["metadata"]["name"]
                    && object["metadata"]["namespace"] == want["metadata"]["namespace"]
            };
            let got = proofmark_rbac::bootstrap::objects().iter().find(same);
            assert_eq!(got, Some(&want), "{}", step["path"]);
            compared += 1;
        }
    }
    assert!(compared > 20, "only {compared} objects were compared");
}
