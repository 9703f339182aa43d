//! The chain of signatures of `aws-chunked` bodies.
//!
//! The first link is the signature of the headers; each chunk signs the link before it and its own data, the last one is empty, and trailing
//! headers, if there are any, sign the last link.

use crate::encode::sha256_hex;
use crate::{Scope, SigningKey};

/// The SHA-256 of nothing.
pub const EMPTY_SHA256: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// Signs the chunks of one body, in their order.
#[derive(Debug, Clone)]
pub struct ChunkSigner {
    key: SigningKey,
    amz_date: String,
    scope: Scope,
    previous: String,
}

impl ChunkSigner {
    /// Begins with the signature that the request's headers carry.
    pub fn new(key: SigningKey, amz_date: &str, scope: Scope, seed_signature: &str) -> Self {
        Self { key, amz_date: amz_date.to_owned(), scope, previous: seed_signature.to_owned() }
    }

    /// The signature of the next chunk; the last one is empty.
    pub fn chunk(&mut self, data: &[u8]) -> &str {
        let text = format!(
            "AWS4-HMAC-SHA256-PAYLOAD\n{}\n{}\n{}\n{EMPTY_SHA256}\n{}",
            self.amz_date,
            self.scope,
            self.previous,
            sha256_hex(data)
        );
        self.previous = self.key.sign(&text);
        &self.previous
    }

    /// The signature of the trailing headers, given as `name:value\n` lines in the order in which they were sent.
    pub fn trailer(&mut self, lines: &str) -> &str {
        let text = format!(
            "AWS4-HMAC-SHA256-TRAILER\n{}\n{}\n{}\n{}",
            self.amz_date,
            self.scope,
            self.previous,
            sha256_hex(lines.as_bytes())
        );
        self.previous = self.key.sign(&text);
        &self.previous
    }
}
