//! aws-sdk-go v1 as KServe's and ModelMesh's programs use it: who signs, what is sent, and failures in its words.
//!
//! | module | what it decides |
//! |---|---|
//! | `client` | a signed GET, and requests at all |
//! | `credentials` | who signs |
//! | `error` | what went wrong |
//!
//! What it refuses or leaves out: requests are not sent again after a failure, credentials are not kept between models, SSO, `credential_process` and roles of
//! profiles are asked for as boto3 does.
//!
//! Source: aws-sdk-go v1.44 to v1.55 (`aws/session`, `aws/credentials`, `service/s3`).

mod client;
mod credentials;
mod error;

pub(crate) use client::Client;
pub(crate) use credentials::find;
pub(crate) use error::{Error, bundle_error};
