//! Reviews: kinds that are only ever created, are not stored, and come back with an answer.

use proofmark_json::{Value, json};
use proofmark_rbac::review::{ReviewKind, Verdict, answer};
use proofmark_registry::meta;
use proofmark_status::Status;

use super::body;
use super::options::WriteOptions;
use super::reply::Content;
use super::{Reply, Target, bad_request, managed, tokens};
use crate::refusal::Refusal;
use crate::server::Call;

/// Answers a review; none for resources that are none.
pub(super) fn review(call: &Call<'_>, target: &Target<'_>) -> Option<Result<Reply, Refusal>> {
    let resource = target.resource;
    let access = match (resource.group.as_str(), resource.plural.as_str()) {
        ("authorization.k8s.io", "subjectaccessreviews") => ReviewKind::Subject,
        ("authorization.k8s.io", "localsubjectaccessreviews") => ReviewKind::LocalSubject,
        ("authorization.k8s.io", "selfsubjectaccessreviews") => ReviewKind::SelfSubject,
        ("authorization.k8s.io", "selfsubjectrulesreviews") => return Some(rules(call, target)),
        ("authentication.k8s.io", "selfsubjectreviews") => return Some(who_am_i(call, target)),
        ("authentication.k8s.io", "tokenreviews") => return Some(tokens::review(call, target)),
        _ => return None,
    };
    Some(may(call, target, access))
}

/// Reads a review's body; its metadata names no place and no version of storage.
pub(super) fn read(call: &Call<'_>, target: &Target<'_>) -> Result<(Value, WriteOptions), Refusal> {
    let options = WriteOptions::read(call, "CreateOptions")?;
    let mut value = body::read(call, target.resource, &options)?;
    body::settle_namespace(&mut value, target)?;
    Ok((value, options))
}

/// The review with its answer and the fields that the client set.
pub(super) fn reply(
    call: &Call<'_>,
    target: &Target<'_>,
    asked: &Value,
    mut answered: Value,
    options: &WriteOptions,
) -> Reply {
    let resource = target.resource;
    let managed = managed::of_virtual(call, &resource.group_version(), &resource.kind, asked, &options.manager, "");
    if let Some(entries) = meta::of(&managed).and_then(|m| m.get("managedFields")) {
        meta::of_mut(&mut answered).insert("managedFields", entries.clone());
    }
    body::complete(resource, &mut answered);
    Reply::new(201, Content::Other(answered))
}

/// May somebody do something?
fn may(call: &Call<'_>, target: &Target<'_>, kind: ReviewKind) -> Result<Reply, Refusal> {
    let (asked, options) = read(call, target)?;
    let managed = managed::of_virtual(
        call,
        &target.resource.group_version(),
        &target.resource.kind,
        &asked,
        &options.manager,
        "",
    );
    let answered = answer(kind, &managed, call.user, |attributes| Verdict::from(call.server.decide(attributes)))
        .map_err(|status| Refusal::from(*status))?;
    Ok(reply(call, target, &asked, answered, &options))
}

/// What may I do in this namespace?
fn rules(call: &Call<'_>, target: &Target<'_>) -> Result<Reply, Refusal> {
    let (asked, _) = read(call, target)?;
    let namespace = crate::value::text_at(&asked, "/spec/namespace");
    if namespace.is_empty() {
        return Err(bad_request("no namespace on request"));
    }
    let policy = call.server.rbac.policy();
    let mut answered = asked.clone();
    answered["spec"] = json!({});
    answered["status"] = proofmark_rbac::rules_for(&*policy, call.user, &namespace).status();
    body::complete(target.resource, &mut answered);
    Ok(Reply::new(201, Content::Other(answered)))
}

/// Who am I?
fn who_am_i(call: &Call<'_>, target: &Target<'_>) -> Result<Reply, Refusal> {
    read(call, target)?;
    let user = call.user;
    if user.name.is_empty() {
        return Err(Status::bad_request("no user present on request").into());
    }
    let mut answered = json!({
        "kind": target.resource.kind,
        "apiVersion": target.resource.group_version(),
        "metadata": {"creationTimestamp": call.server.clock.stamp()},
        "status": {"userInfo": user_info(user)},
    });
    body::complete(target.resource, &mut answered);
    Ok(Reply::new(201, Content::Other(answered)))
}

/// `authentication.k8s.io/v1` UserInfo.
pub(crate) fn user_info(user: &proofmark_rbac::UserInfo) -> Value {
    let mut info = proofmark_json::Map::new();
    if !user.name.is_empty() {
        info.insert("username", json!(user.name));
    }
    if !user.uid.is_empty() {
        info.insert("uid", json!(user.uid));
    }
    if !user.groups.is_empty() {
        info.insert("groups", json!(user.groups));
    }
    if !user.extra.is_empty() {
        info.insert("extra", json!(user.extra));
    }
    Value::Object(info)
}
