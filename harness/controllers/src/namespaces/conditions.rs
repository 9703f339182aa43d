//! What a round of deletion found, and how a namespace's status says it (`status_condition_utils.go`).

use std::collections::BTreeMap;

use jiff::Timestamp;
use proofmark_json::{Value, json};

use crate::kit::object;

/// What a round found.
#[derive(Debug, Default)]
pub(super) struct Findings {
    /// Why discovery failed.
    pub(super) discovery: Option<String>,
    /// Why kinds could not be deleted.
    pub(super) failures: Vec<String>,
    /// Objects left, by `plural.group`.
    pub(super) remaining: BTreeMap<String, usize>,
    /// Objects that have each finalizer.
    pub(super) finalizers: BTreeMap<String, usize>,
    /// For how many seconds more Pods may still be ending.
    pub(super) grace: u64,
    /// Pods are left, and nothing else has been looked at.
    pub(super) pods_first: bool,
}

/// A condition as it should be.
struct Condition {
    kind: &'static str,
    reason: &'static str,
    message: String,
    failing: bool,
}

impl Findings {
    /// Writes the conditions into a namespace's status; whether that changed anything.
    pub(super) fn write(&self, namespace: &mut Value, now: Timestamp) -> bool {
        let now = Timestamp::from_second(now.as_second()).unwrap_or(now).to_string();
        let mut conditions = object::list(namespace, "/status/conditions").to_vec();
        let mut changed = false;
        for Condition { kind, reason, message, failing } in self.conditions() {
            let status = if failing { "True" } else { "False" };
            match conditions.iter_mut().find(|condition| object::text(condition, "/type") == kind) {
                None => {
                    conditions.push(json!({"type": kind, "status": status, "lastTransitionTime": now, "reason": reason, "message": message}));
                    changed = true;
                }
                Some(old) => {
                    let same = |key: &str, value: &str| old.get(key).and_then(Value::as_str) == Some(value);
                    if same("status", status) && same("reason", reason) && same("message", &message) {
                        continue;
                    }
                    if !same("status", status) {
                        old["lastTransitionTime"] = json!(now);
                    }
                    old["status"] = json!(status);
                    old["reason"] = json!(reason);
                    old["message"] = json!(message);
                    changed = true;
                }
            }
        }
        namespace["status"]["conditions"] = json!(conditions);
        changed
    }

    fn conditions(&self) -> [Condition; 5] {
        let mut failures = self.failures.clone();
        failures.sort();
        let content = (!failures.is_empty()).then(|| {
            format!("Failed to delete all resource types, {} remaining: {}", failures.len(), failures.join(", "))
        });
        let counts = |of: &BTreeMap<String, usize>, verb: &str| {
            let mut counts: Vec<String> =
                of.iter().map(|(what, count)| format!("{what} {verb} {count} resource instances")).collect();
            counts.sort();
            (!counts.is_empty() && !self.pods_first).then(|| counts.join(", "))
        };
        let remaining = counts(&self.remaining, "has").map(|counts| format!("Some resources are remaining: {counts}"));
        let finalizers = counts(&self.finalizers, "in")
            .map(|counts| format!("Some content in the namespace has finalizers remaining: {counts}"));
        [
            condition(
                "NamespaceDeletionDiscoveryFailure",
                ("DiscoveryFailed", self.discovery.clone()),
                ("ResourcesDiscovered", "All resources successfully discovered"),
            ),
            // Versions come from discovery in parts here, so there is nothing that could fail to parse.
            condition(
                "NamespaceDeletionGroupVersionParsingFailure",
                ("GroupVersionParsingFailed", None),
                ("ParsedGroupVersions", "All legacy kube types successfully parsed"),
            ),
            condition(
                "NamespaceDeletionContentFailure",
                ("ContentDeletionFailed", content),
                ("ContentDeleted", "All content successfully deleted, may be waiting on finalization"),
            ),
            condition(
                "NamespaceContentRemaining",
                ("SomeResourcesRemain", remaining),
                ("ContentRemoved", "All content successfully removed"),
            ),
            condition(
                "NamespaceFinalizersRemaining",
                ("SomeFinalizersRemain", finalizers),
                ("ContentHasNoFinalizers", "All content-preserving finalizers finished"),
            ),
        ]
    }
}

fn condition(kind: &'static str, failure: (&'static str, Option<String>), success: (&'static str, &str)) -> Condition {
    match failure {
        (reason, Some(message)) => Condition { kind, reason, message, failing: true },
        (_, None) => Condition { kind, reason: success.0, message: success.1.to_owned(), failing: false },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(namespace: &Value) -> Vec<String> {
        object::list(namespace, "/status/conditions")
            .iter()
            .map(|c| {
                format!(
                    "{} {}: {}",
                    object::text(c, "/status"),
                    object::text(c, "/reason"),
                    object::text(c, "/message")
                )
            })
            .collect()
    }

    #[test]
    fn what_remains_is_counted_in_order() {
        let findings = Findings {
            remaining: BTreeMap::from([("widgets.example.com".to_owned(), 2), ("configmaps.".to_owned(), 1)]),
            finalizers: BTreeMap::from([("b.example.com/x".to_owned(), 1), ("a.example.com/x".to_owned(), 2)]),
            ..Findings::default()
        };
        let mut namespace = json!({"status": {"phase": "Terminating"}});
        assert!(findings.write(&mut namespace, Timestamp::UNIX_EPOCH));
        assert_eq!(
            messages(&namespace)[3..],
            [
                "True SomeResourcesRemain: Some resources are remaining: configmaps. has 1 resource instances, widgets.example.com has 2 \
                 resource instances",
                "True SomeFinalizersRemain: Some content in the namespace has finalizers remaining: a.example.com/x in 2 resource instances, \
                 b.example.com/x in 1 resource instances",
            ]
        );
    }

    #[test]
    fn a_second_round_that_finds_the_same_changes_nothing() {
        let findings = Findings { failures: vec!["b".to_owned(), "a".to_owned()], ..Findings::default() };
        let mut namespace = json!({});
        assert!(findings.write(&mut namespace, Timestamp::UNIX_EPOCH));
        let once = namespace.clone();
        let later = Timestamp::from_second(60).expect("in range");
        assert!(!findings.write(&mut namespace, later));
        assert_eq!(namespace, once);
        assert_eq!(
            messages(&namespace)[2],
            "True ContentDeletionFailed: Failed to delete all resource types, 2 remaining: a, b"
        );
        // A status that turns takes the time with it, the others keep theirs.
        assert!(Findings::default().write(&mut namespace, later));
        let times: Vec<_> = object::list(&namespace, "/status/conditions")
            .iter()
            .map(|c| object::text(c, "/lastTransitionTime"))
            .collect();
        assert_eq!(times[1..3], ["1970-01-01T00:00:00Z", "1970-01-01T00:01:00Z"]);
    }
}
