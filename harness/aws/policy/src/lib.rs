//! IAM policies: what a document says, and what AWS decides when several bear on one request.
//!
//! - [`Policy::parse`] reads a document and refuses what AWS refuses, in AWS' words.
//! - [`Request`] is who asks for what, with its context keys; [`Policies`] are all that bear on it: identity, boundary, session, resource,
//!   service control and resource control policies.
//! - [`decide`] answers with a [`Decision`]: allowed or denied, by which layer, and by which statements.
//!
//! The algorithm is that of the IAM User Guide ("Policy evaluation logic", "Cross-account policy evaluation logic", "AWS JSON policy
//! elements"). It is pure: it knows no accounts and looks nothing up; whoever calls it has collected the policies and the keys.
//! It refuses to guess: a key that the caller did not give is absent, as IAM treats it.

mod arn;
mod condition;
mod context;
mod decision;
mod document;
mod pattern;
mod principal;

pub use arn::Arn;
pub use condition::Condition;
pub use context::{Context, Keys};
pub use decision::{
    Attached, Cited, Clause, Decision, Denial, Layer, Policies, Request, ResourceRule, Ruling, Said, decide,
};
pub use document::{Effect, Kind, Pinned, Policy, PolicyError, Principals, Statement, Trustee};
pub use principal::Principal;
