//! Conditions in the status of a definition.

use proofmark_json::{Value, json};

/// The status of a condition.
pub(super) fn of<'a>(crd: &'a Value, kind: &str) -> Option<&'a str> {
    let conditions = crd.pointer("/status/conditions")?.as_array()?;
    conditions.iter().find(|c| c["type"] == kind)?.get("status")?.as_str()
}

/// Sets a condition; its time changes with its status.
pub(super) fn set(crd: &mut Value, now: &str, kind: &str, status: &str, reason: &str, message: &str) {
    let list = &mut crd["status"]["conditions"];
    if !list.is_array() {
        *list = json!([]);
    }
    let Some(list) = list.as_array_mut() else { return };
    let new = json!({"type": kind, "status": status, "lastTransitionTime": now, "reason": reason, "message": message});
    match list.iter_mut().find(|c| c["type"] == kind) {
        Some(old) => {
            let time = if old["status"] == status { old["lastTransitionTime"].clone() } else { json!(now) };
            *old = new;
            old["lastTransitionTime"] = time;
        }
        None => list.push(new),
    }
}
