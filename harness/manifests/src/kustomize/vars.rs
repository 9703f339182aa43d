//! `vars`: `$(NAME)` in some fields stands for a value of some object. Superseded by replacements, and in wide use.

use std::collections::BTreeMap;

use proofmark_json::Value;

use super::build::Accumulator;
use super::entries::Var;
use super::fieldspec::Leaf;
use super::paths;
use super::scope::is_cluster_scoped;
use crate::diagnostic::Outcome;

/// Notes which objects the vars of a kustomization take their values from.
pub(super) fn collect(set: &mut Accumulator, vars: &[Var]) -> Outcome<()> {
    for var in vars {
        let mut wanted = var.object.clone();
        if is_cluster_scoped(&wanted.group, &wanted.kind) {
            wanted.namespace.clear();
        }
        let mut found =
            set.resources.iter_mut().filter(|resource| resource.all_ids().iter().any(|id| wanted.selects(id)));
        if let Some(resource) = found.next() {
            resource.vars.push(var.name.clone());
        }
        if found.next().is_some() {
            let message = format!("the var {} may mean several objects: {}", var.name, var.object.describe());
            return Err(var.file.error(var.at, message));
        }
    }
    set.add_vars(vars)
}

/// Writes the values of all vars where they are named.
pub(super) fn resolve(set: &mut Accumulator) -> Outcome<()> {
    let mut values: BTreeMap<String, Value> = BTreeMap::new();
    for var in set.vars.clone() {
        let Some(resource) = set.resources.iter().find(|resource| resource.vars.contains(&var.name)) else {
            let message = format!("the var {} names an object that is not there: {}", var.name, var.object.describe());
            set.not_there(var.file.error(var.at, message))?;
            continue;
        };
        let path: Vec<String> = paths::split(&var.path).iter().flat_map(|step| with_index(step)).collect();
        let Some(value) = paths::get(&resource.object.value, &path) else {
            let message =
                format!("the var {} names a field that {} has not: {}", var.name, resource.object.at, var.path);
            return Err(var.file.error(var.at, message));
        };
        values.insert(var.name.clone(), value.clone());
    }
    if values.is_empty() {
        return Ok(());
    }
    let rules = set.rules.vars.clone();
    for resource in &mut set.resources {
        let gvk = resource.gvk();
        for rule in rules.iter().filter(|rule| rule.is_for(&gvk)) {
            let written = rule.apply(&mut resource.object.value, Leaf::Never, &mut |field| {
                match field {
                    Value::String(_) => expand_in(field, &values),
                    Value::Array(items) => items.iter_mut().for_each(|item| expand_in(item, &values)),
                    Value::Object(map) => map.values_mut().for_each(|value| expand_in(value, &values)),
                    _ => {}
                }
                Ok(())
            });
            if let Err(reason) = written {
                return Err(Box::new(resource.object.finding(crate::diagnostic::Severity::Error, "", reason)));
            }
        }
    }
    Ok(())
}

/// `ports[0]` is the field and the index.
fn with_index(step: &str) -> Vec<String> {
    match step.strip_suffix(']').and_then(|step| step.split_once('[')) {
        Some((field, index)) if !field.is_empty() && index.parse::<usize>().is_ok() => {
            vec![field.to_owned(), index.to_owned()]
        }
        _ => vec![step.to_owned()],
    }
}

fn expand_in(field: &mut Value, values: &BTreeMap<String, Value>) {
    if let Value::String(text) = field
        && text.contains('$')
    {
        *field = expand(text, values);
    }
}

/// Replaces `$(NAME)`; `$$` is a dollar sign. A text that is one var gets its type, too.
fn expand(text: &str, values: &BTreeMap<String, Value>) -> Value {
    let known = |name: &str| values.get(name).filter(|value| paths::plain(value).is_some());
    if let Some(value) = text.strip_prefix("$(").and_then(|rest| rest.strip_suffix(')')).and_then(known) {
        return value.clone();
    }
    let (mut expanded, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once('$') {
        expanded.push_str(before);
        if let Some(after) = after.strip_prefix('$') {
            expanded.push('$');
            rest = after;
            continue;
        }
        match after.strip_prefix('(').and_then(|after| after.split_once(')')) {
            Some((name, after)) => {
                match known(name).and_then(paths::plain) {
                    Some(value) => expanded.push_str(&value),
                    None => expanded.push_str(&format!("$({name})")),
                }
                rest = after;
            }
            None => {
                expanded.push('$');
                rest = after;
            }
        }
    }
    expanded.push_str(rest);
    expanded.into()
}

#[cfg(test)]
mod tests {
    use proofmark_json::json;

    use super::*;

    #[test]
    fn names_in_brackets_are_replaced() {
        let values =
            BTreeMap::from([("A".to_owned(), json!("x")), ("N".to_owned(), json!(8)), ("M".to_owned(), json!({}))]);
        for (text, expanded) in [
            ("plain", json!("plain")),
            ("$(A)", json!("x")),
            ("$(N)", json!(8)),
            (":$(N)/$(A)", json!(":8/x")),
            ("$(B)-$(A)", json!("$(B)-x")),
            ("$$(A)", json!("$(A)")),
            ("$(M)", json!("$(M)")),
            ("$(A", json!("$(A")),
            ("a$", json!("a$")),
            ("$é$(A)", json!("$éx")),
        ] {
            assert_eq!(expand(text, &values), expanded, "{text}");
        }
    }
}
