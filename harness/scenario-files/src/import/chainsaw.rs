//! Tests of chainsaw (`chainsaw.kyverno.io/v1alpha1`, kind `Test`).

use std::path::Path;

use serde_json::Value;

use super::{Test, documents, objects};
use crate::Problem;

/// How long chainsaw waits for an assertion unless told.
const WITHIN: &str = "30s";

pub(super) fn read(path: &Path) -> Result<Test, Problem> {
    let found = documents(path)?;
    let is_test = |document: &&Value| document["kind"] == "Test" && is_chainsaws(document);
    let Some(document) = found.iter().find(is_test) else {
        return Err(Problem::whole(path, "no Test of chainsaw.kyverno.io"));
    };
    let text = |pointer: &str| document.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    let name = text("/metadata/name").unwrap_or_else(|| "imported".to_owned());
    let title = text("/spec/description").unwrap_or_else(|| format!("The chainsaw test {name}"));
    let mut test = Test { name, title, ..Test::default() };
    let within = text("/spec/timeouts/assert").unwrap_or_else(|| WITHIN.to_owned());
    for (number, step) in document["spec"]["steps"].as_array().into_iter().flatten().enumerate() {
        let title = step["name"].as_str().map_or_else(|| format!("step {}", number + 1), str::to_owned);
        for operation in step["try"].as_array().into_iter().flatten() {
            self::operation(&mut test, path, &title, operation, &within)?;
        }
        for part in ["catch", "finally", "cleanup"] {
            if step.get(part).is_some() {
                test.left_out(path, format!("{title}: `{part}`"));
            }
        }
    }
    Ok(test)
}

fn is_chainsaws(document: &Value) -> bool {
    document["apiVersion"].as_str().is_some_and(|version| version.starts_with("chainsaw.kyverno.io/"))
}

fn operation(test: &mut Test, path: &Path, title: &str, operation: &Value, within: &str) -> Result<(), Problem> {
    let Some((name, said)) = operation.as_object().and_then(|members| members.iter().next()) else { return Ok(()) };
    match name.as_str() {
        "apply" | "create" | "update" | "assert" | "error" => {
            for object in named(path, said)? {
                match name.as_str() {
                    "assert" => test.asserts(path, title, &object, within),
                    "error" => test.refutes(path, title, &object),
                    action => test.does(title, action, object),
                }
            }
        }
        "delete" => {
            let of = &said["ref"];
            match (of["apiVersion"].as_str(), of["kind"].as_str(), of["name"].as_str()) {
                (Some(_), Some(_), Some(_)) => test.does(title, "delete", of.clone()),
                _ => test.left_out(path, format!("{title}: `delete` of objects without a name")),
            }
        }
        "sleep" => test.does(title, "wait", said["duration"].clone()),
        other => test.left_out(path, format!("{title}: `{other}`")),
    }
    Ok(())
}

/// The objects of an operation: written in place, or in a file beside the test.
fn named(path: &Path, said: &Value) -> Result<Vec<Value>, Problem> {
    match said["file"].as_str() {
        Some(file) => objects(&path.parent().unwrap_or(Path::new("")).join(file)),
        None => Ok(vec![said["resource"].clone()]),
    }
}
