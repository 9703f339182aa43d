//! SHA-256, as hexadecimal digits.

use ring::digest::{SHA256, digest};

/// The SHA-256 of bytes in 64 small hexadecimal digits.
pub fn sha256(bytes: &[u8]) -> String {
    hex::encode(digest(&SHA256, bytes))
}
