//! Whose request is it? Signatures, session tokens, clocks, regions; no policies.
//!
//! A request is signed by its headers, by its query (presigned), or not at all (anonymous). [`identify`] answers with a [`Caller`], or with the
//! fault of the service that was addressed: S3 has its own codes, every other service shares one set.
//!
//! When keys were used last is noted in [`uses`].
//!
//! URLs that are presigned with version 2 have a room of their own, [`version2`], and so have forms, [`form`].
//!
//! Source: Amazon S3 API Reference, "Error responses"; IAM User Guide, "Troubleshoot Signature Version 4 requests".

mod caller;
mod faults;
pub(crate) mod form;
mod keys;
mod uses;
mod verify;
pub(crate) mod version2;

pub use caller::{Caller, Signed};
pub use keys::SigningKeys;
pub(crate) use uses::KeyUses;
pub use verify::identify;
