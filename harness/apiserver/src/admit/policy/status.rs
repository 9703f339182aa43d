//! What a policy's status says: what the type checker thinks of its expressions.
//!
//! On a real cluster a controller of its own writes it a moment later. Source:
//! `pkg/controller/validatingadmissionpolicystatus`, release 1.35.

use std::collections::BTreeSet;
use std::sync::Arc;

use proofmark_admission::{shape, type_warnings};
use proofmark_cel::Shape;
use proofmark_json::{Value, json};
use proofmark_registry::meta;

use crate::admit::expressions::NOTHING;
use crate::handlers;
use crate::resource::Resource;
use crate::server::Inner;
use crate::store::Precondition;

/// The most kinds that a policy is checked against.
const KINDS_MAX: usize = 10;

/// After a policy was written: checks it, unless that generation was checked already.
pub(crate) fn observe(server: &Arc<Inner>, resource: &Arc<Resource>, policy: &Value) {
    if resource.group != "admissionregistration.k8s.io" || resource.plural != "validatingadmissionpolicies" {
        return;
    }
    let name = meta::text(policy, "name");
    let Some(stored) = server.store.snapshot().get(&resource.prefix, name).cloned() else { return };
    let generation = meta::of(&stored.value).and_then(|m| m.get("generation")).cloned().unwrap_or_default();
    if stored.value.pointer("/status/observedGeneration") == Some(&generation) {
        return;
    }
    let spec = stored.value.get("spec").unwrap_or(NOTHING);
    let params = spec.get("paramKind").and_then(|kind| {
        let text = |field: &str| kind.get(field).and_then(Value::as_str);
        let (group, version) = text("apiVersion")?.split_once('/').unwrap_or(("", text("apiVersion")?));
        Some(shape_of(&*server.catalog.find_kind(group, version, text("kind")?)?))
    });
    let warnings = type_warnings(spec, &kinds(server, spec), params.as_ref());
    let checked = if warnings.is_empty() { json!({}) } else { json!({"expressionWarnings": warnings}) };
    let mut value = Value::clone(&stored.value);
    value["status"]["observedGeneration"] = generation;
    value["status"]["typeChecking"] = checked;
    // Whoever changed the policy meanwhile has it checked again.
    let _ = handlers::write(server, resource, name, value, Precondition::Revision(stored.revision));
}

fn shape_of(resource: &Resource) -> Shape {
    let (types, id) = resource.types();
    shape(types, id)
}

/// The kinds that a policy names without wildcards, with their shapes.
fn kinds(server: &Arc<Inner>, spec: &Value) -> Vec<(String, Shape)> {
    let rules = spec.pointer("/matchConstraints/resourceRules").and_then(Value::as_array);
    let mut found = BTreeSet::new();
    for rule in rules.into_iter().flatten() {
        let list = |field: &str| -> Vec<&str> {
            let list = rule.get(field).and_then(Value::as_array);
            let mut texts: Vec<&str> = list.into_iter().flatten().filter_map(Value::as_str).collect();
            texts.sort_unstable();
            texts
        };
        let (groups, versions) = (list("apiGroups"), list("apiVersions"));
        if groups.iter().chain(&versions).any(|text| text.contains('*')) {
            continue;
        }
        let resources = list("resources");
        let plain = resources.iter().filter(|text| !text.contains(['*', '/']));
        for plural in plain {
            for (group, version) in groups.iter().flat_map(|g| versions.iter().map(move |v| (*g, *v))) {
                found.extend(
                    server
                        .catalog
                        .find(group, version, plural)
                        .map(|r| (r.group.clone(), r.version.clone(), r.plural.clone())),
                );
            }
        }
    }
    let resources = found.iter().take(KINDS_MAX).filter_map(|(g, v, p)| server.catalog.find(g, v, p));
    resources.map(|r| (format!("{}/{}, Kind={}", r.group, r.version, r.kind), shape_of(&r))).collect()
}
