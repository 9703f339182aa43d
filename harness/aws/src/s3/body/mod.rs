//! Bodies as they come: plain, with a digest to check, or in chunks.
//!
//! What follows gets the bytes that were meant, and an error where they are not the bytes that were signed. Source: Amazon S3 API Reference, "Signature
//! Calculations for the Authorization Header: Transferring Payload in Multiple Chunks", and the same with trailing headers.

mod chunked;
mod hashed;

pub(super) use chunked::Trailers;

use crate::gate::{Caller, Signed};
use crate::{Body, Fault};
use chunked::Chunked;
use http::request::Parts;
use proofmark_aws_sigv4::{ChunkSigner, SigningKey, UNSIGNED_PAYLOAD};

/// A body whose content is what was signed, and the headers that may come behind it.
pub(super) struct Verified {
    pub(super) body: Body,
    pub(super) trailers: Trailers,
    /// How long the content says to be, where it is shorter than what is sent.
    pub(super) decoded_length: Option<String>,
}

/// Puts the checks around a body that its headers ask for.
pub(super) fn verified(parts: &Parts, caller: &Caller, body: Body) -> Result<Verified, Fault> {
    let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let plain = |body| Verified { body, trailers: Trailers::default(), decoded_length: None };
    let Some(declared) = header("x-amz-content-sha256") else { return Ok(plain(body)) };
    if declared == UNSIGNED_PAYLOAD {
        return Ok(plain(body));
    }
    let Some(kind) = declared.strip_prefix("STREAMING-") else {
        let is_digest = declared.len() == 64 && declared.bytes().all(|b| b.is_ascii_hexdigit());
        if !is_digest {
            let message = "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER, or a valid sha256 value.";
            return Err(Fault::new(400, "InvalidArgument", message));
        }
        return Ok(plain(hashed::checked(body, declared.to_ascii_lowercase())));
    };
    let signer = match (kind, &caller.signed) {
        ("UNSIGNED-PAYLOAD-TRAILER", _) => None,
        (
            "AWS4-HMAC-SHA256-PAYLOAD" | "AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
            Signed::Header { scope, key, amz_date, signature },
        ) => Some(ChunkSigner::new(SigningKey::clone(key), amz_date, scope.clone(), signature)),
        _ => return Err(super::error::not_implemented("x-amz-content-sha256")),
    };
    let decoded_length = header("x-amz-decoded-content-length")
        .ok_or_else(|| Fault::new(411, "MissingContentLength", "You must provide the Content-Length HTTP header."))?;
    let length = decoded_length.parse().map_err(|_| {
        super::error::invalid_argument(
            "x-amz-decoded-content-length must be a number",
            "x-amz-decoded-content-length",
            decoded_length,
        )
    })?;
    let trailers = Trailers::default();
    let body = Chunked::new(body, signer, kind.ends_with("TRAILER"), length, trailers.clone()).into_body();
    Ok(Verified { body, trailers, decoded_length: Some(decoded_length.to_owned()) })
}
