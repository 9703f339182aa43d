//! Namespace, prefix, suffix, labels and annotations.

use std::collections::BTreeMap;

use proofmark_json::Value;

use super::build::Accumulator;
use super::fieldspec::{FieldSpec, Leaf};
use super::resource::{Resource, mapping};
use super::rules::Rules;

/// Why an object could not be changed, and which one.
pub(super) struct Failed {
    pub(super) index: usize,
    pub(super) reason: String,
}

/// Puts every namespaced object into a namespace, and says so where objects name theirs.
pub(super) fn set_namespace(set: &mut Accumulator, namespace: &str) -> Result<(), Failed> {
    let rules = set.rules.namespace.clone();
    for (index, resource) in set.resources.iter_mut().enumerate() {
        resource.remember();
        set_one_namespace(resource, namespace, &rules).map_err(|reason| Failed { index, reason })?;
    }
    let mut seen = BTreeMap::new();
    for (index, resource) in set.resources.iter().enumerate() {
        if let Some(first) = seen.insert(resource.id(), index) {
            let other = &set.resources[first].object.at;
            let reason = format!("namespace {namespace:?} makes this object the same as the one at {other}");
            return Err(Failed { index, reason });
        }
    }
    Ok(())
}

fn set_one_namespace(resource: &mut Resource, namespace: &str, rules: &[FieldSpec]) -> Result<(), String> {
    if !resource.is_cluster_scoped() {
        resource.set_namespace(namespace);
    }
    let gvk = resource.gvk();
    let is_binding = ["RoleBinding", "ClusterRoleBinding"].contains(&gvk.kind.as_str());
    if is_binding && let Some(Value::Array(subjects)) = resource.object.value.get_mut("subjects") {
        // Accounts of other names follow the account itself, if it is in the set.
        for subject in subjects.iter_mut().filter_map(Value::as_object_mut) {
            if subject.get("name").and_then(Value::as_str) == Some("default") {
                subject.insert("namespace", namespace.into());
            }
        }
    }
    let core_v1 = gvk.group.is_empty() && gvk.version == "v1";
    for rule in rules.iter().filter(|rule| rule.is_for(&gvk)) {
        match rule.path.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ["metadata", "namespace"] => continue,
            // Namespaces are renamed; objects of others' kinds of the same name are not.
            ["metadata", "name"] if !core_v1 => continue,
            ["subjects", "namespace"] if is_binding => continue,
            _ => {}
        }
        rule.apply(&mut resource.object.value, Leaf::Scalar, &mut |field| match field {
            Value::Array(_) | Value::Object(_) => Err("a rule for namespaces leads to what is no text".to_owned()),
            field => {
                *field = namespace.into();
                Ok(())
            }
        })?;
    }
    Ok(())
}

/// Whether names of a kind are left alone: others find the object by its exact name.
fn keeps_its_name(resource: &Resource) -> bool {
    let id = resource.original_id();
    match id.kind.as_str() {
        "CustomResourceDefinition" | "Namespace" => true,
        "APIService" => id.group == "apiregistration.k8s.io",
        _ => false,
    }
}

/// Which end of a name is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Prefix,
    Suffix,
}

/// Adds a prefix or a suffix to names.
pub(super) fn affix(set: &mut Accumulator, end: End, affix: &str) -> Result<(), Failed> {
    let rules = if end == End::Prefix { set.rules.name_prefix.clone() } else { set.rules.name_suffix.clone() };
    for (index, resource) in set.resources.iter_mut().enumerate().filter(|(_, resource)| !keeps_its_name(resource)) {
        let gvk = resource.gvk();
        for rule in rules.iter().filter(|rule| rule.is_for(&gvk)) {
            if rule.path == ["metadata", "name"] {
                let list = if end == End::Prefix { &mut resource.prefixes } else { &mut resource.suffixes };
                list.push(affix.to_owned());
                resource.remember();
            }
            rule.apply(&mut resource.object.value, Leaf::Never, &mut |field| match field {
                Value::String(name) => {
                    *name = if end == End::Prefix { format!("{affix}{name}") } else { format!("{name}{affix}") };
                    Ok(())
                }
                _ => Err("a rule for names leads to what is no text".to_owned()),
            })
            .map_err(|reason| Failed { index, reason })?;
        }
    }
    Ok(())
}

/// Writes names and texts into the mappings that the rules lead to: labels, selectors, annotations.
pub(super) fn write_pairs(
    set: &mut Accumulator,
    pairs: &BTreeMap<String, String>,
    rules: &[FieldSpec],
) -> Result<(), Failed> {
    if pairs.is_empty() {
        return Ok(());
    }
    for (index, resource) in set.resources.iter_mut().enumerate() {
        let gvk = resource.gvk();
        for rule in rules.iter().filter(|rule| rule.is_for(&gvk)) {
            rule.apply(&mut resource.object.value, Leaf::Mapping, &mut |field| match field {
                Value::Object(_) | Value::Null => {
                    let map = mapping(field);
                    pairs.iter().for_each(|(key, text)| {
                        map.insert(key.clone(), text.as_str().into());
                    });
                    Ok(())
                }
                _ => Err("labels and annotations are mappings".to_owned()),
            })
            .map_err(|reason| Failed { index, reason })?;
        }
    }
    Ok(())
}

/// The rules for one entry of `labels`.
pub(super) fn label_rules(rules: &Rules, own: &[FieldSpec], selectors: bool, templates: bool) -> Vec<FieldSpec> {
    let mut all: Vec<FieldSpec> = own.iter().chain(&rules.labels).cloned().collect();
    match (selectors, templates) {
        (true, _) => all.extend(rules.common_labels.iter().cloned()),
        (false, true) => all.extend(rules.template_labels.iter().cloned()),
        (false, false) => {}
    }
    all.push(FieldSpec::new("", "metadata/labels", true));
    all
}
