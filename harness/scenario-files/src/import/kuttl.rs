//! Tests of kuttl: a folder of files `NN-name.yaml`, each with its `NN-assert.yaml` and `NN-errors.yaml`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::{Test, documents};
use crate::Problem;

/// How long kuttl waits for an assertion unless told.
const WITHIN: &str = "30s";

pub(super) fn read(folder: &Path) -> Result<Test, Problem> {
    let name = folder.file_name().map_or_else(|| "imported".to_owned(), |name| name.to_string_lossy().into_owned());
    let mut test = Test { title: format!("The kuttl test {name}"), name, ..Test::default() };
    let steps = steps(folder)?;
    if steps.is_empty() {
        return Err(Problem::whole(folder, "no test: neither chainsaw-test.yaml nor files such as 00-install.yaml"));
    }
    for files in steps.into_values() {
        // What is applied, then what is asserted, then what must not be.
        for (role, path) in files {
            step(&mut test, role, &path)?;
        }
    }
    Ok(test)
}

/// What a file of a step is for, in the order in which kuttl takes them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Role {
    Apply,
    Assert,
    Errors,
}

/// The files of each step, by its number.
fn steps(folder: &Path) -> Result<BTreeMap<u32, Vec<(Role, PathBuf)>>, Problem> {
    let unreadable = |error: std::io::Error| Problem::whole(folder, error.to_string());
    let mut steps: BTreeMap<u32, Vec<(Role, PathBuf)>> = BTreeMap::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let Some(stem) = name.strip_suffix(".yaml").or_else(|| name.strip_suffix(".yml")) else { continue };
        let (number, rest) = stem.split_once('-').unwrap_or((stem, ""));
        let Ok(number) = number.parse() else { continue };
        let role = match rest {
            "assert" => Role::Assert,
            "errors" => Role::Errors,
            _ => Role::Apply,
        };
        steps.entry(number).or_default().push((role, path));
    }
    steps.values_mut().for_each(|files| files.sort());
    Ok(steps)
}

fn step(test: &mut Test, role: Role, path: &Path) -> Result<(), Problem> {
    let title = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let mut within = WITHIN.to_owned();
    for document in documents(path)? {
        let own = document["apiVersion"].as_str().is_some_and(|version| version.starts_with("kuttl.dev/"));
        match (own, document["kind"].as_str().unwrap_or_default()) {
            (true, "TestStep") => of_its_own(test, path, &title, &document),
            (true, "TestAssert") => {
                if let Some(seconds) = document["timeout"].as_u64() {
                    within = format!("{seconds}s");
                }
                for part in ["commands", "collectors"] {
                    if document.get(part).is_some() {
                        test.left_out(path, format!("{title}: `{part}`"));
                    }
                }
            }
            (true, other) => test.left_out(path, format!("{title}: a {other}")),
            (false, _) => match role {
                Role::Apply => test.does(&title, "apply", document),
                Role::Assert => test.asserts(path, &title, &document, &within),
                Role::Errors => test.refutes(path, &title, &document),
            },
        }
    }
    Ok(())
}

/// What a TestStep says beside the objects of its file.
fn of_its_own(test: &mut Test, path: &Path, title: &str, document: &Value) {
    for of in document["delete"].as_array().into_iter().flatten() {
        match (of["apiVersion"].as_str(), of["kind"].as_str(), of["name"].as_str()) {
            (Some(api_version), Some(kind), Some(name)) => {
                let mut place = json!({"apiVersion": api_version, "kind": kind, "name": name});
                if let Some(namespace) = of["namespace"].as_str() {
                    place["namespace"] = json!(namespace);
                }
                test.does(title, "delete", place);
            }
            _ => test.left_out(path, format!("{title}: `delete` of objects without a name")),
        }
    }
    for part in ["commands", "apply", "assert", "error", "index"] {
        if document.get(part).is_some() {
            test.left_out(path, format!("{title}: `{part}` of the TestStep"));
        }
    }
}
