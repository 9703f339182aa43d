//! Tests of kuttl: a folder of files `NN-name.yaml`, each with its `NN-assert.yaml` and `NN-errors.yaml`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use proofmark_json::Value;
use proofmark_manifests::{Object, Position};

use super::{Test, by_name, documents, kubectl, objects};
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
    let is_step = |document: &Object| {
        let said = &document.value;
        is_kuttls(said) && said["kind"] == "TestStep"
    };
    let (own, others): (Vec<_>, Vec<_>) = documents(path)?.into_iter().partition(is_step);
    // The order in which kuttl takes a step: it deletes, runs commands, applies.
    own.iter().for_each(|document| before(test, &title, document));
    for document in others {
        let said = &document.value;
        match (is_kuttls(said), said["kind"].as_str().unwrap_or_default()) {
            (true, "TestAssert") => {
                if let Some(seconds) = said["timeout"].as_u64() {
                    within = format!("{seconds}s");
                }
                commands(test, &title, &document);
                left_out(test, &title, &document, &["collectors", "assertAny", "assertAll"]);
            }
            (true, other) => test.left_out(&document.at, format!("{title}: a {other}")),
            (false, _) => takes(test, role, &title, &document.at, said.clone(), &within),
        }
    }
    own.iter().try_for_each(|document| after(test, path, &title, document))
}

fn is_kuttls(document: &Value) -> bool {
    document["apiVersion"].as_str().is_some_and(|version| version.starts_with("kuttl.dev/"))
}

/// What an object in a file of this role is for.
fn takes(test: &mut Test, role: Role, title: &str, at: &Position, object: Value, within: &str) {
    match role {
        Role::Apply => test.does(title, "apply", object),
        Role::Assert => test.asserts(at, title, &object, within),
        Role::Errors => test.refutes(at, title, &object),
    }
}

/// What a TestStep does before the objects of its file are applied.
fn before(test: &mut Test, title: &str, document: &Object) {
    let said = &document.value;
    for (index, of) in said["delete"].as_array().into_iter().flatten().enumerate() {
        match by_name(of) {
            // What is not there need not be deleted.
            Some(place) => test.deletes(title, place, true),
            None => {
                let at = document.position_of(&format!("/delete/{index}"));
                test.left_out(&at, format!("{title}: `delete` of objects without a name"));
            }
        }
    }
    commands(test, title, document);
}

/// The files that a TestStep names.
fn after(test: &mut Test, path: &Path, title: &str, document: &Object) -> Result<(), Problem> {
    let said = &document.value;
    for (part, role) in [("apply", Role::Apply), ("assert", Role::Assert), ("error", Role::Errors)] {
        for (index, file) in said[part].as_array().into_iter().flatten().enumerate() {
            let at = document.position_of(&format!("/{part}/{index}"));
            match file.as_str() {
                Some(file) => {
                    for object in objects(&path.with_file_name(file))? {
                        takes(test, role, title, &at, object, WITHIN);
                    }
                }
                None => test.left_out(&at, format!("{title}: `{part}` of something that is no file")),
            }
        }
    }
    left_out(test, title, document, &["kubeconfig", "unitTest", "index"]);
    Ok(())
}

/// Members without a counterpart.
fn left_out(test: &mut Test, title: &str, document: &Object, members: &[&str]) {
    for member in members.iter().filter(|member| document.value.get(**member).is_some()) {
        test.left_out(&document.position_of(&format!("/{member}")), format!("{title}: `{member}`"));
    }
}

/// The commands of a TestStep or a TestAssert.
fn commands(test: &mut Test, title: &str, document: &Object) {
    for (index, said) in document.value["commands"].as_array().into_iter().flatten().enumerate() {
        let at = document.position_of(&format!("/commands/{index}"));
        let text = |name: &str| said[name].as_str();
        let changes = ["ignoreFailure", "background"].iter().find(|name| said[**name] == true);
        match (text("command").or_else(|| text("script")), changes) {
            (Some(text), None) => {
                kubectl::script(test, &at, document.file().parent().unwrap_or(Path::new("")), title, text)
            }
            (Some(text), Some(how)) => test.left_out(&at, format!("{title}: `{text}` with {how}")),
            (None, _) => test.left_out(&at, format!("{title}: a command that says nothing")),
        }
    }
}
