//! Fragments that a page carries without showing them, and their names.

use std::collections::BTreeSet;
use std::io::{self, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use proofmark_replay::Case;
use ring::digest::{SHA256, digest};

/// Gzip in base64. The same text gives the same letters: no time and no file name goes in.
pub(super) fn pack(text: &str) -> io::Result<String> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes())?;
    Ok(STANDARD.encode(encoder.finish()?))
}

/// How a content security policy names an inline script or style: its SHA-256 in base64.
pub(super) fn hash(text: &str) -> String {
    STANDARD.encode(digest(&SHA256, text.as_bytes()))
}

/// The names of cases in addresses: `trainedmodel-403/role@KServe-0.14.1`. Names that would be the same get a number.
pub(super) fn anchors<'a>(cases: impl Iterator<Item = &'a Case>) -> Vec<String> {
    let mut taken = BTreeSet::new();
    let mut name = |(index, case): (usize, &Case)| {
        let fit = |c: char| if c.is_ascii_alphanumeric() || ".-_/".contains(c) { c } else { '-' };
        let plain =
            format!("{}@{}", case.name().replace(|c| fit(c) != c, "-"), case.target.replace(|c| fit(c) != c, "-"));
        let anchor = if taken.contains(&plain) { format!("{plain}.{index}") } else { plain };
        taken.insert(anchor.clone());
        anchor
    };
    cases.enumerate().map(&mut name).collect()
}
