//! Failures around serving runtimes: lists that look empty, runtimes that are missing, switched off, refused or not chosen.
//!
//! * [`list_empty`](mod@list_empty): a program that may not list the cluster's runtimes, and drops the error, finds none.
//! * `not_installed`: the shipped runtimes were not applied.
//! * `auto_select`: an upgrade took the version of a format away.
//! * `stories/same-priority-denied.yaml`: a runtime of one's own is refused.
//! * `disabled`: a runtime is switched off.
//! * `none_matches`: a runtime that may only be named.

mod auto_select;
mod disabled;
mod list_empty;
mod none_matches;
mod not_installed;

use proofmark_replay::Scenario;
use proofmark_scenario_files::embedded;

/// The scenarios of this family.
pub fn scenarios() -> Vec<Scenario> {
    vec![
        list_empty::scenario(),
        not_installed::scenario(),
        none_matches::scenario(),
        disabled::scenario(),
        embedded("same-priority-denied.yaml", include_str!("../stories/same-priority-denied.yaml")),
        auto_select::scenario(),
    ]
}
