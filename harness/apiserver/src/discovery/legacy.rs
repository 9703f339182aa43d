//! Discovery as clients before 1.26 read it: groups, their versions, their resources.

use proofmark_builtin::Subresource;
use proofmark_json::{Map, Value, json};

use super::super::resource::Resource;
use crate::handlers::{Content, Reply};
use crate::refusal::Refusal;
use crate::resource::{Catalog, group_version};
use crate::server::Call;

fn document(value: Value) -> Result<Reply, Refusal> {
    Ok(Reply::new(200, Content::Discovery(value)))
}

/// `/api`
pub(super) fn core_versions(call: &Call<'_>) -> Result<Reply, Refusal> {
    document(json!({
        "kind": "APIVersions",
        "versions": ["v1"],
        "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": call.server.address}],
    }))
}

/// `/apis`
pub(super) fn groups(call: &Call<'_>) -> Result<Reply, Refusal> {
    let mut all: Vec<Value> = proofmark_builtin::groups()
        .iter()
        .filter(|g| !g.name.is_empty())
        .map(|g| describe(&g.name, &g.versions, &g.preferred))
        .collect();
    for (group, versions) in custom_groups(&call.server.catalog) {
        if let Some(preferred) = versions.first() {
            all.push(describe(&group, &versions, preferred));
        }
    }
    document(json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": all}))
}

/// `/apis/{group}`
pub(super) fn group(call: &Call<'_>, name: &str) -> Result<Reply, Refusal> {
    let described = match proofmark_builtin::groups().iter().find(|g| g.name == name && !name.is_empty()) {
        Some(group) => describe(&group.name, &group.versions, &group.preferred),
        None => {
            let groups = custom_groups(&call.server.catalog);
            let (group, versions) = groups.iter().find(|(g, _)| g == name).ok_or(Refusal::NoSuchPage)?;
            describe(group, versions, versions.first().map_or("", |v| v))
        }
    };
    let mut document = Map::new();
    document.insert("kind", json!("APIGroup"));
    document.insert("apiVersion", json!("v1"));
    document.extend(described.as_object().cloned().unwrap_or_default());
    self::document(Value::Object(document))
}

fn describe(group: &str, versions: &[String], preferred: &str) -> Value {
    let version = |v: &str| json!({"groupVersion": group_version(group, v), "version": v});
    let all: Vec<Value> = versions.iter().map(|v| version(v)).collect();
    json!({"name": group, "versions": all, "preferredVersion": version(preferred)})
}

/// The groups of custom resources in order of their names, each with its versions, the most stable and newest first.
pub(super) fn custom_groups(catalog: &Catalog) -> Vec<(String, Vec<String>)> {
    let mut groups: Vec<(String, Vec<String>)> = Vec::new();
    for (group, version, _) in catalog.custom().keys() {
        match groups.iter_mut().find(|(g, _)| g == group) {
            Some((_, versions)) if versions.contains(version) => {}
            Some((_, versions)) => versions.push(version.clone()),
            None => groups.push((group.clone(), vec![version.clone()])),
        }
    }
    for (_, versions) in &mut groups {
        versions.sort_by(|a, b| version_order(b).cmp(&version_order(a)).then_with(|| a.cmp(b)));
    }
    groups
}

/// How a version ranks: stable over beta over alpha over anything else, then by number.
/// Source: `k8s.io/apimachinery/pkg/version.CompareKubeAwareVersionStrings`.
pub(crate) fn version_order(version: &str) -> (u8, u64, u64) {
    let number = |s: &str| s.parse::<u64>().ok().filter(|_| !s.starts_with('0') || s == "0");
    let Some(rest) = version.strip_prefix('v') else {
        return (0, 0, 0);
    };
    for (word, rank) in [("alpha", 1), ("beta", 2)] {
        if let Some((major, minor)) = rest.split_once(word) {
            return match (number(major), if minor.is_empty() { Some(0) } else { number(minor) }) {
                (Some(major), Some(minor)) => (rank, major, minor),
                _ => (0, 0, 0),
            };
        }
    }
    number(rest).map_or((0, 0, 0), |major| (3, major, 0))
}

/// `/api/{version}`, `/apis/{group}/{version}`
pub(super) fn resources(call: &Call<'_>, group: &str, version: &str) -> Result<Reply, Refusal> {
    let catalog = &call.server.catalog;
    if !catalog.serves(group, version) {
        let known = Catalog::is_builtin_group(group);
        return Err(if known { Refusal::no_such_resource() } else { Refusal::NoSuchPage });
    }
    let mut entries = Vec::new();
    for resource in catalog.builtin_in(group, version).iter().chain(&catalog.custom_in(group, version)) {
        entries.push(entry(resource));
        entries.extend(resource.subresources.iter().map(|sub| sub_entry(resource, sub)));
    }
    let mut document = json!({"kind": "APIResourceList"});
    if !group.is_empty() {
        document["apiVersion"] = json!("v1");
    }
    document["groupVersion"] = json!(group_version(group, version));
    document["resources"] = Value::Array(entries);
    self::document(document)
}

fn entry(resource: &Resource) -> Value {
    let mut entry = json!({
        "name": resource.plural,
        "singularName": resource.singular,
        "namespaced": resource.namespaced,
        "kind": resource.kind,
        "verbs": resource.offered_verbs(),
    });
    if !resource.short_names.is_empty() {
        entry["shortNames"] = json!(resource.short_names);
    }
    if !resource.categories.is_empty() {
        entry["categories"] = json!(resource.categories);
    }
    if !resource.storage_version_hash.is_empty() {
        entry["storageVersionHash"] = json!(resource.storage_version_hash);
    }
    entry
}

fn sub_entry(resource: &Resource, sub: &Subresource) -> Value {
    let mut entry = json!({"name": format!("{}/{}", resource.plural, sub.name), "singularName": "", "namespaced": resource.namespaced});
    if (sub.group.as_str(), sub.version.as_str()) != (resource.group.as_str(), resource.version.as_str()) {
        if !sub.group.is_empty() {
            entry["group"] = json!(sub.group);
        }
        entry["version"] = json!(sub.version);
    }
    entry["kind"] = json!(sub.kind);
    entry["verbs"] = json!(sub.verbs);
    entry
}

#[cfg(test)]
mod tests {
    use super::version_order;

    #[test]
    fn versions_rank_by_stability_then_number() {
        let mut versions = ["v1beta1", "foo1", "v10", "v1", "v2", "v1alpha1", "v11beta2", "v3alpha1"];
        versions.sort_by_key(|v| std::cmp::Reverse(version_order(v)));
        assert_eq!(versions, ["v10", "v2", "v1", "v11beta2", "v1beta1", "v3alpha1", "v1alpha1", "foo1"]);
    }
}
