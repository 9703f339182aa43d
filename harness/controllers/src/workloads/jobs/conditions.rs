//! The conditions of a Job. It ends in two steps: first it is decided (`SuccessCriteriaMet`, `FailureTarget`), then, when no pod is left,
//! it is over (`Complete`, `Failed`).

use jiff::Timestamp;
use proofmark_json::{Value, json};

use crate::kit::object;

pub(super) fn new(of_type: &str, status: &str, reason: &str, message: &str, now: Timestamp) -> Value {
    let now = object::stamp(now);
    json!({
        "type": of_type, "status": status, "lastProbeTime": now, "lastTransitionTime": now,
        "reason": reason, "message": message,
    })
}

/// A condition that holds.
pub(super) fn holding<'a>(job: &'a Value, of_type: &str) -> Option<&'a Value> {
    object::condition(job, of_type).filter(|condition| object::text(condition, "/status") == "True")
}

/// The condition that ended a Job.
pub(super) fn ending(job: &Value) -> Option<&Value> {
    holding(job, "Complete").or_else(|| holding(job, "Failed"))
}

pub(super) fn is_finished(job: &Value) -> bool {
    ending(job).is_some()
}

/// The end that a decision leads to.
pub(super) fn end_of(decision: &Value, now: Timestamp) -> Value {
    let end = if decision["type"] == "SuccessCriteriaMet" { "Complete" } else { "Failed" };
    new(end, "True", object::text(decision, "/reason"), object::text(decision, "/message"), now)
}

/// Sets a condition; one that does not hold is not added. Whether anything changed.
pub(super) fn ensure(job: &mut Value, condition: Value) -> bool {
    let holds = condition["status"] == "True";
    let list = &mut job["status"]["conditions"];
    if !list.is_array() {
        *list = json!([]);
    }
    let Some(list) = list.as_array_mut() else { return false };
    let same = |a: &Value, b: &Value, fields: &[&str]| fields.iter().all(|field| a[*field] == b[*field]);
    match list.iter_mut().find(|present| present["type"] == condition["type"]) {
        Some(present) if same(present, &condition, &["status", "reason", "message"]) => false,
        Some(present) => {
            *present = condition;
            true
        }
        None if holds => {
            list.push(condition);
            true
        }
        None => false,
    }
}
