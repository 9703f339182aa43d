//! What is in a namespace: deleting it, and counting what does not go.

use std::collections::BTreeMap;

use jiff::Timestamp;
use proofmark_json::{Value, json};

use super::conditions::Findings;
use crate::discovery::{Kinds, Served};
use crate::kit::api::View;
use crate::kit::{Api, Error, Reason as _, Resource, object};

const PODS: Resource = Resource::namespaced("", "v1", "pods", "Pod");

/// Deletes everything of `kinds` in a namespace, as far as it goes at once, and puts down what remains.
///
/// Since 1.33 (KEP-5080) Pods go first, and as long as one is left, all else stays: they may need it to end well.
pub(super) async fn delete(api: &Api, kinds: &Kinds, namespace: &Value, now: Timestamp, findings: &mut Findings) {
    let (pods, others): (Vec<_>, Vec<_>) = kinds
        .preferred()
        .filter(|served| served.resource.namespaced && served.has(&["delete"]))
        .partition(|served| served.resource.group.is_empty() && served.resource.plural == "pods");
    for served in pods {
        if let Err(error) = delete_kind(api, served, namespace, now, findings).await {
            findings
                .failures
                .push(format!("failed to delete pods for namespace: {}, err: {error}", object::name(namespace)));
        }
    }
    if !findings.remaining.is_empty() {
        // What else there is has not been looked at, so nothing is said of it yet.
        findings.pods_first = true;
        return;
    }
    for served in others {
        if let Err(error) = delete_kind(api, served, namespace, now, findings).await {
            findings.failures.push(error);
        }
    }
}

async fn delete_kind(
    api: &Api,
    served: &Served,
    namespace: &Value,
    now: Timestamp,
    findings: &mut Findings,
) -> Result<(), String> {
    let (resource, name) = (&served.resource, object::name(namespace));
    let grace = if resource.plural == PODS.plural && resource.group.is_empty() {
        grace_left(api, namespace, now).await.map_err(|error| error.to_string())?
    } else {
        0
    };
    delete_all(api, served, name).await.map_err(|error| error.to_string())?;
    let Some(list) = list(api, served, name).await.map_err(|error| error.to_string())? else { return Ok(()) };
    let items = object::list(&list, "/items");
    if items.is_empty() {
        return Ok(());
    }
    findings.remaining.insert(format!("{}.{}", resource.plural, resource.group), items.len());
    let mut held: BTreeMap<&str, usize> = BTreeMap::new();
    for finalizer in items.iter().flat_map(object::finalizers) {
        *held.entry(finalizer).or_default() += 1;
    }
    let explained = grace > 0 || !held.is_empty();
    findings.grace = findings.grace.max(grace);
    for (finalizer, count) in held {
        *findings.finalizers.entry(finalizer.to_owned()).or_default() += count;
    }
    if explained {
        Ok(())
    } else {
        Err(format!("unexpected items still remain in namespace: {name} for gvr: {resource}"))
    }
}

/// In one request where the resource can do that, one by one otherwise.
async fn delete_all(api: &Api, served: &Served, namespace: &str) -> Result<(), Error> {
    let (resource, options) = (&served.resource, json!({"propagationPolicy": "Background"}));
    if served.has(&["deletecollection"]) {
        match api.delete_collection(resource, namespace, &options).await {
            Err(error) if error.is_not_found() || error.is_method_not_supported() => {}
            done => return done.map(|_| ()),
        }
    }
    let Some(list) = list(api, served, namespace).await? else { return Ok(()) };
    for item in object::list(&list, "/items") {
        match api.delete(resource, namespace, object::name(item), &options).await {
            Err(error) if !error.is_not_found() && !error.is_method_not_supported() => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// `metadata` of the objects; `None` where they cannot be listed.
async fn list(api: &Api, served: &Served, namespace: &str) -> Result<Option<Value>, Error> {
    if !served.has(&["list"]) {
        return Ok(None);
    }
    match api.list(&served.resource, namespace, &[], View::Metadata).await {
        Err(error) if error.is_not_found() || error.is_method_not_supported() => Ok(None),
        list => list.map(Some),
    }
}

/// For how many seconds Pods may still be ending: the longest grace period among them, until it has passed since the namespace was deleted.
async fn grace_left(api: &Api, namespace: &Value, now: Timestamp) -> Result<u64, Error> {
    let pods = api.list(&PODS, object::name(namespace), &[], View::Whole).await?;
    let running = object::list(&pods, "/items")
        .iter()
        .filter(|pod| !matches!(object::text(pod, "/status/phase"), "Succeeded" | "Failed"));
    let longest =
        running.filter_map(|pod| pod.pointer("/spec/terminationGracePeriodSeconds")?.as_i64()).max().unwrap_or(0);
    let deleted: Option<Timestamp> = object::text(namespace, "/metadata/deletionTimestamp").parse().ok();
    let passed = deleted.is_none_or(|deleted| now.as_second() - deleted.as_second() >= longest);
    Ok(if passed { 0 } else { longest.unsigned_abs() })
}
