//! Failures around serving runtimes: lists that look empty, runtimes that are missing, switched off, refused or not chosen.
//!
//! | where | what goes wrong |
//! |---|---|
//! | [`list_empty`](mod@list_empty) | a program that may not list the cluster's runtimes, and drops the error, finds none |
//! | `not_installed` | the shipped runtimes were not applied |
//! | `stories/runtime-auto-select-changed.yaml` | an upgrade took the version of a format away |
//! | `stories/same-priority-denied.yaml` | a runtime of one's own is refused |
//! | `stories/disabled-runtime.yaml` | a runtime is switched off |
//! | `stories/no-matching-runtime.yaml` | a runtime that may only be named |
//!
//! In Rust are those that no file can say: `list_empty` is a program with a typed client and has an inspector, `not_installed` applies what each release ships.

mod list_empty;
mod not_installed;

use proofmark_replay::Scenario;
use proofmark_scenario_files::embedded;

/// The scenarios of this family.
pub fn scenarios() -> Vec<Scenario> {
    vec![
        list_empty::scenario(),
        not_installed::scenario(),
        embedded("no-matching-runtime.yaml", include_str!("../stories/no-matching-runtime.yaml")),
        embedded("disabled-runtime.yaml", include_str!("../stories/disabled-runtime.yaml")),
        embedded("same-priority-denied.yaml", include_str!("../stories/same-priority-denied.yaml")),
        embedded("runtime-auto-select-changed.yaml", include_str!("../stories/runtime-auto-select-changed.yaml")),
    ]
}
