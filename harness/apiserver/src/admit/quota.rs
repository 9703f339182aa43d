//! ResourceQuota: nothing is made that would use more than a namespace has.
//!
//! Source: `k8s.io/apiserver/pkg/admission/plugin/resourcequota`, release 1.35. What is used is kept in the quota's status: admission
//! raises it with each object, the quota controller sets it right.

use std::collections::BTreeSet;
use std::sync::Arc;

use proofmark_json::{Map, Value, json};
use proofmark_registry::meta;
use proofmark_registry::usage::{self, Amounts};

use super::{forbidden, stored};
use crate::handlers::{self, Target};
use crate::refusal::Refusal;
use crate::server::Call;
use crate::store::{Object, Precondition};

/// How often a quota that others changed meanwhile is looked at again.
const TRIES: usize = 5;

/// Which updates can use more than before; other kinds are counted when they are created.
fn is_measured_on_update(target: &Target<'_>) -> bool {
    target.resource.group.is_empty() && matches!(target.resource.plural.as_str(), "services" | "persistentvolumeclaims")
}

/// Refuses what would exceed a quota; notes what is used, unless the request is a dry run.
pub(super) fn check(
    call: &Call<'_>,
    target: &Target<'_>,
    object: &Value,
    old: Option<&Value>,
    dry_run: bool,
) -> Result<(), Refusal> {
    if target.namespace.is_empty() || (old.is_some() && !is_measured_on_update(target)) {
        return Ok(());
    }
    for _ in 0..TRIES {
        let quotas = stored(call, "", "v1", "resourcequotas", &format!("{}/", target.namespace));
        if quotas.is_empty() {
            return Ok(());
        }
        let mut changes = Vec::new();
        for quota in &quotas {
            if let Some(used) = charge(target, object, old, quota)? {
                changes.push((quota, used));
            }
        }
        if dry_run || changes.iter().all(|(quota, used)| note(call, target, quota, used)) {
            return Ok(());
        }
    }
    let status = proofmark_status::Status::internal("resource quota evaluation timed out");
    Err(status.into())
}

/// What a quota has used after this object; none where it does not speak of it or nothing changes.
fn charge(
    target: &Target<'_>,
    object: &Value,
    old: Option<&Value>,
    quota: &Object,
) -> Result<Option<Amounts>, Refusal> {
    let (group, plural) = (target.resource.group.as_str(), target.resource.plural.as_str());
    if !usage::in_scope(&quota.value, group, plural, object) {
        return Ok(None);
    }
    let name = meta::text(&quota.value, "name");
    let hard = usage::amounts(quota.value.pointer("/status/hard"));
    let limited = usage::concerned(group, plural, &hard.keys().cloned().collect());
    if limited.is_empty() {
        return Ok(None);
    }
    let is_pod = group.is_empty() && plural == "pods";
    if let Some(missing) = is_pod.then(|| usage::undeclared(object, &limited)).flatten() {
        return Err(forbidden(target, object, &format!("failed quota: {name}: {missing}")));
    }
    let used = usage::amounts(quota.value.pointer("/status/used"));
    let unknown: Vec<&str> = limited.iter().filter(|r| !used.contains_key(*r)).map(String::as_str).collect();
    if !unknown.is_empty() {
        let all: Vec<&str> = limited.iter().map(String::as_str).collect();
        return Err(forbidden(
            target,
            object,
            &format!("status unknown for quota: {name}, resources: {}", all.join(",")),
        ));
    }
    let mut requested = usage::usage(group, plural, object);
    if let Some(old) = old.filter(|old| usage::in_scope(&quota.value, group, plural, old)) {
        for (resource, before) in usage::usage(group, plural, old) {
            let more = requested.get(&resource).map(|now| usage::subtract(now, &before));
            requested.insert(resource, more.filter(|m| m.sign() > 0).unwrap_or_else(usage::zero));
        }
    }
    requested.retain(|resource, amount| limited.contains(resource) && amount.sign() != 0);
    if requested.is_empty() {
        return Ok(None);
    }
    let mut after = used.clone();
    usage::add_all(&mut after, &requested);
    let exceeded: BTreeSet<&String> = requested
        .keys()
        .filter(|r| after.get(*r).zip(hard.get(*r)).is_some_and(|(after, hard)| after > hard))
        .collect();
    if !exceeded.is_empty() {
        let shown = |amounts: &Amounts| {
            let parts = exceeded.iter().filter_map(|r| amounts.get(*r).map(|amount| format!("{r}={amount}")));
            parts.collect::<Vec<_>>().join(",")
        };
        let why = format!(
            "exceeded quota: {name}, requested: {}, used: {}, limited: {}",
            shown(&requested),
            shown(&used),
            shown(&hard)
        );
        return Err(forbidden(target, object, &why));
    }
    Ok(Some(after))
}

/// Writes what is used into a quota's status. False where somebody else changed it meanwhile.
fn note(call: &Call<'_>, target: &Target<'_>, quota: &Arc<Object>, used: &Amounts) -> bool {
    let Some(resource) = call.server.catalog.find("", "v1", "resourcequotas") else { return true };
    let mut value = Value::clone(&quota.value);
    let amounts: Map = used.iter().map(|(name, amount)| (name.clone(), json!(amount.to_string()))).collect();
    value["status"]["used"] = Value::Object(amounts);
    let place = format!("{}/{}", target.namespace, meta::text(&quota.value, "name"));
    handlers::write(call.server, &resource, &place, value, Precondition::Revision(quota.revision)).is_ok()
}
