//! Objects that belong to another: made, corrected where they differ in what counts, and removed.

use std::ops::ControlFlow;

use proofmark_controllers::kit::{Api, Error, Reason as _, Resource, object};
use proofmark_json::{Value, json};

use crate::behaviour::Behaviour;
use crate::names::AUTOSCALER_CLASS;

/// The reference by which `owner` controls its children.
pub(super) fn reference(owner: &Value) -> Value {
    json!({
        "apiVersion": owner["apiVersion"], "kind": owner["kind"], "name": object::name(owner), "uid": object::uid(owner),
        "controller": true, "blockOwnerDeletion": true,
    })
}

/// An object of a kind with a controller.
pub(super) fn child(owner: &Value, of: &Resource, mut metadata: Value) -> Value {
    metadata["ownerReferences"] = json!([reference(owner)]);
    json!({"apiVersion": of.api_version(), "kind": of.kind, "metadata": metadata})
}

/// The object as it is; none if there is none.
pub(super) async fn read(api: &Api, of: &Resource, namespace: &str, name: &str) -> Result<Option<Value>, Error> {
    match api.get(of, namespace, name).await {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Makes an object that is not there; `Break` with the object as it is then, or as it was if these parts of it are as wanted. `Continue` with what is there
/// and differs.
async fn stands(api: &Api, of: &Resource, wanted: &Value, parts: &[&str]) -> Result<ControlFlow<Value, Value>, Error> {
    let Some(found) = read(api, of, object::namespace(wanted), object::name(wanted)).await? else {
        return api.create(of, wanted).await.map(ControlFlow::Break);
    };
    let part = |of: &Value, part: &str| of.pointer(part).cloned().unwrap_or_default();
    let agree = parts.iter().all(|at| object::same(&part(&found, at), &part(wanted, at)));
    Ok(if agree { ControlFlow::Break(found) } else { ControlFlow::Continue(found) })
}

/// Makes an object, or writes it anew as a whole where these parts of it differ, so that nothing stays of what else was there; the object as it is
/// then.
pub(super) async fn replace(api: &Api, of: &Resource, wanted: &Value, parts: &[&str]) -> Result<Value, Error> {
    match stands(api, of, wanted, parts).await? {
        ControlFlow::Break(object) => Ok(object),
        ControlFlow::Continue(_) => api.update(of, wanted).await,
    }
}

/// The same for an object of a custom kind, where the API server wants to be told which version is written over.
pub(super) async fn replace_custom(api: &Api, of: &Resource, wanted: &Value, parts: &[&str]) -> Result<Value, Error> {
    match stands(api, of, wanted, parts).await? {
        ControlFlow::Break(object) => Ok(object),
        ControlFlow::Continue(found) => {
            let mut anew = wanted.clone();
            anew["metadata"]["resourceVersion"] = found["metadata"]["resourceVersion"].clone();
            api.update(of, &anew).await
        }
    }
}

/// Makes an object, or corrects these parts of it; the object as it is then.
pub(super) async fn ensure(api: &Api, of: &Resource, wanted: &Value, parts: &[&str]) -> Result<Value, Error> {
    let mut found = match stands(api, of, wanted, parts).await? {
        ControlFlow::Break(object) => return Ok(object),
        ControlFlow::Continue(found) => found,
    };
    for at in parts {
        if let Some((parent, field)) = at.rsplit_once('/')
            && let Some(parent) = found.pointer_mut(parent)
        {
            parent[field] = wanted.pointer(at).cloned().unwrap_or_default();
        }
    }
    api.update(of, &found).await
}

/// What controllers of Kubernetes note on a Deployment.
const NOTES: &str = "deployment.kubernetes.io/";

/// Whether a component says itself how many replicas it has. Until v0.15.2 that was what the class for external autoscalers meant.
pub(super) fn scales_itself(deployment: &Value, behaviour: Behaviour) -> bool {
    let class = object::annotation(deployment, AUTOSCALER_CLASS);
    behaviour.keda && class == Some(if behaviour.removes_from_deployments { "none" } else { "external" })
}

/// Makes a Deployment, or corrects one whose specification differs after the API server filled in what was left open. How many pods it has is
/// the autoscaler's business, unless the service scales itself.
///
/// Releases differ in how: by replacing it, by a patch with all that is wanted, which takes nothing away, or by one with what changed.
pub(super) async fn deployment(api: &Api, of: &Resource, wanted: &Value, behaviour: Behaviour) -> Result<Value, Error> {
    let (namespace, name) = (object::namespace(wanted), object::name(wanted));
    let Some(mut found) = read(api, of, namespace, name).await? else { return api.create(of, wanted).await };
    let filled_in = api.dry_run_update(of, wanted).await?;
    let counted = scales_itself(&found, behaviour);
    let spec = |object: &Value| {
        let mut spec = object["spec"].clone();
        if !counted {
            spec.as_object_mut().map(|spec| spec.shift_remove("replicas"));
        }
        spec
    };
    if spec(&found) == spec(&filled_in) {
        return Ok(found);
    }
    if behaviour.patches_deployments && !behaviour.removes_from_deployments {
        let mut patch = json!({
            "metadata": {"labels": filled_in["metadata"]["labels"], "annotations": filled_in["metadata"]["annotations"]},
            "spec": filled_in["spec"],
        });
        patch["spec"].as_object_mut().map(|spec| spec.shift_remove("replicas"));
        api.strategic_patch(of, namespace, name, &patch).await?;
        // What is told of it is what was tried, not what came of it.
        return Ok(filled_in);
    }
    let stated = wanted["spec"].get("replicas").filter(|_| scales_itself(wanted, behaviour));
    let replicas = stated.cloned().unwrap_or_else(|| found["spec"]["replicas"].take());
    let mut annotations = wanted["metadata"]["annotations"].as_object().cloned().unwrap_or_default();
    let noted = found["metadata"]["annotations"].as_object().into_iter().flatten();
    annotations
        .extend(noted.filter(|(key, _)| key.starts_with(NOTES)).map(|(key, value)| (key.clone(), value.clone())));
    found["metadata"]["annotations"] = Value::Object(annotations);
    found["metadata"]["labels"] = wanted["metadata"]["labels"].clone();
    found["spec"] = wanted["spec"].clone();
    found["spec"]["replicas"] = replicas;
    api.update(of, &found).await
}

/// Removes an object that `owner` controls, if there is one.
pub(super) async fn remove(api: &Api, of: &Resource, owner: &Value, name: &str) -> Result<(), Error> {
    let namespace = object::namespace(owner);
    let Some(found) = read(api, of, namespace, name).await? else { return Ok(()) };
    let own =
        object::controller(&found).is_some_and(|controller| object::text(controller, "/uid") == object::uid(owner));
    if own {
        match api.delete(of, namespace, name, &json!({})).await {
            Err(error) if !error.is_not_found() => return Err(error),
            _ => {}
        }
    }
    Ok(())
}
