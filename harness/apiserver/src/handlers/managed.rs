//! Who owns which field: the field manager of a resource, set up for one request.
//!
//! The field manager is a pure function that sees objects at the versions of their managers. What it lacks because a webhook has to convert
//! it is fetched, and the function runs again.

use std::cell::RefCell;
use std::sync::Arc;

use proofmark_json::Value;
use proofmark_merge::fieldset::{FieldSet, Path};
use proofmark_merge::managed::{
    Applied, ApplyError, ConvertError, FieldManager, Filter, Manager, OneVersion, ScaleEntries, Versions,
};
use proofmark_merge::typed::Typed;

use super::Target;
use super::write::has_status;
use crate::refusal::Refusal;
use crate::resource::{Catalog, ConversionError, Family, Resource, group_version};
use crate::server::{Call, Inner};

/// A resource's versions as the field manager asks for them.
struct Served<'a> {
    catalog: &'a Catalog,
    resource: &'a Resource,
    reset: Option<Filter>,
    /// What a webhook converted so far.
    fetched: &'a [Fetched],
    /// The object, and the version, that it has to convert next.
    missing: RefCell<Option<(Value, String)>>,
}

/// An object, a version, and what the one is at the other.
type Fetched = (Value, String, Result<Value, ConversionError>);

impl Versions for Served<'_> {
    fn typed(&self, api_version: &str) -> Option<Typed<'_>> {
        if let Some(family) = self.family() {
            return family.shapes.get(api_version).map(|shape| Typed::new(&shape.types, shape.root));
        }
        let (types, id) = self.resource.types();
        (api_version == self.resource.group_version() || self.sibling(api_version)).then(|| Typed::new(types, id))
    }

    fn reset(&self, _: &str) -> Option<&Filter> {
        self.reset.as_ref()
    }

    fn convert(&self, object: &Value, api_version: &str) -> Result<Value, ConvertError> {
        match self.family() {
            Some(family) if family.asks_webhook() && family.shapes.contains_key(api_version) => {
                return self.fetched(object, api_version);
            }
            Some(family) if !family.shapes.contains_key(api_version) => {
                let why = format!("request to convert CR to an invalid group/version: {api_version}");
                return Err(ConvertError::Failed(why));
            }
            None if !self.sibling(api_version) => return Err(ConvertError::UnknownVersion),
            _ => {}
        }
        let mut object = object.clone();
        object["apiVersion"] = Value::String(api_version.to_owned());
        Ok(object)
    }
}

impl Served<'_> {
    fn family(&self) -> Option<&Arc<Family>> {
        self.resource.custom().map(|custom| &custom.family)
    }

    /// What a webhook made of an object. The first object that it has not seen yet is noted; the run is void then.
    fn fetched(&self, object: &Value, api_version: &str) -> Result<Value, ConvertError> {
        let known = self.fetched.iter().find(|(of, version, _)| version == api_version && of == object);
        if let Some((_, _, converted)) = known {
            return converted.clone().map_err(|error| ConvertError::Failed(error.to_string()));
        }
        self.missing.borrow_mut().get_or_insert_with(|| (object.clone(), api_version.to_owned()));
        Err(ConvertError::Failed(String::new()))
    }

    /// Whether the resource is served in that version, too.
    fn sibling(&self, api_version: &str) -> bool {
        self.catalog.all().iter().any(|r| {
            r.group == self.resource.group
                && r.plural == self.resource.plural
                && group_version(&r.group, &r.version) == api_version
        })
    }
}

/// The kinds whose status takes no metadata along.
const STATUS_ALONE: [&str; 8] = [
    "apiservices",
    "customresourcedefinitions",
    "flowschemas",
    "prioritylevelconfigurations",
    "resourceclaims",
    "storageversionmigrations",
    "validatingadmissionpolicies",
    "volumeattachments",
];

/// The paths that an endpoint does not write (`GetResetFields` of the resource's strategy, release 1.35).
pub(super) fn reset_paths(resource: &Resource, subresource: &str) -> &'static [&'static [&'static str]] {
    let built_in = resource.custom().is_none();
    match (subresource, resource.plural.as_str()) {
        // Its table names a group that does not exist.
        (_, "servicecidrs") if built_in => &[],
        ("", "certificatesigningrequests") if built_in => &[&["spec"], &["status"]],
        ("", _) if has_status(resource) => &[&["status"]],
        ("status", "certificatesigningrequests") if built_in => &[&["spec"], &["status", "conditions"]],
        ("approval", "certificatesigningrequests") if built_in => &[&["spec"], &["status", "certificate"]],
        ("status", "deployments") if built_in => &[&["spec"], &["metadata", "labels"]],
        ("status", "pods") if built_in => {
            &[&["spec"], &["metadata", "deletionTimestamp"], &["metadata", "ownerReferences"]]
        }
        ("status", plural) if built_in && STATUS_ALONE.contains(&plural) => &[&["spec"], &["metadata"]],
        ("status", _) => &[&["spec"]],
        ("finalize", _) => &[&["status"]],
        _ => &[],
    }
}

/// What an endpoint does not write, as a filter.
fn reset(resource: &Resource, subresource: &str) -> Option<Filter> {
    let fields = reset_paths(resource, subresource);
    (!fields.is_empty()).then(|| Filter::Exclude(FieldSet::of_fields(fields)))
}

/// Who writes, and through what.
#[derive(Clone, Copy)]
struct Writer<'a> {
    name: &'a str,
    subresource: &'a str,
}

