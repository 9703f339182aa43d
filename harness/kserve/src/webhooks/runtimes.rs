//! ServingRuntimes and ClusterServingRuntimes: priorities must tell runtimes of the same format apart.

use proofmark_controllers::kit::{View, object};
use serde_json::Value;

use super::{Denied, Inner, Review};
use crate::names::kinds;
use crate::runtime;

pub(super) async fn validate(hooks: &Inner, review: &Review) -> Result<(), Denied> {
    let new = &review.object;
    if runtime::is_disabled(new) {
        return Ok(());
    }
    let cluster = object::text(new, "/kind") == "ClusterServingRuntime";
    let of = if cluster { &kinds::CLUSTER_RUNTIMES } else { &kinds::RUNTIMES };
    let list = hooks.api.list(of, &review.namespace, &[], View::Whole).await?;
    let small = hooks.behaviour.small_letters;
    let existing = object::list(&list, "/items").iter().filter(|other| object::name(other) != object::name(new));
    for other in existing {
        different(new, cluster, small)?;
        same(other, new, &review.namespace, cluster, small)?;
    }
    // The first runtime of a scope has nobody to be compared with, and is not looked at at all.
    Ok(())
}

/// A runtime has one priority for a format that it may be chosen for, whatever the versions.
fn different(new: &Value, cluster: bool, small: bool) -> Result<(), Denied> {
    let formats = object::list(new, "/spec/supportedModelFormats");
    let formats: Vec<&Value> = formats.iter().filter(|format| object::flag(format, "/autoSelect")).collect();
    let priority = |format: &Value| object::number(format, "/priority");
    for format in &formats {
        let name = object::text(format, "/name");
        let first = formats.iter().find(|first| object::text(first, "/name") == name && priority(first).is_some());
        if let (Some(first), Some(own)) = (first.and_then(|first| priority(first)), priority(format))
            && first != own
        {
            let (different, kind) = (if small { "different" } else { "Different" }, kind(cluster));
            return Err(Denied::because(format!(
                "{different} priorities assigned for the model format {name} under the {kind} {}",
                object::name(new)
            )));
        }
    }
    Ok(())
}

/// Two runtimes that could be chosen for the same model need different priorities.
fn same(other: &Value, new: &Value, namespace: &str, cluster: bool, small: bool) -> Result<(), Denied> {
    let multi = |runtime: &Value| object::flag(runtime, "/spec/multiModel");
    let protocols = |runtime: &Value| -> Vec<String> {
        object::strings(runtime, "/spec/protocolVersions").map(str::to_owned).collect()
    };
    let (theirs, ours) = (protocols(other), protocols(new));
    if runtime::is_disabled(other) || multi(other) != multi(new) || !theirs.iter().any(|p| ours.contains(p)) {
        return Ok(());
    }
    for format in object::list(new, "/spec/supportedModelFormats") {
        let name = object::text(format, "/name");
        let clash = object::list(other, "/spec/supportedModelFormats").iter().any(|theirs| {
            object::flag(theirs, "/autoSelect")
                && object::flag(format, "/autoSelect")
                && object::text(theirs, "/name").eq_ignore_ascii_case(name)
                && theirs.get("version") == format.get("version")
                && theirs.get("priority").is_some()
                && theirs.get("priority") == format.get("priority")
        });
        if clash {
            let (same, kind) = (if small { "same" } else { "Same" }, kind(cluster));
            let place = if cluster { String::new() } else { format!(" in namespace {namespace}") };
            return Err(Denied::because(format!(
                "{same} priority assigned for the model format {name} in the {kind}s {} and {}{place}",
                object::name(other),
                object::name(new)
            )));
        }
    }
    Ok(())
}

const fn kind(cluster: bool) -> &'static str {
    if cluster { "clusterservingruntime" } else { "servingruntime" }
}
