//! Owner references that say the same twice are kept once, with a warning.
//!
//! Source: `dedupOwnerReferencesAndAddWarning` in `k8s.io/apiserver/pkg/endpoints/handlers/rest.go`, release 1.35.

use proofmark_json::Value;
use proofmark_registry::meta;

use crate::server::Call;

/// When an object is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    /// As the client sent it.
    Sent,
    /// After admission, or as a patch left it.
    Admitted,
}

/// Drops the owner references of an object that equal one before them.
pub(super) fn dedup(call: &Call<'_>, object: &mut Value, seen: Seen) {
    let owners = meta::of(object).and_then(|m| m.get("ownerReferences")).and_then(Value::as_array);
    let Some(owners) = owners.filter(|owners| owners.len() > 1) else { return };
    let mut kept: Vec<Value> = Vec::with_capacity(owners.len());
    let mut dropped = Vec::new();
    for owner in owners {
        if kept.contains(owner) {
            dropped.push(owner["uid"].as_str().unwrap_or_default().to_owned());
        } else {
            kept.push(owner.clone());
        }
    }
    if dropped.is_empty() {
        return;
    }
    let when = if seen == Seen::Admitted { " after mutating admission happens" } else { "" };
    let uids = dropped.join(", ");
    call.warn(vec![format!(
        ".metadata.ownerReferences contains duplicate entries{when}; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: {uids}"
    )]);
    meta::of_mut(object).insert("ownerReferences", Value::Array(kept));
}
