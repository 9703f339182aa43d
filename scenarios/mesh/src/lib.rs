//! Failures between a client and a model: what the mesh denies, and logins in front of it.
//!
//! | module | what goes wrong |
//! |---|---|
//! | `access_denied` | requests from inside of the cluster reach a profile's models from its own namespace only |
//! | `owner_policy` | who comes in through the gateway and is not the profile's owner |
//! | `login` | a client without a session is sent to a page |
//!
//! | module | what they share |
//! |---|---|
//! | `universe` | Kubeflow with a mesh, a profile, and a model that is served in it |
//! | `programs` | what runs in the pods: a model server, and logins |
//!
//! None of them is a scenario file: their pods run programs of their own, and their requests come in through the gateway.

mod access_denied;
mod login;
mod owner_policy;
mod programs;
mod universe;

use proofmark_replay::Scenario;

/// The scenarios of this family.
pub fn scenarios() -> Vec<Scenario> {
    let stories: [fn() -> Scenario; 3] = [access_denied::scenario, owner_policy::scenario, login::scenario];
    stories.into_iter().map(|story| story().family("mesh")).collect()
}
