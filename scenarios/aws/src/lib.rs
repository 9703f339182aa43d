//! Failures around models in S3.
//!
//! * [`cloud`]: the accounts, roles and buckets that every story has in common, and what they may do.
//! * [`initializer`]: the storage initializer of a target's release, and its words for what went wrong.
//! * [`stories`]: one file a scenario.

mod cloud;
mod initializer;
mod stories;

pub use stories::scenarios;
