//! Failures around serving runtimes: lists that look empty.
//!
//! * [`list_empty`](mod@list_empty): a program that may not list the cluster's runtimes, and drops the error, finds none.

mod list_empty;

use proofmark_replay::Scenario;

/// The scenarios of this family.
pub fn scenarios() -> Vec<Scenario> {
    vec![list_empty::scenario()]
}
