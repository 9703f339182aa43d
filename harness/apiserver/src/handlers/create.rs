//! POST: creating an object.

use std::sync::Arc;

use proofmark_json::Value;
use proofmark_registry::meta;
use proofmark_status::Status;

use super::options::WriteOptions;
use super::owners::{self, Seen};
use super::write::{as_stored, check_size, prepare_create, settle, validate_create, warnings};
use super::{Reply, Target, body, managed, write};
use crate::admit;
use crate::flow_control;
use crate::refusal::Refusal;
use crate::resource;
use crate::server::Call;
use crate::store::{Object, Precondition, WriteError};

/// How often a generated name that is taken is replaced by another.
const NAME_TRIES: usize = 8;

/// Creates an object from the request's body.
pub(super) async fn create(call: &Call<'_>, target: &Target<'_>) -> Result<Reply, Refusal> {
    let options = WriteOptions::read(call, "CreateOptions")?;
    let mut object = body::read(call, target.resource, &options)?;
    body::settle_namespace(&mut object, target)?;
    if !target.name.is_empty() && meta::text(&object, "name").is_empty() {
        meta::of_mut(&mut object).insert("name", target.name.into());
    }
    owners::dedup(call, &mut object, Seen::Sent);
    let created = create_object(call, target, object, &options, None).await?;
    Ok(Reply::object(201, target.resource, created))
}

/// Creates a read object. `applied` names the manager when an apply made the object, which then has its managedFields.
pub(super) async fn create_object(
    call: &Call<'_>,
    target: &Target<'_>,
    object: Value,
    options: &WriteOptions,
    applied: Option<&str>,
) -> Result<Arc<Object>, Refusal> {
    let resource = target.resource;
    if resource.custom().is_some_and(|c| c.terminating) {
        let why = "create not allowed while custom resource definition is terminating";
        let name = meta::text(&object, "name");
        return Err(Status::forbidden(&resource.group, &resource.plural, name, why).into());
    }
    if !meta::text(&object, "resourceVersion").is_empty() && applied.is_none() {
        let message = "resourceVersion should not be set on objects to be created";
        return Err(Refusal::untyped(500, message));
    }
    let given_name = meta::text(&object, "name").to_owned();
    let mut object = object;
    wipe_system_fields(&mut object);
    let mut object = if applied.is_some() {
        object
    } else {
        managed::update(call, target, None, object, &options.manager, "").await
    };
    let named = Target { name: &given_name, ..*target };
    let request = admit::Request::create(call, &named, options);
    admit::mutate(&request, &mut object).await?;
    owners::dedup(call, &mut object, Seen::Admitted);
    body::settle_namespace(&mut object, target)?;
    admit::grant(call, &named, &object, None)?;
    admit::allocate(&request, &mut object)?;
    call.warn((resource.strategy.arrival_warnings)(&object));
    for attempt in 1..=NAME_TRIES {
        // A name that was given is tried once.
        let mut candidate = if given_name.is_empty() { object.clone() } else { std::mem::take(&mut object) };
        prepare_create(call, target, &mut candidate);
        let name = meta::text(&candidate, "name").to_owned();
        let named = Target { name: &name, ..*target };
        validate_create(&named, &candidate)?;
        admit::validate(&request.clone().named(&named), &candidate).await?;
        settle(resource, &mut candidate);
        let mut candidate = resource::to_storage(call.server, resource, candidate).await?;
        if options.dry_run {
            as_stored(resource, &mut candidate);
        } else {
            check_size(resource, &candidate)?;
        }
        match store(call, target, &name, candidate, options.dry_run) {
            Ok(stored) => {
                resource::establish(call.server, resource, &stored.value);
                admit::policy::observe(call.server, resource, &stored.value);
                flow_control::follow(call.server, resource, &stored.value);
                resource::spread(call.server, resource, &stored);
                let created = resource::read(call.server, resource, &stored).await?;
                call.warn(warnings(target, &stored.value, None));
                return Ok(if options.dry_run { without_revision(&created) } else { created });
            }
            Err(_) if given_name.is_empty() && attempt < NAME_TRIES => {}
            Err(_) => return Err(exists(call, target, &name)),
        }
    }
    Err(exists(call, target, &given_name))
}

/// What only the server writes is gone before anybody comes to own it.
fn wipe_system_fields(object: &mut Value) {
    let meta = meta::of_mut(object);
    for field in ["creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink", "uid"] {
        meta.shift_remove(field);
    }
}

/// What would have been stored has no revision.
fn without_revision(created: &Object) -> Arc<Object> {
    let mut value = Value::clone(&created.value);
    meta::of_mut(&mut value).shift_remove("resourceVersion");
    Arc::new(Object::unstored(created.revision, value))
}

fn store(
    call: &Call<'_>,
    target: &Target<'_>,
    name: &str,
    object: Value,
    dry_run: bool,
) -> Result<Arc<Object>, WriteError> {
    let place = target.resource.place(target.namespace, name);
    if dry_run {
        let taken = call.server.store.snapshot().get(&target.resource.prefix, &place).is_some();
        return if taken { Err(WriteError::Exists) } else { Ok(Arc::new(Object::new(0, object))) };
    }
    write(call.server, target.resource, &place, object, Precondition::Absent)
}

/// 409 of a taken name; an object on its way out says so.
fn exists(call: &Call<'_>, target: &Target<'_>, name: &str) -> Refusal {
    let resource = target.resource;
    let place = resource.place(target.namespace, name);
    let mut status = Status::already_exists(&resource.group, &resource.plural, name);
    let snapshot = call.server.store.snapshot();
    let deleting =
        snapshot.get(&resource.prefix, &place).is_some_and(|o| !meta::text(&o.value, "deletionTimestamp").is_empty());
    if deleting {
        status.message = format!("object is being deleted: {}", status.message);
    }
    status.into()
}
