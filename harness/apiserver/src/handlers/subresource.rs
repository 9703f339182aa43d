//! What stands below an object: status, scale, finalize, tokens, bindings, and what only nodes could answer.

use http::Method;
use proofmark_builtin::Subresource;
use proofmark_json::{Value, json};
use proofmark_registry::meta;
use proofmark_status::{Reason, Status};

use super::options::WriteOptions;
use super::update::{Change, check_revision, check_uid};
use super::{Reply, Target, bad_request, binding, body, eviction, log, managed, patch, read, scale, tokens};
use crate::refusal::Refusal;
use crate::request::RequestInfo;
use crate::resource::is_definition;
use crate::server::Call;

/// Answers a request on a subresource.
pub(crate) async fn subresource(call: &Call<'_>, target: &Target<'_>, sub: &Subresource) -> Result<Reply, Refusal> {
    let method = call.exchange.method;
    super::acceptable(call, target)?;
    if target.name.is_empty() {
        return Err(bad_request("name must be provided"));
    }
    // What replaces a part of an object is read first.
    if *method != Method::PUT {
        target.check_place()?;
    }
    match (sub.name.as_str(), method) {
        ("status", &Method::GET) => read::get(call, target).await,
        ("status" | "finalize" | "ephemeralcontainers" | "resize" | "approval", &Method::PUT) => {
            Box::pin(put(call, target, &sub.name)).await
        }
        ("status" | "ephemeralcontainers" | "resize" | "approval", &Method::PATCH) => {
            Box::pin(patch::patch_through(call, target, &sub.name)).await
        }
        ("ephemeralcontainers" | "resize" | "approval", &Method::GET) => read::get(call, target).await,
        ("token", &Method::POST) => Box::pin(tokens::request(call, target)).await,
        ("scale", _) => Box::pin(scale::scale(call, target)).await,
        ("binding", &Method::POST) => Box::pin(binding::bind(call, target)).await,
        ("eviction", &Method::POST) => Box::pin(eviction::evict(call, target)).await,
        ("log", &Method::GET) => log::log(call, target, || not_simulated(call, target, &sub.name)),
        _ => {
            if target.resource.plural == "pods" && *method == Method::GET {
                may_stream(call, target, &sub.name)?;
            }
            let name = if sub.name == "proxy" { proxied(target)? } else { target.name };
            let target = &Target { name, ..*target };
            let live = target.stored(call).ok_or_else(|| target.not_found())?;
            reachable(target, &sub.name, &live.value)?;
            Err(not_simulated(call, target, &sub.name))
        }
    }
}

/// The object's name in what a proxy is asked for: `name`, `name:port` or `scheme:name:port` (`SplitSchemeNamePort`).
fn proxied<'a>(target: &Target<'a>) -> Result<&'a str, Refusal> {
    let parts: Vec<&str> = target.name.split(':').collect();
    match parts.as_slice() {
        [name] | [name, _] | ["" | "http" | "https", name, _] => Ok(name),
        _ => {
            let kind = target.resource.kind.to_lowercase();
            Err(bad_request(format!("invalid {kind} request {}", proofmark_status::quote(target.name))))
        }
    }
}

/// A pod that no node runs cannot be spoken to.
fn reachable(target: &Target<'_>, sub: &str, pod: &Value) -> Result<(), Refusal> {
    if target.resource.plural != "pods" {
        return Ok(());
    }
    let has = |pointer: &str| !crate::value::text_at(pod, pointer).is_empty();
    match sub {
        "exec" | "attach" | "portforward" if !has("/spec/nodeName") => {
            Err(bad_request(format!("pod {} does not have a host assigned", target.name)))
        }
        "proxy" if !has("/status/podIP") => Err(bad_request("address not allowed")),
        _ => Ok(()),
    }
}

