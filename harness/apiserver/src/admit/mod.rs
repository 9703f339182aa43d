//! Admission: what must hold, or is filled in, because of other objects.
//!
//! [`mutate`] runs before an object is validated, then [`grant`]; a deletion has [`delete`]. Each plugin is a file and says
//! which objects it looks at. Plugins run in kube-apiserver's order.

mod cluster_objects;
mod escalation;
mod limit_ranger;
mod namespace_lifecycle;
mod pod_scheduling;
mod quota;
mod service_account;
mod service_addresses;
mod storage;

use std::sync::Arc;

use proofmark_registry::meta;
use proofmark_status::Status;
use serde_json::Value;

use crate::handlers::Target;
use crate::refusal::Refusal;
use crate::server::Call;
use crate::store::Object;

/// Fills in what other objects ask for. `old` is none for a creation.
pub(crate) async fn mutate(
    call: &Call<'_>,
    target: &Target<'_>,
    object: &mut Value,
    old: Option<&Value>,
) -> Result<(), Refusal> {
    if old.is_none() {
        namespace_lifecycle::create(call, target)?;
    }
    if !call.exchange.info.subresource.is_empty() {
        return Ok(());
    }
    if old.is_none() {
        limit_ranger::mutate(call, target, object);
        service_account::create(call, target, object)?;
        cluster_objects::taint(target, object);
        cluster_objects::sign(call, target, object);
        pod_scheduling::prioritize(call, target, object)?;
    }
    pod_scheduling::one_default(call, target, object, old)?;
    pod_scheduling::tolerate(target, object);
    if old.is_none() {
        storage::protect(target, object);
        storage::default_class(call, target, object);
        pod_scheduling::run_class(call, target, object)?;
        storage::default_ingress_class(call, target, object);
    }
    service_addresses::allocate(call, target, object, old)?;
    measure(call, target, object, old)
}

/// Measures a state against the limits and quotas of its namespace. Only what is valid is measured: a refusal must not count
/// against a quota.
fn measure(call: &Call<'_>, target: &Target<'_>, object: &Value, old: Option<&Value>) -> Result<(), Refusal> {
    let strategy = &target.resource.strategy;
    let mut prepared = object.clone();
    let errors = match old {
        None => {
            (strategy.prepare_create)(&mut prepared);
            (strategy.validate)(&prepared)
        }
        Some(old) => {
            (strategy.prepare_update)(&mut prepared, old);
            (strategy.validate_update)(&prepared, old)
        }
    };
    if !errors.is_empty() {
        return Ok(());
    }
    match old {
        None => limit_ranger::validate(call, target, object)?,
        Some(old) => storage::resize(call, target, object, old)?,
    }
    quota::check(call, target, object, old)
}

/// Whether a request is about a resource of the core group.
fn is_core(target: &Target<'_>, plural: &str) -> bool {
    target.resource.group.is_empty() && target.resource.plural == plural
}

/// The objects of a built-in resource whose place begins with `under`.
fn stored(call: &Call<'_>, group: &str, version: &str, plural: &str, under: &str) -> Vec<Arc<Object>> {
    let Some(resource) = call.server.catalog.find(group, version, plural) else { return Vec::new() };
    call.server.store.snapshot().list(&resource.prefix, under, None).map(|(_, object)| object.clone()).collect()
}

/// One object of a built-in resource.
fn find(call: &Call<'_>, group: &str, version: &str, plural: &str, place: &str) -> Option<Arc<Object>> {
    let resource = call.server.catalog.find(group, version, plural)?;
    call.server.store.snapshot().get(&resource.prefix, place).cloned()
}

/// 403 of a plugin. An object that has no name yet is called by the prefix of its name.
fn forbidden(target: &Target<'_>, object: &Value, why: &str) -> Refusal {
    let names = [target.name, meta::text(object, "name"), meta::text(object, "generateName"), "Unknown"];
    let name = names.into_iter().find(|n| !n.is_empty()).unwrap_or_default();
    Status::forbidden(&target.resource.group, &target.resource.plural, name, why).into()
}

/// Refuses what the caller may not grant; a role or binding is checked before it is validated.
pub(crate) fn grant(call: &Call<'_>, target: &Target<'_>, object: &Value, old: Option<&Value>) -> Result<(), Refusal> {
    escalation::check(call, target, object, old)
}

/// Refuses deletions of what must stay.
pub(crate) async fn delete(_: &Call<'_>, target: &Target<'_>, _: &Value) -> Result<(), Refusal> {
    namespace_lifecycle::delete(target)
}
