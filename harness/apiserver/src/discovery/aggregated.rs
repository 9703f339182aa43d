//! Aggregated discovery (KEP-3352, `apidiscovery.k8s.io/v2`): all groups in one document.

use std::sync::{Arc, OnceLock};

use proofmark_json::{Value, json};

use super::legacy::custom_groups;
use crate::handlers::{Content, Reply};
use crate::resource::{Catalog, Discovered, Resource};
use crate::server::Call;

const CONTENT_TYPE: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/// `/api` (`core`) or `/apis`.
pub(super) fn groups(call: &Call<'_>, core: bool) -> Reply {
    static CORE: OnceLock<Arc<Discovered>> = OnceLock::new();
    let catalog = &call.server.catalog;
    let custom = catalog.custom();
    let kept = if core { &CORE } else { &custom.discovered };
    let document = kept.get_or_init(|| Discovered::new(document(catalog, core))).clone();
    Reply::new(200, Content::Groups { content_type: CONTENT_TYPE, document })
}

fn document(catalog: &Catalog, core: bool) -> Value {
    let builtin = proofmark_builtin::groups().iter().filter(|g| g.name.is_empty() == core);
    let mut items: Vec<Value> = builtin
        .map(|group| {
            let versions = group.versions.iter().map(|v| version(v, &catalog.builtin_in(&group.name, v))).collect();
            item(&group.name, versions)
        })
        .collect();
    if !core {
        for (group, versions) in custom_groups(catalog) {
            let versions = versions.iter().map(|v| version(v, &catalog.custom_in(&group, v))).collect();
            items.push(item(&group, versions));
        }
    }
    json!({"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": items})
}

fn item(group: &str, versions: Vec<Value>) -> Value {
    let metadata = if group.is_empty() { json!({}) } else { json!({"name": group}) };
    json!({"metadata": metadata, "versions": versions})
}

fn version(name: &str, resources: &[std::sync::Arc<Resource>]) -> Value {
    let resources: Vec<Value> = resources.iter().map(|r| resource(r)).collect();
    json!({"version": name, "resources": resources, "freshness": "Current"})
}

fn resource(resource: &Resource) -> Value {
    let custom = resource.custom().is_some();
    // Kinds of the version itself are named without it; custom ones in full.
    let own = |group: &str, version: &str, kind: &str| {
        let same = (group, version) == (resource.group.as_str(), resource.version.as_str());
        if same && !custom {
            json!({"group": "", "version": "", "kind": kind})
        } else {
            json!({"group": group, "version": version, "kind": kind})
        }
    };
    let mut entry = json!({
        "resource": resource.plural,
        "responseKind": own(&resource.group, &resource.version, &resource.kind),
        "scope": if resource.namespaced { "Namespaced" } else { "Cluster" },
        "singularResource": resource.singular,
        "verbs": resource.offered_verbs(),
    });
    if !resource.short_names.is_empty() {
        entry["shortNames"] = json!(resource.short_names);
    }
    if !resource.categories.is_empty() {
        entry["categories"] = json!(resource.categories);
    }
    if !resource.subresources.is_empty() {
        let subs: Vec<Value> = resource
            .subresources
            .iter()
            .map(|s| json!({"subresource": s.name, "responseKind": own(&s.group, &s.version, &s.kind), "verbs": s.verbs}))
            .collect();
        entry["subresources"] = Value::Array(subs);
    }
    entry
}