/// Since 1.35 a stream that is opened by GET needs `create`, too; this second refusal gives no reason.
fn may_stream(call: &Call<'_>, target: &Target<'_>, sub: &str) -> Result<(), Refusal> {
    if !matches!(sub, "exec" | "attach" | "portforward") {
        return Ok(());
    }
    let info = RequestInfo { verb: "create".to_owned(), ..call.exchange.info.clone() };
    if call.server.authorize(call.user, &info).allowed {
        return Ok(());
    }
    Err(Status::forbidden("", "pods", target.name, "").into())
}

/// 501 in clear words for what this server does not do.
fn not_simulated(call: &Call<'_>, target: &Target<'_>, sub: &str) -> Refusal {
    let resource = proofmark_status::qualified(&target.resource.plural, &target.resource.group);
    let message = format!("not simulated: {} of {resource}/{sub}", call.exchange.info.verb);
    Status { code: 501, ..Status::new(501, Reason::InternalError, message) }.into()
}

/// Replaces a part of an object: its status, a namespace's finalizers.
async fn put(call: &Call<'_>, target: &Target<'_>, sub: &str) -> Result<Reply, Refusal> {
    let options = WriteOptions::read(call, "UpdateOptions")?;
    let mut object = body::read_update(call, target, &options)?;
    body::settle_namespace(&mut object, target)?;
    body::check_name(&object, target)?;
    target.check_place()?;
    let live = target.live(call).await?.ok_or_else(|| target.not_found())?;
    check_revision(target, &object, &live)?;
    check_uid(target, &object, &live)?;
    let change = Change { target, options: &options, subresource: sub, live: &live, managed: false, admitted: false };
    let changed = change.apply(call, object).await?;
    Ok(Reply::object(200, target.resource, changed))
}

/// A write to status changes nothing else, but for the metadata that its endpoint takes. Custom resources keep all of it.
pub(super) fn prepare_status(target: &Target<'_>, new: &mut Value, old: &Value) {
    let mut take = |member: &str| new.as_object_mut().and_then(|members| members.shift_remove(member));
    let (status, metadata) = (take("status"), take("metadata"));
    let written = metadata.as_ref().and_then(Value::as_object);
    let written = |field: &str| written.and_then(|written| written.get(field));
    // What is replaced below keeps its place only.
    let mut object = crate::value::clone_but(old, &["status", "metadata"]);
    if let (Some(place), Some(metadata)) = (object.get_mut("metadata"), old.get("metadata")) {
        *place = crate::value::clone_but(metadata, &["managedFields"]);
    }
    if let Some(members) = object.as_object_mut() {
        match status {
            Some(status) => members.insert("status", status),
            None => members.shift_remove("status"),
        };
    }
    let resets = managed::reset_paths(target.resource, "status");
    let reset = |field: &str| resets.iter().any(|path| matches!(path, ["metadata"]) || *path == ["metadata", field]);
    let taken = ["labels", "annotations", "finalizers", "ownerReferences"];
    // Definitions own none of their metadata through their status, and yet take it.
    let takes = |field: &str| is_definition(target.resource) || !reset(field);
    let taken = taken.into_iter().filter(|field| target.resource.custom().is_none() && takes(field));
    let meta = meta::of_mut(&mut object);
    for field in taken.chain(["managedFields"]) {
        match written(field) {
            Some(value) => meta.insert(field.to_owned(), value.clone()),
            None => meta.shift_remove(field),
        };
    }
    // A uid may be repeated but not changed, which is validated.
    if let Some(uid) = written("uid").filter(|uid| target.resource.custom().is_none() && uid.as_str() != Some("")) {
        meta.insert("uid", uid.clone());
    }
    *new = object;
}

/// Puts a namespace's finalizers.
pub(super) fn prepare_finalize(new: &mut Value, old: &Value) {
    let finalizers = new.pointer("/spec/finalizers").cloned().unwrap_or(json!([]));
    let managed = meta::of(new).and_then(|m| m.get("managedFields")).cloned();
    *new = old.clone();
    let empty = finalizers.as_array().is_none_or(Vec::is_empty);
    new["spec"] = if empty { json!({}) } else { json!({"finalizers": finalizers}) };
    if let Some(managed) = managed {
        meta::of_mut(new).insert("managedFields", managed);
    }
}
