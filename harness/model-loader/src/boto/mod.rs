//! boto3 as the storage initializer uses it: settings, credentials, endpoints, signed requests that are repeated and redirected, downloads in parts.
//!
//! | module | what it decides |
//! |---|---|
//! | [`settings`] | variables and profiles |
//! | [`credentials`] | who signs |
//! | [`endpoint`] | where a request goes, and for which region it is signed |
//! | [`client`] | one call of an operation, with everything that it takes to succeed |
//! | [`signing`] | requests, signed and ready to be sent |
//! | [`retry`] | what is tried again |
//! | [`redirect`] | where a bucket is, if not here |
//! | [`answer`] | answers, and the errors in them |
//! | [`exceptions`] | failures of the network, in botocore's words |
//! | [`sts`] | roles |
//! | [`transfer`] | an object into a file |
//! | [`checksum`] | checksums of answers |
//!
//! What it refuses: SSO, `credential_process`, S3 Express sessions beyond asking for one, access points of several regions, Outposts and Object Lambda.
//!
//! Source: botocore 1.30 to 1.38, s3transfer 0.6 to 0.13.

mod answer;
mod checksum;
mod client;
mod credentials;
pub(crate) mod endpoint;
mod exceptions;
mod profile;
mod redirect;
mod retry;
mod settings;
mod signing;
mod sts;
mod transfer;

pub(crate) use answer::{Listed, Listing, failure};
pub(crate) use client::{Addressing, Client, Operation, Options, Payload, Service};
pub(crate) use credentials::Credentials;
pub(crate) use exceptions::Teller;
pub(crate) use retry::RetryRule;
pub(crate) use settings::Settings;
pub(crate) use sts::{Assume, credentials as assumed};
pub(crate) use transfer::download;
