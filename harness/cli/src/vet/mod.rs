//! What manifests say that no cluster would take, or that comes to nothing there.
//!
//! Only what can be known is judged: a kind whose group neither Kubernetes nor the manifests define may well exist in a cluster. A kind that
//! one of Kubernetes' own groups does not have is an error, and so is a role, a binding or a definition of a kind that cannot be read (see [`shape`]);
//! everything else is a warning, because manifests may be a part of something larger.

mod shape;

use std::collections::BTreeSet;

use proofmark_json::Value;
use proofmark_manifests::{Diagnostic, Gvk, ManifestSet, Object, Severity};
use proofmark_rbac::{GROUP, bootstrap};

use crate::kinds::{Kind, Kinds, Origin, nearest};

/// The release whose kinds are known.
const KUBERNETES: &str = "Kubernetes 1.35";

/// Everything that is odd, in the order of the objects.
pub(crate) fn vet(manifests: &ManifestSet) -> Vec<Diagnostic> {
    let kinds = Kinds::of(manifests);
    let roles = Roles::of(manifests);
    let odd = |object| {
        let whole = unknown_kind(object, &kinds).or_else(|| bound_to_nothing(object, &roles));
        whole.into_iter().chain(shape::vet(object))
    };
    manifests.objects.iter().flat_map(odd).collect()
}

fn unknown_kind(object: &Object, kinds: &Kinds) -> Option<Diagnostic> {
    let gvk = object.gvk();
    let of_group: Vec<&Kind> = kinds.iter().filter(|kind| kind.group == gvk.group).collect();
    let Some(origin) = of_group.first().map(|kind| kind.origin) else {
        return misspelt_group(object, &gvk, kinds);
    };
    let of_version: Vec<&Kind> = of_group.iter().copied().filter(|kind| kind.version == gvk.version).collect();
    if of_version.iter().any(|kind| kind.kind == gvk.kind) {
        return None;
    }
    let elsewhere = of_group.iter().find(|kind| kind.kind == gvk.kind);
    let called = api_version(&gvk);
    if let Some(other) = elsewhere {
        let message = format!("{} is not served in {called}", gvk.kind);
        let help = format!("it is served in {}", other.version);
        return Some(object.finding(Severity::Warning, "/apiVersion", message).with_help(help));
    }
    if origin == Origin::Kubernetes && of_version.is_empty() {
        let message = format!("{KUBERNETES} does not serve {called}");
        let help = "no cluster of that release takes this object";
        return Some(object.finding(Severity::Warning, "/apiVersion", message).with_help(help));
    }
    let near = nearest(&gvk.kind, of_group.iter().map(|kind| kind.kind.as_str()));
    // Files of other programs say `v1` too, kubeconfigs for one.
    let certain = !gvk.group.is_empty() || near.is_some();
    let (severity, who) = match origin {
        Origin::Kubernetes if certain => (Severity::Error, format!("{KUBERNETES} has none of that name in {called}")),
        Origin::Kubernetes => (Severity::Warning, format!("{KUBERNETES} has none of that name in {called}")),
        Origin::Manifests => (Severity::Warning, format!("no CustomResourceDefinition here defines it in {called}")),
    };
    let finding = object.finding(severity, "/kind", format!("unknown kind {}: {who}", gvk.kind));
    Some(finding.with_help(match near {
        Some(near) => format!("did you mean {near}?"),
        None => format!("that group has {}", listed(&of_group)),
    }))
}

/// A group that nobody here defines is none of our business, unless it looks like one that somebody does.
fn misspelt_group(object: &Object, gvk: &Gvk, kinds: &Kinds) -> Option<Diagnostic> {
    let same_kind = kinds.iter().filter(|kind| kind.kind == gvk.kind && !kind.group.is_empty());
    let near = nearest(&gvk.group, same_kind.map(|kind| kind.group.as_str()))?;
    let message = format!("unknown API group {}", gvk.group);
    Some(object.finding(Severity::Warning, "/apiVersion", message).with_help(format!("did you mean {near}?")))
}

fn api_version(gvk: &Gvk) -> String {
    match gvk.group.as_str() {
        "" => gvk.version.clone(),
        group => format!("{group}/{}", gvk.version),
    }
}

fn listed(kinds: &[&Kind]) -> String {
    let names: BTreeSet<&str> = kinds.iter().map(|kind| kind.kind.as_str()).collect();
    names.into_iter().collect::<Vec<_>>().join(", ")
}

/// The roles that bindings can give: namespace (empty for a ClusterRole) and name.
struct Roles(BTreeSet<(String, String)>);

impl Roles {
    fn of(manifests: &ManifestSet) -> Self {
        let default =
            bootstrap::roles().iter().map(|role| (role.namespace.clone().unwrap_or_default(), role.name.clone()));
        let own = manifests.objects.iter().filter_map(|object| {
            let identity = object.identity();
            match (identity.group.as_str(), identity.kind.as_str()) {
                (GROUP, "ClusterRole") => Some((String::new(), identity.name)),
                (GROUP, "Role") => Some((identity.namespace, identity.name)),
                _ => None,
            }
        });
        Self(default.chain(own).collect())
    }
}

fn bound_to_nothing(object: &Object, roles: &Roles) -> Option<Diagnostic> {
    let identity = object.identity();
    let is_binding = identity.group == GROUP && matches!(identity.kind.as_str(), "RoleBinding" | "ClusterRoleBinding");
    let role_ref = object.value.get("roleRef").filter(|_| is_binding)?;
    let text = |field: &str| role_ref.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (kind, name) = (text("kind"), text("name"));
    let namespace = if kind == "Role" { identity.namespace } else { String::new() };
    if roles.0.contains(&(namespace.clone(), name.clone())) {
        return None;
    }
    let message = format!("{} {} is bound to nothing: there is no {kind} {name}", identity.kind, identity.name);
    let finding = object.finding(Severity::Warning, "/roleRef/name", message);
    let candidates = roles.0.iter().filter(|(own, _)| *own == namespace).map(|(_, name)| name.as_str());
    Some(match nearest(&name, candidates) {
        Some(near) => finding.with_help(format!("did you mean {near}?")),
        None => finding.with_help("it is neither in these manifests nor among the roles that every cluster has"),
    })
}
