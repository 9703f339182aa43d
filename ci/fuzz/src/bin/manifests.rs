//! Manifests of a user: YAML, several documents.

#![no_main]

use libfuzzer_sys::fuzz_target;
use proofmark_manifests::{Source, load};

fuzz_target!(|data: &[u8]| {
    if let Ok(text) = std::str::from_utf8(data) {
        let _ = load(&[Source::Stdin(text.to_owned())]);
    }
});
