//! From the text of a file to objects: documents apart, lists flattened, what is no object refused.

use std::sync::Arc;

use proofmark_json::Value;

use crate::diagnostic::{Diagnostic, Outcome, Severity};
use crate::identity::text;
use crate::object::{Object, SourceFile};
use crate::position::{Mark, Node};
use crate::yaml::{self, Booleans};

/// What a document is.
pub(crate) enum Document {
    Object(Object),
    /// A mapping without `apiVersion` and `kind`: values of a chart, a fragment of a patch, parameters.
    Other(Mark),
    /// An object without a name, with what to say about it: an error, which the reader of a folder may lower.
    Nameless(Box<Diagnostic>),
}

/// The documents of a file, as YAML values with positions.
pub(crate) fn nodes(file: &SourceFile, booleans: Booleans) -> Outcome<Vec<Node>> {
    yaml::parse(&file.text, booleans).map_err(|broken| {
        let mut error = file.finding(Severity::Error, broken.at, format!("not valid YAML: {}", broken.reason));
        if file.text.contains("{{") {
            error = error.with_help("this looks like a template: render it first, for example with `helm template`");
        }
        Box::new(error)
    })
}

/// Every object of a file; lists are flattened in place.
pub(crate) fn documents(file: &Arc<SourceFile>, booleans: Booleans) -> Outcome<Vec<Document>> {
    let mut found = Vec::new();
    for node in nodes(file, booleans)? {
        flatten(file, node, &mut found, 0)?;
    }
    Ok(found)
}

/// A list of lists is legal, a tower of them is a mistake.
const MAX_LIST_DEPTH: usize = 8;

fn flatten(file: &Arc<SourceFile>, mut node: Node, found: &mut Vec<Document>, depth: usize) -> Outcome<()> {
    let at = node.marks.at;
    let Value::Object(fields) = &mut node.value else {
        return Err(file.error(at, format!("expected an object, found {}", shape(&node.value))));
    };
    let is_list = fields.get("kind").and_then(Value::as_str).is_some_and(|kind| kind.ends_with("List"));
    if is_list && fields.contains_key("items") {
        let items = match fields.get_mut("items").map(Value::take) {
            Some(Value::Array(items)) => items,
            None | Some(Value::Null) => Vec::new(),
            Some(other) => {
                let at = node.marks.find("/items");
                return Err(file.error(at, format!("items of a list must be a list, found {}", shape(&other))));
            }
        };
        if depth == MAX_LIST_DEPTH {
            return Err(file.error(at, format!("lists within lists are more than {MAX_LIST_DEPTH} deep")));
        }
        let marks = node.marks.take_field("items").unwrap_or_default().into_items();
        for (value, marks) in items.into_iter().zip(marks) {
            flatten(file, Node { value, marks }, found, depth + 1)?;
        }
        return Ok(());
    }
    if !fields.contains_key("apiVersion") && !fields.contains_key("kind") {
        found.push(Document::Other(at));
        return Ok(());
    }
    check(file, &node, &["/apiVersion", "/kind"])?;
    let metadata = node.value.get("metadata");
    let absent = |field: &str| metadata.and_then(|metadata| metadata.get(field)).is_none_or(Value::is_null);
    let is_nameless = absent("name") && absent("generateName");
    match check(file, &node, &["/metadata/name"]) {
        Ok(()) => found.push(Document::Object(Object::new(node.value, Arc::clone(file), node.marks))),
        Err(error) if is_nameless => found.push(Document::Nameless(error)),
        Err(error) => return Err(error),
    }
    Ok(())
}

/// The things without which nothing can be applied, as far as they are asked for.
fn check(file: &SourceFile, node: &Node, wanted: &[&str]) -> Outcome<()> {
    for (pointer, name, example) in [
        ("/apiVersion", "apiVersion", "apiVersion: v1"),
        ("/kind", "kind", "kind: ConfigMap"),
        ("/metadata/name", "metadata.name", "metadata: {name: example}"),
    ] {
        if !wanted.contains(&pointer) {
            continue;
        }
        let at = node.marks.find(pointer);
        match node.value.pointer(pointer) {
            Some(Value::String(value)) if !value.is_empty() => {}
            None | Some(Value::Null) => {
                let whole = format!("{} has no {name}", describe(&node.value));
                let error = file.finding(Severity::Error, at, whole);
                let error = match (name, text(&node.value, "/metadata/generateName")) {
                    ("metadata.name", generate) if !generate.is_empty() => {
                        error.with_help("generateName makes a new object each time; give the object a name")
                    }
                    _ => error.with_help(format!("add it, for example `{example}`")),
                };
                return Err(Box::new(error));
            }
            Some(Value::String(_)) => return Err(file.error(at, format!("{name} is empty"))),
            Some(other) => {
                let error =
                    file.finding(Severity::Error, at, format!("{name} must be a string, found {}", shape(other)));
                // As it is written: YAML reads `n` as false.
                let written = node
                    .marks
                    .value_at(pointer)
                    .and_then(|mark| file.text.get(mark.range()))
                    .filter(|text| !text.is_empty());
                let written = written.map_or_else(|| other.to_string(), str::to_owned);
                return Err(Box::new(if other.is_number() || other.is_boolean() {
                    error.with_help(format!("put it in quotes: \"{written}\""))
                } else {
                    error
                }));
            }
        }
    }
    Ok(())
}

fn describe(value: &Value) -> String {
    match (text(value, "/kind"), text(value, "/metadata/name")) {
        ("", "") => "the object".to_owned(),
        (kind, "") => format!("the {kind}"),
        ("", name) => format!("the object {name:?}"),
        (kind, name) => format!("the {kind} {name:?}"),
    }
}

/// What a value is, in words.
pub(crate) fn shape(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a mapping",
    }
}
