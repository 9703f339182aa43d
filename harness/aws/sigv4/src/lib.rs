//! AWS Signature Version 4: one implementation for those who sign and those who verify.
//!
//! - [`canonical::CanonicalRequest`] is the text that both sides must agree on, [`Scope`] says for which day, region and service, and
//!   [`SigningKey`] turns the two into a signature.
//! - [`Signature`] is what a request carries, in its `Authorization` header or in its query (presigned).
//! - [`ChunkSigner`] goes on where the headers end: the chain of signatures of `aws-chunked` bodies.
//! - [`sign`] and [`presign`] are for clients; [`Signature::expected`] is for servers.
//!
//! Everything is pure: the time is an argument. What it refuses to do: `AWS4-ECDSA` (multi-region access points) and Signature Version 2.
//! A server that compares signatures must do so with [`same_signature`], which takes the same time for every wrong one.
//!
//! Source: IAM User Guide, "Create a signed AWS API request"; Amazon S3 API Reference, "Authenticating Requests (AWS Signature Version 4)".

pub mod canonical;
mod chunk;
mod client;
mod encode;
mod key;
mod signature;

pub use chunk::{ChunkSigner, EMPTY_SHA256};
pub use client::{Credentials, Payload, presign, sign};
pub use encode::{encode_path, encode_query, sha256_hex};
pub use key::{Scope, SigningKey, amz_date, parse_amz_date, same_signature};
pub use signature::{Expected, Malformed, Presigned, Signature};

/// The only algorithm that is spoken here.
pub const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// `x-amz-content-sha256` of a body that is not signed.
pub const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";