/// Acts once with the field manager of a resource. Also returns what it lacked, if anything.
fn attempt<R>(
    server: &Inner,
    resource: &Resource,
    writer: Writer<'_>,
    fetched: &[Fetched],
    act: impl FnOnce(&FieldManager<'_>, &Manager<'_>) -> R,
) -> (R, Option<(Value, String)>) {
    let Writer { name, subresource } = writer;
    let reset = reset(resource, subresource);
    let served = Served { catalog: &server.catalog, resource, reset, fetched, missing: RefCell::default() };
    let manager = FieldManager { versions: &served, kind: &resource.kind };
    let time = server.clock.stamp();
    let api_version = resource.group_version();
    let outcome = act(&manager, &Manager { name, api_version: &api_version, subresource, time: &time });
    (outcome, served.missing.into_inner())
}

/// The same until it lacks nothing.
async fn with_manager<R>(
    server: &Arc<Inner>,
    resource: &Resource,
    writer: Writer<'_>,
    act: impl Fn(&FieldManager<'_>, &Manager<'_>) -> R,
) -> R {
    let mut fetched = Vec::new();
    loop {
        let (outcome, missing) = attempt(server, resource, writer, &fetched, &act);
        let (Some((object, version)), Some(custom)) = (missing, resource.custom()) else { return outcome };
        let converted = custom.family.convert(server, object.clone(), &version).await;
        fetched.push((object, version, converted));
    }
}

/// The object with its managedFields after a create, update or patch.
pub(super) async fn update(
    call: &Call<'_>,
    target: &Target<'_>,
    live: Option<&Value>,
    new: Value,
    name: &str,
    subresource: &str,
) -> Value {
    let writer = Writer { name, subresource };
    if !target.resource.custom().is_some_and(|custom| custom.family.asks_webhook()) {
        return attempt(call.server, target.resource, writer, &[], |fields, manager| fields.update(live, new, manager))
            .0;
    }
    with_manager(call.server, target.resource, writer, |fields, manager| fields.update(live, new.clone(), manager))
        .await
}

/// The managedFields of an object of a built-in kind that a part of the server made by itself.
pub(crate) fn by_server(server: &Inner, resource: &Resource, object: &Value, name: &str) -> Value {
    let writer = Writer { name, subresource: "" };
    attempt(server, resource, writer, &[], |fields, manager| fields.update(None, object.clone(), manager)).0
}

/// The same of an object whose status the server itself changes.
pub(crate) fn status_by_server(server: &Inner, resource: &Resource, live: &Value, new: &Value) -> Value {
    let writer = Writer { name: "kube-apiserver", subresource: "status" };
    attempt(server, resource, writer, &[], |fields, manager| fields.update(Some(live), new.clone(), manager)).0
}

/// An object whose status a part of the server itself applies; none if it stays as it is.
pub(crate) fn status_applied_by_server(
    server: &Inner,
    resource: &Resource,
    live: &Value,
    applied: &Value,
    name: &str,
) -> Option<Value> {
    let writer = Writer { name, subresource: "status" };
    let apply = |fields: &FieldManager<'_>, manager: &Manager<'_>| fields.apply(Some(live), applied, manager, true);
    attempt(server, resource, writer, &[], apply).0.ok().filter(|applied| applied.changed).map(|applied| applied.object)
}

/// The object after a server-side apply.
pub(super) async fn apply(
    call: &Call<'_>,
    target: &Target<'_>,
    live: Option<&Value>,
    applied: &Value,
    name: &str,
    force: bool,
    subresource: &str,
) -> Result<Applied, ApplyError> {
    let writer = Writer { name, subresource };
    with_manager(call.server, target.resource, writer, |fields, manager| fields.apply(live, applied, manager, force))
        .await
}

/// Acts with the field manager of Scales, which are objects of one version that no resource stores.
pub(super) fn with_scale_manager<R>(
    call: &Call<'_>,
    name: &str,
    act: impl FnOnce(&FieldManager<'_>, &Manager<'_>) -> R,
) -> Result<R, Refusal> {
    let api_version = "autoscaling/v1";
    let id = proofmark_builtin::type_of("autoscaling", "v1", "Scale").ok_or_else(Refusal::no_such_resource)?;
    let typed = Typed::new(proofmark_builtin::types(), id);
    let versions = OneVersion { api_version: api_version.to_owned(), typed, reset: None };
    let time = call.server.clock.stamp();
    let manager = Manager { name, api_version, subresource: "scale", time: &time };
    Ok(act(&FieldManager { versions: &versions, kind: "Scale" }, &manager))
}

/// Where every version of a resource keeps the replicas that its Scale shows.
pub(super) fn scale_entries<'a>(server: &Inner, resource: &Resource, api_version: &'a str) -> ScaleEntries<'a> {
    let all = server.catalog.all();
    let versions = all.iter().filter(|r| r.group == resource.group && r.plural == resource.plural);
    let replicas = versions.map(|version| {
        let path = match version.custom() {
            None => Some(Path::fields(&["spec", "replicas"])),
            Some(custom) => custom.scale.as_ref().map(|paths| {
                let fields: Vec<&str> = paths.spec.split('.').filter(|part| !part.is_empty()).collect();
                Path::fields(&fields)
            }),
        };
        (version.group_version(), path)
    });
    ScaleEntries { api_version, replicas: replicas.collect() }
}

/// The managedFields of an object that no resource stores (a review, a token request).
pub(super) fn of_virtual(
    call: &Call<'_>,
    api_version: &str,
    kind: &str,
    object: &Value,
    name: &str,
    subresource: &str,
) -> Value {
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    let Some(id) = proofmark_builtin::type_of(group, version, kind) else {
        return object.clone();
    };
    let typed = Typed::new(proofmark_builtin::types(), id);
    let versions = OneVersion { api_version: api_version.to_owned(), typed, reset: None };
    let time = call.server.clock.stamp();
    let manager = Manager { name, api_version, subresource, time: &time };
    FieldManager { versions: &versions, kind }.update(None, object.clone(), &manager)
}
