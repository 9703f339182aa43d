//! PUT, and the common end of PUT, PATCH and their subresources.

use std::sync::Arc;

use proofmark_json::Value;
use proofmark_registry::{meta, part};
use proofmark_status::{FieldError, Status};

use super::options::WriteOptions;
use super::owners::{self, Seen};
use super::write::{
    as_stored, changed, check_size, is_released, prepare_update, remove, settle, validate_update, warnings, write,
};
use super::{Reply, Target, body, create, managed};
use crate::admit;
use crate::authz;
use crate::flow_control;
use crate::refusal::Refusal;
use crate::request::RequestInfo;
use crate::resource;
use crate::server::Call;
use crate::store::{Object, Precondition};

/// Replaces an object by the request's body.
pub(super) async fn update(call: &Call<'_>, target: &Target<'_>) -> Result<Reply, Refusal> {
    let options = WriteOptions::read(call, "UpdateOptions")?;
    let mut object = body::read_update(call, target, &options)?;
    body::settle_namespace(&mut object, target)?;
    body::check_name(&object, target)?;
    target.check_place()?;
    owners::dedup(call, &mut object, Seen::Sent);
    loop {
        let Some(live) = target.live(call).await? else {
            if !target.resource.strategy.create_on_update {
                return Err(target.not_found());
            }
            may_create(call, target)?;
            let created = create::create_object(call, target, object, &options, None).await?;
            return Ok(Reply::object(201, target.resource, created));
        };
        check_revision(target, &object, &live)?;
        check_uid(target, &object, &live)?;
        let change =
            Change { target, options: &options, subresource: "", live: &live, managed: false, admitted: false };
        match change.apply(call, object.clone()).await {
            Ok(changed) => return Ok(Reply::object(200, target.resource, changed)),
            Err(refusal) if target.stored(call).is_some_and(|now| now.revision == live.revision) => {
                return Err(refusal);
            }
            // Somebody was faster. Who names no version overwrites what is there now; who names one learns of it above.
            Err(_) => {}
        }
    }
}

/// A write that would create the object needs `create`, too; the 403 names the object.
pub(super) fn may_create(call: &Call<'_>, target: &Target<'_>) -> Result<(), Refusal> {
    let info = RequestInfo { verb: "create".to_owned(), name: target.name.to_owned(), ..call.exchange.info.clone() };
    let decision = call.server.authorize(call.user, &info);
    if decision.allowed { Ok(()) } else { Err(authz::forbidden(call.user, &info, &decision.reason).into()) }
}

/// A resourceVersion that is given must be the live one; some kinds require one.
pub(super) fn check_revision(target: &Target<'_>, object: &Value, live: &Object) -> Result<(), Refusal> {
    let given = meta::text(object, "resourceVersion");
    match given.parse::<u64>() {
        _ if given.is_empty() || given == "0" => {
            if target.resource.strategy.unconditional_update {
                return Ok(());
            }
            let error = FieldError::invalid("metadata.resourceVersion", 0, "must be specified for an update");
            // This one refusal names the resource instead of the kind.
            Err(Status::invalid(&target.resource.group, &target.resource.plural, target.name, &[error]).into())
        }
        Ok(revision) if revision == live.revision => Ok(()),
        Ok(_) => Err(changed(target)),
        Err(_) => {
            let why = format!("strconv.ParseUint: parsing {}: invalid syntax", proofmark_status::quote(given));
            Err(Refusal::untyped(500, why))
        }
    }
}

/// A uid that is given must be the live one.
pub(super) fn check_uid(target: &Target<'_>, object: &Value, live: &Object) -> Result<(), Refusal> {
    let (given, have) = (meta::text(object, "uid"), meta::text(&live.value, "uid"));
    if given.is_empty() || given == have {
        return Ok(());
    }
    let resource = target.resource;
    let key = format!("{}/{}", resource.prefix, target.place());
    let why = format!(
        "StorageError: invalid object, Code: 4, Key: {key}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: {given}, UID in object meta: {have}"
    );
    Err(Status::conflict(&resource.group, &resource.plural, target.name, &why).into())
}

