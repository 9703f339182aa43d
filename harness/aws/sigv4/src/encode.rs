//! How paths, queries and digests are written.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use ring::digest::{SHA256, digest};

/// RFC 3986's unreserved characters stay as they are.
const QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
const PATH: &AsciiSet = &QUERY.remove(b'/');

/// Encodes a path that is not encoded yet; slashes stay.
pub fn encode_path(path: &str) -> String {
    utf8_percent_encode(path, PATH).to_string()
}

/// Encodes the name or the value of a query parameter.
pub fn encode_query(text: &str) -> String {
    utf8_percent_encode(text, QUERY).to_string()
}

/// A path as it came over the wire, brought into the one spelling that is signed.
pub(crate) fn respell_path(path: &str) -> String {
    let decoded: Vec<u8> = percent_decode_str(path).collect();
    percent_encoding::percent_encode(&decoded, PATH).to_string()
}

/// A query's parameters as they came over the wire, each brought into the spelling that is signed. A `+` is a space.
pub(crate) fn respell_parameters(query: &str) -> impl Iterator<Item = (String, String)> + '_ {
    let respell = |text: &str| {
        let decoded: Vec<u8> = percent_decode_str(&text.replace('+', "%20")).collect();
        percent_encoding::percent_encode(&decoded, QUERY).to_string()
    };
    query.split('&').filter(|part| !part.is_empty()).map(move |part| {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        (respell(name), respell(value))
    })
}

/// The SHA-256 of some bytes, as lower-case hexadecimal digits.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex::encode(digest(&SHA256, bytes))
}
