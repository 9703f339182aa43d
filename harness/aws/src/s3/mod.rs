//! The Simple Storage Service.
//!
//! ```text
//! answer -> address (which bucket does the host name?) -> gate (whose signature is it?) -> body (chunks, digests)
//!        -> s3s (which operation is it? reads the input, writes the output) -> ops -> access (may they?) -> store
//! ```
//!
//! - [`store`] is what there is: buckets, objects, versions; plain data.
//! - [`ops`] is what operations mean, a file for each family.
//! - [`access`] asks for the actions that an operation needs, with the keys that conditions read.
//! - [`control`] is S3 Control: what an account blocks in all of its buckets.
//! - [`acl`] reads access control lists, and makes policies of them.
//! - [`form`] makes a PUT of what a web page uploads.
//! - [`vetting`] says what a bucket's policy may say.
//! - [`error`] writes refusals; they carry more elements than `s3s`' own.
//!
//! Source: Amazon S3 API Reference. Operations that are not here are answered with `NotImplemented`.

mod access;
mod acl;
mod address;
mod answer;
mod body;
mod checksum;
mod control;
mod digests;
mod encryption;
mod error;
mod form;
mod listing;
mod ops;
mod request;
mod service;
mod store;
mod vetting;

pub(crate) use answer::answer;
pub(crate) use form::missing_field;
pub(crate) use store::{Buckets, PublicAccess};
