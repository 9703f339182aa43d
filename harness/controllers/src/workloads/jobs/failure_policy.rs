//! What a failed pod means (`spec.podFailurePolicy`): the first rule that fits decides.

use proofmark_json::Value;

use crate::kit::object;

/// What is to be done about a failed pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It counts towards the limit.
    Count,
    /// It does not count.
    Ignore,
    /// Its index has failed.
    FailIndex,
    /// The whole Job has failed, for this reason.
    FailJob(String),
}

/// What a Job's rules say of a failed pod.
pub(super) fn judge(job: &Value, pod: &Value) -> Verdict {
    let rules = object::list(job, "/spec/podFailurePolicy/rules").iter().enumerate();
    for (at, rule) in rules {
        let what = if let Some(codes) = rule.get("onExitCodes").filter(|codes| !codes.is_null()) {
            let Some(container) = exited(pod, codes) else { continue };
            let code = object::count(container, "/state/terminated/exitCode");
            format!("Container {} for pod {} failed with exit code {code}", object::text(container, "/name"), told(pod))
        } else {
            let Some(condition) = with_condition(pod, rule) else { continue };
            format!("Pod {} has condition {condition}", told(pod))
        };
        return match object::text(rule, "/action") {
            "Ignore" => Verdict::Ignore,
            "FailIndex" => Verdict::FailIndex,
            "FailJob" => Verdict::FailJob(format!("{what} matching FailJob rule at index {at}")),
            "Count" => Verdict::Count,
            _ => continue,
        };
    }
    Verdict::Count
}

fn told(pod: &Value) -> String {
    format!("{}/{}", object::namespace(pod), object::name(pod))
}

/// A container that ended as a rule says.
fn exited<'a>(pod: &'a Value, rule: &Value) -> Option<&'a Value> {
    let wanted = rule.get("containerName").and_then(Value::as_str);
    let listed = |code: i64| object::list(rule, "/values").iter().any(|value| value.as_i64() == Some(code));
    let statuses = ["/status/containerStatuses", "/status/initContainerStatuses"];
    statuses.iter().flat_map(|at| object::list(pod, at)).find(|status| {
        let code = object::number(status, "/state/terminated/exitCode").filter(|code| *code != 0);
        let named = wanted.is_none_or(|name| object::text(status, "/name") == name);
        code.is_some_and(|code| match object::text(rule, "/operator") {
            "In" => named && listed(code),
            "NotIn" => named && !listed(code),
            _ => false,
        })
    })
}

/// The type of a condition that a rule names.
fn with_condition<'a>(pod: &'a Value, rule: &Value) -> Option<&'a str> {
    let patterns = object::list(rule, "/onPodConditions");
    let fits = |condition: &&Value| {
        patterns.iter().any(|p| p["type"] == condition["type"] && p["status"] == condition["status"])
    };
    object::list(pod, "/status/conditions").iter().find(fits).map(|condition| object::text(condition, "/type"))
}

#[cfg(test)]
mod tests {
    use proofmark_json::json;

    use super::*;

    #[test]
    fn the_first_rule_that_fits_decides() {
        let job = json!({"spec": {"podFailurePolicy": {"rules": [
            {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]},
            {"action": "FailJob", "onExitCodes": {"containerName": "app", "operator": "In", "values": [42]}},
            {"action": "FailIndex", "onExitCodes": {"operator": "NotIn", "values": [1, 2]}},
        ]}}});
        let ended = |code: i64| {
            json!({"metadata": {"name": "p", "namespace": "n"}, "status": {
                "containerStatuses": [{"name": "app", "state": {"terminated": {"exitCode": code}}}]}})
        };
        let message = "Container app for pod n/p failed with exit code 42 matching FailJob rule at index 1";
        assert_eq!(judge(&job, &ended(42)), Verdict::FailJob(message.to_owned()));
        assert_eq!(judge(&job, &ended(3)), Verdict::FailIndex);
        assert_eq!(judge(&job, &ended(1)), Verdict::Count);
        let evicted = json!({"status": {"conditions": [{"type": "DisruptionTarget", "status": "True"}]}});
        assert_eq!(judge(&job, &evicted), Verdict::Ignore);
    }
}
