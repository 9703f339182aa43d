//! Recorded data beside the repository.

use std::path::{Path, PathBuf};

/// The folder of recorded data, found by `PROOFMARK_SHARED`; `None`, said aloud, when there is none. With `CI` set that is a failure.
#[expect(clippy::disallowed_methods, reason = "a test finds data beside the repository by environment variable")]
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
pub(crate) fn folder() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let shared = std::env::var("PROOFMARK_SHARED").map_or_else(|_| beside(), PathBuf::from);
    if shared.join("upstream").is_dir() && shared.join("golden").is_dir() {
        return Some(shared);
    }
    assert!(std::env::var("CI").is_err(), "no recorded data at {}", shared.display());
    eprintln!("skipped: no recorded data at {}", shared.display());
    None
}
