//! The services that speak the Query and JSON protocols, as their clients see them, in process.

mod client;
mod federation;
mod iam;
mod issuer;
mod kms;
mod organizations;
mod pods;
mod scenarios;
mod sts;
