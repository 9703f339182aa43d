//! Reading the recordings.

use std::path::PathBuf;

use proofmark_json::Value;

/// A recorded case.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) steps: Vec<Value>,
}

/// The cases of a file; none when there are no recordings here.
pub(crate) fn load(file: &str) -> Option<Vec<Case>> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../..");
    let shared = std::env::var_os("PROOFMARK_SHARED").map_or_else(|| root.join("../shared"), PathBuf::from);
    let path = shared.join("oracle/cases").join(format!("{file}.json"));
    let Ok(text) = std::fs::read_to_string(&path) else {
        assert_ne!(std::env::var_os("CI"), Some("true".into()), "no recordings at {}", path.display());
        skipped(&format!("no recordings at {}", path.display()));
        return None;
    };
    let all: Vec<Value> = proofmark_json::from_str(&text).expect("recordings are JSON");
    let case = |case: &Value| Case {
        name: case["case"].as_str().unwrap_or_default().to_owned(),
        steps: case["steps"].as_array().cloned().unwrap_or_default(),
    };
    Some(all.iter().map(case).collect())
}

#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn skipped(why: &str) {
    eprintln!("skipped: {why}");
}
