//! `[]byte` in JSON: standard base64, read as leniently as Go reads it, with Go's error.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Go lets the unused bits of the last character be anything.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical),
);

/// Reads base64; the error says at which byte it went wrong, counted as Go counts.
pub(crate) fn read(text: &str) -> Result<Vec<u8>, String> {
    if let Some(at) = corrupt(text.as_bytes()) {
        return Err(format!("illegal base64 data at input byte {at}"));
    }
    let broken = text.bytes().any(|b| b == b'\n' || b == b'\r');
    let bytes = if broken { LENIENT.decode(text.replace(['\n', '\r'], "")) } else { LENIENT.decode(text) };
    bytes.map_err(|_| "illegal base64 data at input byte 0".to_owned())
}

/// Writes base64.
pub(crate) fn write(bytes: &[u8]) -> String {
    LENIENT.encode(bytes)
}

/// The place that Go's decoder names: the character that does not fit, or the beginning of the group that is too short.
fn corrupt(text: &[u8]) -> Option<usize> {
    let mut place = 0; // within the group of four
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        match byte {
            b'\n' | b'\r' => {}
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' => place = (place + 1) % 4,
            b'=' if place >= 2 => return padding(text, at, place),
            _ => return Some(at),
        }
        at += 1;
    }
    (place > 0).then(|| at - place)
}

/// Checks from the first `=` on: two of them after two characters, and nothing else but line breaks.
fn padding(text: &[u8], first: usize, place: usize) -> Option<usize> {
    let next = |from: usize| (from..text.len()).find(|at| !matches!(text[*at], b'\n' | b'\r'));
    let mut last = first;
    if place == 2 {
        match next(first + 1) {
            None => return Some(text.len()),
            Some(at) if text[at] == b'=' => last = at,
            Some(at) => return Some(at - 1),
        }
    }
    next(last + 1)
}