/// A change of a live object, whatever asked for it.
pub(super) struct Change<'a> {
    pub(super) target: &'a Target<'a>,
    pub(super) options: &'a WriteOptions,
    /// The subresource through which it comes; empty for the object itself.
    pub(super) subresource: &'a str,
    pub(super) live: &'a Arc<Object>,
    /// Whether the new state already carries its managedFields (server-side apply).
    pub(super) managed: bool,
    /// Whether admission has seen the change already, as the body of a subresource (a Scale).
    pub(super) admitted: bool,
}

impl Change<'_> {
    /// Walks a new state through field management, admission, preparation and validation, and stores it.
    pub(super) async fn apply(&self, call: &Call<'_>, object: Value) -> Result<Arc<Object>, Refusal> {
        let Self { target, options, live, .. } = self;
        let old: &Value = &live.value;
        let mut object = if self.managed {
            object
        } else {
            managed::update(call, target, Some(old), object, &options.manager, self.subresource).await
        };
        let request = admit::Request::update(call, target, options, old).through(self.subresource, target.resource);
        if !self.admitted {
            admit::mutate(&request, &mut object).await?;
            owners::dedup(call, &mut object, Seen::Admitted);
        }
        body::settle_namespace(&mut object, target)?;
        admit::grant(call, target, &object, Some(old))?;
        admit::allocate(&request, &mut object)?;
        match self.subresource {
            "status" | "approval" => {
                super::subresource::prepare_status(target, &mut object, old);
                (target.resource.strategy.prepare_status)(&mut object, old, &call.server.clock.stamp());
            }
            "finalize" => super::subresource::prepare_finalize(&mut object, old),
            subresource => {
                if let Some(part) = part(&target.resource.group, &target.resource.plural, subresource) {
                    (part.keep)(&mut object, old);
                }
                prepare_update(target, &mut object, old);
            }
        }
        proofmark_merge::managed::keep_times_if_unchanged(old, &mut object);
        validate_update(call, target, &object, old, self.subresource)?;
        if !self.admitted {
            admit::validate(&request, &object).await?;
        }
        settle(target.resource, &mut object);
        if self.subresource == "status" && target.resource.custom().is_none() {
            call.warn((target.resource.strategy.status_warnings)(&object));
        } else {
            call.warn(warnings(target, &object, Some(old)));
        }
        meta::of_mut(&mut object).insert("resourceVersion", live.revision.to_string().into());
        let server = call.server;
        let resource = target.resource;
        if resource.custom().is_none() && object == *old {
            return Ok(Arc::clone(live));
        }
        let released = is_released(&object) && !is_released(old);
        let mut object = resource::to_storage(server, resource, object).await?;
        // What a schema or a conversion made of a custom resource may still have to be stored.
        if resource.custom().is_some() && target.stored(call).is_some_and(|s| object == *s.value) {
            return Ok(Arc::clone(live));
        }
        if options.dry_run {
            as_stored(resource, &mut object);
            let object = Arc::new(Object::new(live.revision, object));
            return resource::read(server, resource, &object).await;
        }
        check_size(resource, &object)?;
        let place = target.place();
        if released {
            let removed = remove(server, resource, &place, object, live.revision).map_err(|_| changed(target))?;
            return resource::read(server, resource, &removed).await;
        }
        let stored = write(server, resource, &place, object, Precondition::Revision(live.revision))
            .map_err(|_| changed(target))?;
        resource::establish(server, resource, &stored.value);
        admit::policy::observe(server, resource, &stored.value);
        flow_control::follow(server, resource, &stored.value);
        resource::spread(server, resource, &stored);
        resource::read(server, resource, &stored).await
    }
}
