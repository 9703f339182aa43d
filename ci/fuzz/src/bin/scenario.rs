//! Scenario files: one document. A mistake has a place in it.

#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Err(problems) = proofmark_scenario_files::read(Path::new("scenario.yaml"), text) {
        assert!(!problems.is_empty(), "a refusal says why");
    }
});
