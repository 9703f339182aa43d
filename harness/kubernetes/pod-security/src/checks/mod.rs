//! The checks as tables: each from a release on, in order of their names.

mod baseline;
mod profiles;
mod restricted;

pub(crate) use baseline::BASELINE;
pub(crate) use restricted::RESTRICTED;

use std::collections::BTreeSet;

use proofmark_json::Value;

use crate::evaluate::Violation;
use crate::pod::{Pod, name};

/// One check.
pub(crate) struct Check {
    pub(crate) name: &'static str,
    /// The first release (1.x) whose standard has it.
    pub(crate) since: u64,
    /// The baseline check that it makes superfluous.
    pub(crate) replaces: Option<&'static str>,
    /// What is wrong with a pod as of a release.
    pub(crate) run: fn(&Pod<'_>, u64) -> Option<Violation>,
}

fn violation(reason: &str, detail: String) -> Violation {
    Violation { reason: reason.to_owned(), detail }
}

/// `"a", "b"`
fn quoted<'a>(items: impl IntoIterator<Item = &'a String>) -> String {
    items.into_iter().map(|item| format!("\"{item}\"")).collect::<Vec<_>>().join(", ")
}

fn plural<'a>(one: &'a str, many: &'a str, count: usize) -> &'a str {
    if count == 1 { one } else { many }
}

/// `container "a"`, `containers "a", "b"`
fn containers(names: &[String]) -> String {
    format!("{} {}", plural("container", "containers", names.len()), quoted(names))
}

/// The names of the containers that something is wrong with.
fn bad_containers(pod: &Pod<'_>, mut is_bad: impl FnMut(&Value) -> bool) -> Vec<String> {
    pod.containers().filter(|container| is_bad(container)).map(name).collect()
}

/// Who sets something: `pod`, `containers "a"`, or `pod and containers "a"`.
fn setters(pod: bool, bad: &[String]) -> Option<String> {
    let own = pod.then(|| "pod".to_owned());
    let parts: Vec<String> = own.into_iter().chain((!bad.is_empty()).then(|| containers(bad))).collect();
    (!parts.is_empty()).then(|| parts.join(" and "))
}

/// Something in a security context (of a container, or of a pod's spec); none where it is null.
fn security<'a>(of: Option<&'a Value>, pointer: &str) -> Option<&'a Value> {
    of?.pointer("/securityContext")?.pointer(pointer).filter(|v| !v.is_null())
}

fn text(value: Option<&Value>) -> String {
    value.and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// Sorted, each once.
type Values = BTreeSet<String>;
