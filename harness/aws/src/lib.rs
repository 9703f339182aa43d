//! A cloud of several accounts in memory, which decides as AWS decides: S3, STS, IAM, KMS, OpenID Connect providers, organisations.
//!
//! A request goes one way:
//!
//! ```text
//! transport -> service (which AWS service is meant?) -> gate (whose signature is this?) -> the service's own room
//!           -> authorize (collect every policy, decide, record the decision) -> do it -> answer
//! ```
//!
//! - [`Cloud`] is all of it: state, clock, decisions. It is a `tower::Service` in process, and stands behind a socket by [`transport`].
//! - [`world`] is the state: accounts with their users, roles, keys and policies, sessions, and buckets.
//! - [`gate`] verifies signatures and says who calls; it knows no policy.
//! - [`authorize`] knows every policy and no protocol; what policies mean is `proofmark-aws-policy`.
//! - `s3`, `sts`, `iam`, `kms`, `organizations` each speak one protocol.
//! - [`setup`] describes accounts and what is in them, for scenarios and for files.
//!
//! What is not simulated is refused with the service's own error (`NotImplemented`, `InvalidAction`), never guessed.

pub mod authorize;
mod cloud;
mod fault;
pub mod gate;
mod iam;
mod inspect;
pub mod kms;
mod organizations;
mod protocol;
mod random;
mod s3;
mod service;
pub mod setup;
mod sts;
pub mod transport;
pub mod world;

pub use cloud::{Cloud, Settings};
pub use fault::Fault;
pub use service::{Body, BodyError, Peer, Service, full};
pub use sts::issuer;
