//! Tests of chainsaw (`chainsaw.kyverno.io/v1alpha1`, kind `Test`).

use std::path::Path;

use proofmark_json::{Key, Value, json};
use proofmark_manifests::{Object, Position};

use super::{Test, Until, by_name, content, documents, kubectl, name, objects, place_of};
use crate::Problem;

/// How long chainsaw waits for an assertion unless told.
const WITHIN: &str = "30s";

/// What only tells of failures.
const TELLING: [&str; 4] = ["describe", "events", "get", "podLogs"];

/// Names of constants and what they stand for; later ones hide earlier ones.
type Bindings = Vec<(String, Value)>;

pub(super) fn read(path: &Path) -> Result<Test, Problem> {
    let found = documents(path)?;
    let is_test = |document: &&Object| document.value["kind"] == "Test" && is_chainsaws(&document.value);
    let Some(document) = found.iter().find(is_test) else {
        return Err(Problem::whole(path, "no Test of chainsaw.kyverno.io"));
    };
    let text = |pointer: &str| document.value.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    let own = text("/metadata/name").unwrap_or_else(|| "imported".to_owned());
    let title = text("/spec/description").unwrap_or_else(|| format!("The chainsaw test {own}"));
    let namespace = text("/spec/namespace");
    let mut bindings = vec![("namespace".to_owned(), json!(namespace.clone().unwrap_or_else(|| name(&own))))];
    let mut test = Test { name: own, title, namespace, ..Test::default() };
    let within = text("/spec/timeouts/assert").unwrap_or_else(|| WITHIN.to_owned());
    bind(&mut test, document, "/spec", &mut bindings);
    for part in ["catch", "cluster", "clusters", "scenarios"] {
        if document.value["spec"].get(part).is_some() {
            test.left_out(&document.position_of(&format!("/spec/{part}")), format!("`{part}`"));
        }
    }
    for (number, step) in document.value["spec"]["steps"].as_array().into_iter().flatten().enumerate() {
        let title = step["name"].as_str().map_or_else(|| format!("step {}", number + 1), str::to_owned);
        let at = format!("/spec/steps/{number}");
        let mut bindings = bindings.clone();
        bind(&mut test, document, &at, &mut bindings);
        for (index, said) in step["try"].as_array().into_iter().flatten().enumerate() {
            let at = format!("{at}/try/{index}");
            let mut bindings = bindings.clone();
            for name in said.as_object().into_iter().flat_map(|members| members.keys()) {
                bind(&mut test, document, &format!("{at}/{name}"), &mut bindings);
            }
            let within = step.pointer("/timeouts/assert").and_then(Value::as_str).unwrap_or(&within);
            let place = document.position_of(&at);
            operation(&mut test, document.file(), &place, &title, &bound(said, &bindings), &bindings, within)?;
        }
        for part in ["catch", "finally", "cleanup", "use", "cluster"] {
            if step.get(part).is_some() {
                test.left_out(&document.position_of(&format!("{at}/{part}")), format!("{title}: `{part}`"));
            }
        }
    }
    Ok(test)
}

fn is_chainsaws(document: &Value) -> bool {
    document["apiVersion"].as_str().is_some_and(|version| version.starts_with("chainsaw.kyverno.io/"))
}

/// Takes the bindings of a test, a step or an operation that are constants.
fn bind(test: &mut Test, document: &Object, pointer: &str, bindings: &mut Bindings) {
    let said = document.value.pointer(&format!("{pointer}/bindings")).and_then(Value::as_array);
    for (index, binding) in said.into_iter().flatten().enumerate() {
        let value = bound(&binding["value"], bindings);
        match (binding["name"].as_str(), super::expression_in(&value)) {
            (Some(name), None) => bindings.push((name.to_owned(), value)),
            (name, _) => {
                let at = document.position_of(&format!("{pointer}/bindings/{index}"));
                test.left_out(&at, format!("the binding {}, which is no constant", name.unwrap_or_default()));
            }
        }
    }
}

