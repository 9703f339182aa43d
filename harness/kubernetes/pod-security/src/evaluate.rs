//! A pod against a standard.

use proofmark_json::Value;

use crate::checks::{BASELINE, Check, RESTRICTED};
use crate::pod::Pod;
use crate::standard::{Level, Standard, Version};

/// The newest release whose standard differs from the one before.
const NEWEST: u64 = 35;

/// What a pod does not meet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verdict(Vec<Violation>);

/// One check that a pod does not pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Violation {
    /// What is wrong, in a few words.
    pub(crate) reason: String,
    /// Where, and what would be right.
    pub(crate) detail: String,
}

impl Verdict {
    /// Whether the pod meets the standard.
    pub fn is_allowed(&self) -> bool {
        self.0.is_empty()
    }

    /// What is wrong, for a list of pods.
    pub fn reasons(&self) -> String {
        self.0.iter().map(|v| v.reason.as_str()).collect::<Vec<_>>().join(", ")
    }

    /// What is wrong where, for one pod.
    pub fn details(&self) -> String {
        self.0.iter().map(|v| format!("{} ({})", v.reason, v.detail)).collect::<Vec<_>>().join(", ")
    }
}

/// Holds a pod, or anything with a pod's `metadata` and `spec`, against a standard.
pub fn evaluate(standard: Standard, pod: &Value) -> Verdict {
    let minor = match standard.version {
        Version::Minor(minor) => minor.min(NEWEST),
        Version::Latest => NEWEST,
    };
    let applies = |check: &&Check| check.since <= minor;
    let restricted: Vec<&Check> = match standard.level {
        Level::Privileged => return Verdict::default(),
        Level::Baseline => Vec::new(),
        Level::Restricted => RESTRICTED.iter().filter(applies).collect(),
    };
    // A restricted check that asks more than a baseline check stands for it.
    let replaced = |check: &&Check| restricted.iter().any(|r| r.replaces == Some(check.name));
    let baseline = BASELINE.iter().filter(applies).filter(|check| !replaced(check));
    let pod = Pod::new(pod);
    Verdict(baseline.chain(restricted.iter().copied()).filter_map(|check| (check.run)(&pod, minor)).collect())
}
