//! Admission: what must hold, or is filled in, because of other objects.
//!
//! [`mutate`] runs before an object is prepared and validated, then [`grant`] and [`allocate`]; [`validate`] runs on what would be
//! stored; a deletion has [`remove`]. Each plugin is a file and says which objects it looks at. Plugins run in kube-apiserver's order.

mod cluster_objects;
mod escalation;
mod expressions;
mod limit_ranger;
mod matching;
mod namespace_lifecycle;
mod pod_scheduling;
mod pod_security;
pub(crate) mod policy;
mod quota;
mod request;
mod service_account;
mod service_addresses;
mod storage;
mod webhook;

use std::sync::Arc;

use proofmark_json::Value;
use proofmark_registry::meta;
use proofmark_status::Status;

use crate::handlers::Target;
use crate::refusal::Refusal;
use crate::server::Call;
use crate::store::Object;

pub(crate) use request::{Operation, Request};

/// Fills in what other objects, and mutating webhooks, ask for.
pub(crate) async fn mutate(request: &Request<'_>, object: &mut Value) -> Result<(), Refusal> {
    fill(request, object)?;
    let mut webhooks = webhook::Rounds::default();
    if webhooks.first(request, Some(object)).await? {
        // What they added may need filling in, too; and some of them want to see what others added.
        fill(request, object)?;
        webhooks.again(request, object).await?;
    }
    Ok(())
}

/// The built-in plugins that fill something in. Running twice changes nothing more.
fn fill(request: &Request<'_>, object: &mut Value) -> Result<(), Refusal> {
    let Request { call, target, old, .. } = *request;
    let creates = request.operation == Operation::Create;
    if creates {
        namespace_lifecycle::create(call, target)?;
    }
    if !request.subresource.is_empty() {
        return Ok(());
    }
    if creates {
        limit_ranger::mutate(call, target, object);
        service_account::create(call, target, object)?;
        cluster_objects::taint(target, object);
        cluster_objects::sign(call, target, object);
        pod_scheduling::prioritize(call, target, object)?;
    }
    if let Some(old) = old {
        pod_scheduling::keep_priority(target, object, old);
    }
    pod_scheduling::one_default(call, target, object, old)?;
    pod_scheduling::tolerate(target, object);
    if creates {
        storage::protect(target, object);
        storage::default_class(call, target, object);
        pod_scheduling::run_class(call, target, object)?;
        storage::default_ingress_class(call, target, object);
    }
    Ok(())
}

/// Refuses a state that is complete and valid in itself: what limits, validating webhooks and quotas say.
pub(crate) async fn validate(request: &Request<'_>, object: &Value) -> Result<(), Refusal> {
    let Request { call, target, old, .. } = *request;
    if request.subresource.is_empty() {
        match old {
            None => limit_ranger::validate(call, target, object)?,
            Some(old) => storage::resize(call, target, object, old)?,
        }
    }
    pod_security::check(request, object)?;
    policy::validate(request, Some(object)).await?;
    webhook::validate(request, Some(object)).await?;
    if request.subresource.is_empty() {
        quota::check(call, target, object, old, request.dry_run)?;
    }
    Ok(())
}

/// Refuses a removal.
pub(crate) async fn remove(request: &Request<'_>) -> Result<(), Refusal> {
    namespace_lifecycle::delete(request.target)?;
    webhook::Rounds::default().first(request, None).await?;
    policy::validate(request, None).await?;
    webhook::validate(request, None).await
}

/// Gives addresses to a service that is otherwise complete.
pub(crate) fn allocate(request: &Request<'_>, object: &mut Value) -> Result<(), Refusal> {
    if !request.subresource.is_empty() {
        return Ok(());
    }
    service_addresses::allocate(request, object)
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