/// A value with constants in place of their names: `($name)` as a whole, or within a text.
fn bound(value: &Value, bindings: &Bindings) -> Value {
    let named =
        |text: &str| bindings.iter().rev().find(|(name, _)| text == format!("(${name})")).map(|(_, value)| value);
    match value {
        Value::String(text) => named(text).cloned().unwrap_or_else(|| {
            let put = |text: String, (name, value): &(String, Value)| match value {
                Value::String(value) => text.replace(&format!("(${name})"), value),
                _ => text,
            };
            Value::String(bindings.iter().rev().fold(text.clone(), put))
        }),
        Value::Array(items) => items.iter().map(|item| bound(item, bindings)).collect(),
        Value::Object(members) => {
            Value::Object(members.iter().map(|(name, value)| (name.clone(), bound(value, bindings))).collect())
        }
        other => other.clone(),
    }
}

fn operation(
    test: &mut Test,
    path: &Path,
    at: &Position,
    title: &str,
    operation: &Value,
    bindings: &Bindings,
    within: &str,
) -> Result<(), Problem> {
    let is_action = |name: &&Key| !matches!(name.as_str(), "description" | "outputs" | "bindings");
    let Some(name) = operation.as_object().and_then(|members| members.keys().find(is_action)) else { return Ok(()) };
    let said = &operation[name];
    let within = said["timeout"].as_str().unwrap_or(within);
    // What is expected of its outcome may be that it fails.
    let changes =
        ["expect", "check", "outputs", "cluster", "template"].iter().find(|member| said.get(**member).is_some());
    if let Some(member) = changes {
        test.left_out(at, format!("{title}: `{name}` with `{member}`"));
        return Ok(());
    }
    let refused = match name.as_str() {
        "apply" | "create" | "update" | "patch" | "assert" | "error" => {
            for object in named(path, said, bindings)? {
                match name.as_str() {
                    "assert" => test.asserts(at, title, &object, within),
                    "error" => test.refutes(at, title, &object),
                    _ if super::expression_in(&object).is_some() => {
                        test.left_out(at, format!("{title}: `{name}` of an object with an expression"));
                    }
                    "patch" => match place_of(&object) {
                        Some(place) => test.does(title, "patch", json!({"of": place, "body": content(&object)})),
                        None => test.left_out(at, format!("{title}: `patch` of an object without a name")),
                    },
                    action => test.does(title, action, object),
                }
            }
            Ok(())
        }
        "delete" => deleted(test, path, title, said, bindings)?,
        "wait" => waited(test, title, said, within),
        "command" => {
            let words = std::iter::once(&said["entrypoint"]).chain(said["args"].as_array().into_iter().flatten());
            let words: Vec<String> = words.filter_map(Value::as_str).map(str::to_owned).collect();
            kubectl::call(test, path.parent().unwrap_or(Path::new("")), title, &words)
        }
        "script" => {
            let text = said["content"].as_str().unwrap_or_default();
            kubectl::script(test, at, path.parent().unwrap_or(Path::new("")), title, text);
            Ok(())
        }
        "sleep" => {
            test.does(title, "wait", said["duration"].clone());
            Ok(())
        }
        other if TELLING.contains(&other) => Err("only tells what is there".to_owned()),
        _ => Err("has no counterpart".to_owned()),
    };
    if let Err(why) = refused {
        test.left_out(at, format!("{title}: `{name}`: {why}"));
    }
    Ok(())
}

/// `delete`, of one object by name or of the objects of a file. What is not there need not be deleted.
fn deleted(
    test: &mut Test,
    path: &Path,
    title: &str,
    said: &Value,
    bindings: &Bindings,
) -> Result<Result<(), String>, Problem> {
    if said["file"].is_string() {
        for object in named(path, said, bindings)? {
            test.deletes(title, place_of(&object).unwrap_or_default(), true);
        }
        return Ok(Ok(()));
    }
    Ok(match by_name(&said["ref"]) {
        Some(place) => {
            test.deletes(title, place, true);
            Ok(())
        }
        None => Err("the objects have no name".to_owned()),
    })
}

fn waited(test: &mut Test, title: &str, said: &Value, within: &str) -> Result<(), String> {
    let until = Until::of_chainsaw(&said["for"])?;
    let place = by_name(said).ok_or("the objects have no name")?;
    test.waits(title, place, &until, within);
    Ok(())
}

/// The objects of an operation: written in place, or in a file beside the test.
fn named(path: &Path, said: &Value, bindings: &Bindings) -> Result<Vec<Value>, Problem> {
    match said["file"].as_str() {
        Some(file) => {
            let read = objects(&path.parent().unwrap_or(Path::new("")).join(file))?;
            Ok(read.iter().map(|object| bound(object, bindings)).collect())
        }
        None => Ok(vec![said["resource"].clone()]),
    }
}
