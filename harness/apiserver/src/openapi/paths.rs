//! The paths of a resource, with what clients look for in them: the kind that an operation is about, and its options.

use proofmark_json::{Map, Value, json};

use super::{Release, definition_name};
use crate::resource::Resource;

/// Options of writes.
const WRITE: [&str; 3] = ["dryRun", "fieldManager", "fieldValidation"];
/// Options of lists and watches.
const LIST: [&str; 10] = [
    "allowWatchBookmarks",
    "continue",
    "fieldSelector",
    "labelSelector",
    "limit",
    "resourceVersion",
    "resourceVersionMatch",
    "sendInitialEvents",
    "timeoutSeconds",
    "watch",
];
/// Options of deletions.
const DELETE: [&str; 4] = ["dryRun", "gracePeriodSeconds", "orphanDependents", "propagationPolicy"];

/// A resource's collection and object paths.
pub(super) fn of(resource: &Resource, release: Release) -> Map {
    let root = match resource.group.as_str() {
        "" => format!("/api/{}", resource.version),
        group => format!("/apis/{group}/{}", resource.version),
    };
    let inside = if resource.namespaced { "/namespaces/{namespace}" } else { "" };
    let collection = format!("{root}{inside}/{}", resource.plural);
    let mut paths = Map::new();
    let operations = |wanted: &[(&str, &str)]| -> Map {
        let offered = wanted.iter().filter(|(verb, _)| resource.verbs.iter().any(|v| v == verb));
        offered.map(|(verb, method)| ((*method).to_owned(), operation(resource, release, verb, ""))).collect()
    };
    if resource.namespaced {
        let across = operations(&[("list", "get")]);
        let across: Map = across
            .into_iter()
            .map(|(method, mut operation)| {
                operation["operationId"] = json!(operation_id(resource, "list", "", true));
                (method, operation)
            })
            .collect();
        if !across.is_empty() {
            paths.insert(format!("{root}/{}", resource.plural), Value::Object(across));
        }
    }
    let whole = operations(&[("list", "get"), ("create", "post"), ("deletecollection", "delete")]);
    if !whole.is_empty() {
        paths.insert(collection.clone(), Value::Object(whole));
    }
    let one = operations(&[("get", "get"), ("update", "put"), ("patch", "patch"), ("delete", "delete")]);
    if !one.is_empty() {
        paths.insert(format!("{collection}/{{name}}"), Value::Object(one));
    }
    for sub in &resource.subresources {
        let wanted = [("get", "get"), ("update", "put"), ("patch", "patch"), ("create", "post")];
        let offered = wanted.iter().filter(|(verb, _)| sub.verbs.iter().any(|v| v == verb));
        let operations =
            offered.map(|(verb, method)| ((*method).to_owned(), operation(resource, release, verb, &camel(&sub.name))));
        paths.insert(format!("{collection}/{{name}}/{}", sub.name), Value::Object(operations.collect()));
    }
    paths
}

fn operation(resource: &Resource, release: Release, verb: &str, suffix: &str) -> Value {
    let options: &[&str] = match verb {
        "create" | "update" => &WRITE,
        "patch" => &["dryRun", "fieldManager", "fieldValidation", "force"],
        "list" => &LIST,
        "delete" | "deletecollection" => &DELETE,
        _ => &[],
    };
    let parameters: Vec<Value> = options.iter().map(|name| parameter(name, release)).collect();
    let action = match verb {
        "create" => "post",
        "update" => "put",
        other => other,
    };
    let name = definition_name(resource);
    let shown = if verb == "list" { format!("{name}List") } else { name };
    let answer = match release {
        Release::Two => json!({"description": "OK", "schema": release.reference(&shown)}),
        Release::Three => {
            json!({"description": "OK", "content": {"application/json": {"schema": release.reference(&shown)}}})
        }
    };
    json!({
        "operationId": operation_id(resource, verb, suffix, false),
        "parameters": parameters,
        "responses": {"200": answer},
        "x-kubernetes-action": action,
        "x-kubernetes-group-version-kind": {"group": resource.group, "version": resource.version, "kind": resource.kind},
    })
}

/// As `createAppsV1NamespacedDeployment`.
fn operation_id(resource: &Resource, verb: &str, suffix: &str, across: bool) -> String {
    let verb = match verb {
        "get" => "read",
        "update" => "replace",
        "deletecollection" => "deleteCollection",
        other => other,
    };
    let group = match resource.group.strip_suffix(".k8s.io").unwrap_or(&resource.group) {
        "" => "Core".to_owned(),
        group => camel(group),
    };
    let scope = if resource.namespaced && !across { "Namespaced" } else { "" };
    let everywhere = if across { "ForAllNamespaces" } else { "" };
    format!("{verb}{group}{}{scope}{}{suffix}{everywhere}", camel(&resource.version), resource.kind)
}

/// Words between dots and dashes, each with a capital letter.
fn camel(text: &str) -> String {
    let words = text.split(['.', '-']).filter_map(|word| word.split_at_checked(1));
    words.map(|(first, rest)| format!("{}{rest}", first.to_ascii_uppercase())).collect()
}

fn parameter(name: &str, release: Release) -> Value {
    let kind = match name {
        "allowWatchBookmarks" | "sendInitialEvents" | "watch" | "force" | "orphanDependents" => "boolean",
        "limit" | "timeoutSeconds" | "gracePeriodSeconds" => "integer",
        _ => "string",
    };
    match release {
        Release::Two => json!({"name": name, "in": "query", "type": kind, "uniqueItems": true}),
        Release::Three => json!({"name": name, "in": "query", "schema": {"type": kind, "uniqueItems": true}}),
    }
}
