//! SHA-256, as hexadecimal digits.

use ring::digest::{SHA256, digest};

/// The SHA-256 of bytes in 64 small hexadecimal digits.
pub fn sha256(bytes: &[u8]) -> String {
    digest(&SHA256, bytes).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}
