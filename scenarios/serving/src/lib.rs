//! What scenarios about InferenceServices share.
//!
//! | module | what it is |
//! |---|---|
//! | [`kinds`] | the kinds that these scenarios touch |
//! | [`universe`] | KServe's control plane around the target's release, and what it ships |
//! | [`samples`] | namespaces, services, secrets as users write them |
//! | [`observe`] | what pods, events and statuses say, as values that steps can expect |
//!
//! Everything is asked of the Kubernetes API by ordinary requests, so that the scenarios run wherever the control plane runs.

pub mod kinds;
pub mod observe;
pub mod samples;
pub mod universe;

use std::time::Duration;

use proofmark_replay::Profile;

/// The namespace in which everything happens.
pub const TEAM: &str = "team-a";
/// Another one on the same cluster.
pub const NEIGHBOUR: &str = "team-b";
/// The conformance profile of these scenarios: that InferenceServices are served.
pub const PROFILE: Profile = Profile::KserveCore;
/// How long a controller may take for what it does at once.
pub const SOON: Duration = Duration::from_secs(60);
/// How long a controller may take that tries again and again: the longest pause between two attempts is under seventeen minutes.
pub const PATIENCE: Duration = Duration::from_secs(1200);
