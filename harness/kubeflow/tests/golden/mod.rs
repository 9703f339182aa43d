//! Recordings of the real profile controller and of the real KFAM: what was given, and what came of it.

use std::io::Read as _;

use flate2::read::GzDecoder;
use proofmark_json::Value;
use proofmark_kubeflow::KubeflowRelease;

/// The cases of a release.
pub(crate) fn cases(release: KubeflowRelease) -> Vec<Value> {
    let path = format!("{}/tests/golden/v{}.json.gz", env!("CARGO_MANIFEST_DIR"), release.version());
    let file = std::fs::File::open(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let mut text = String::new();
    GzDecoder::new(file).read_to_string(&mut text).expect("a recording is text under gzip");
    proofmark_json::from_str(&text).expect("a recording is JSON")
}
