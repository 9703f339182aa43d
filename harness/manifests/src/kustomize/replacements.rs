//! `replacements`: a value of one object, written into others.

use proofmark_json::Value;

use super::build::Accumulator;
use super::entries::{FieldOptions, Replacement, Target};
use super::paths::{self, plain};
use super::selector::Selector;
use crate::diagnostic::{Diagnostic, Outcome, Severity};
use crate::yaml::{Booleans, parse};

/// Does one replacement.
pub(super) fn replace(set: &mut Accumulator, replacement: &Replacement) -> Outcome<()> {
    let failed = |message: String| {
        let error = Diagnostic::new(Severity::Error, message);
        Box::new(error.at(replacement.at.clone(), replacement.file.text.clone()))
    };
    let Some(value) = source_value(set, replacement).map_err(&failed)? else {
        let source = replacement.source.describe();
        return set.not_there(failed(format!("the source of the replacement, {source}, is not there")));
    };
    for target in &replacement.targets {
        for resource in &mut set.resources {
            if !selects(target, resource) {
                continue;
            }
            for path in &target.paths {
                let create = target.options.create.then_some(&value);
                let steps = paths::split(path);
                let write = &mut |field: &mut Value| write(field, &value, &target.options);
                let count = paths::for_each(&mut resource.object.value, &steps, create, write);
                let reason = match count {
                    Ok(0) => "no such field".to_owned(),
                    Ok(_) => continue,
                    Err(reason) => reason,
                };
                let object = format!("{} {:?} ({})", resource.gvk().kind, resource.name(), resource.object.at);
                let error =
                    replacement.file.finding(Severity::Error, target.at, format!("{path} of {object}: {reason}"));
                return Err(Box::new(match reason.as_str() {
                    "no such field" => error.with_help("to make the field, say `options: {create: true}`"),
                    _ => error,
                }));
            }
        }
    }
    Ok(())
}

/// Any of the names that the object has or had will do, except one that is rejected.
fn selects(target: &Target, resource: &super::resource::Resource) -> bool {
    let by_metadata = |reject: &&Selector| !(reject.labels.is_empty() && reject.annotations.is_empty());
    let ids = resource.all_ids();
    let by_id = |reject: &&Selector| !reject.id.is_empty();
    target.select.matches_metadata(resource)
        && !target.reject.iter().filter(by_metadata).any(|reject| reject.matches_metadata(resource))
        && ids.iter().any(|id| target.select.id.selects(id))
        && !target.reject.iter().filter(by_id).any(|reject| ids.iter().any(|id| reject.id.selects(id)))
}

/// The value to write; none if its object is not there.
fn source_value(set: &Accumulator, replacement: &Replacement) -> Result<Option<Value>, String> {
    let source = &replacement.source;
    let mut found = set.resources.iter().filter(|resource| resource.all_ids().iter().any(|id| source.selects(id)));
    let resource = match (found.next(), found.next()) {
        (Some(resource), None) => resource,
        (None, _) => return Ok(None),
        (Some(a), Some(b)) => {
            let (a, b) = (&a.object.at, &b.object.at);
            return Err(format!(
                "the source of the replacement, {}, may be the one at {a} or at {b}",
                source.describe()
            ));
        }
    };
    let path = &replacement.source_path;
    let value = paths::get(&resource.object.value, &paths::split(path));
    let is_empty = |value: &&Value| match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        _ => false,
    };
    let Some(value) = value.filter(|value| !is_empty(value)) else {
        return Err(format!("the source of the replacement has no {path}"));
    };
    let options = &replacement.source_options;
    if options.delimiter.is_empty() {
        return Ok(Some(value.clone()));
    }
    let text = plain(value).ok_or("a delimiter needs a plain value in the source of the replacement")?;
    let part = usize::try_from(options.index).ok().and_then(|index| text.split(&options.delimiter).nth(index));
    part.map(|part| Some(part.into())).ok_or_else(|| format!("the source {text:?} has no part {}", options.index))
}

fn write(field: &mut Value, value: &Value, options: &FieldOptions) -> Result<(), String> {
    let value = if options.delimiter.is_empty() {
        value.clone()
    } else {
        let old = plain(field).ok_or("a delimiter needs a plain value in the target")?;
        let new = plain(value).ok_or("a delimiter needs a plain value in the source")?;
        let mut parts: Vec<&str> = old.split(&options.delimiter).collect();
        match usize::try_from(options.index) {
            Err(_) => parts.insert(0, &new),
            Ok(index) => match parts.get_mut(index) {
                Some(part) => *part = &new,
                None => parts.push(&new),
            },
        }
        parts.join(&options.delimiter).into()
    };
    *field = match (&*field, plain(&value)) {
        // A plain field keeps its type: the text "8080" becomes a number where a number was.
        (Value::String(_), Some(text)) => text.into(),
        (old @ (Value::Number(_) | Value::Bool(_)), Some(text)) => {
            let new = resolved(&text);
            if new.is_string() {
                return Err(format!("{text:?} cannot stand where {old} stood"));
            }
            new
        }
        (Value::Null, Some(text)) => resolved(&text),
        _ => value,
    };
    Ok(())
}

/// A text as YAML reads it without quotes.
fn resolved(text: &str) -> Value {
    match parse(text, Booleans::Yaml12).ok().and_then(|nodes| nodes.into_iter().next()) {
        Some(node) if node.value.is_number() || node.value.is_boolean() => node.value,
        _ => text.into(),
    }
}
