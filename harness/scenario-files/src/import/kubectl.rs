//! Plain calls of kubectl, as both tools run them: `apply`, `create` and `delete` of files, `delete`, `get` and `wait` of objects by name.
//!
//! A line with anything that only a shell understands (pipes, substitutions, redirections) is refused, as is every option without a counterpart: what a
//! call does is imported as a whole or not at all.

use std::path::Path;

use proofmark_json::{Value, json};
use proofmark_manifests::Position;

use super::{Test, Until, objects};
use crate::kinds::Kinds;

/// How long `kubectl wait` waits unless told.
const WITHIN: &str = "30s";

/// A call, taken apart.
#[derive(Default)]
struct Call {
    words: Vec<String>,
    files: Vec<String>,
    namespace: Option<String>,
    until: Option<String>,
    within: Option<String>,
    may_be_missing: bool,
}

/// Takes over what a script does, line by line; what cannot be is said with its place.
pub(super) fn script(test: &mut Test, at: &Position, folder: &Path, title: &str, text: &str) {
    let joined = text.replace("\\\n", " ");
    let lines = joined.lines().map(str::trim);
    for line in lines.filter(|line| !line.is_empty() && !line.starts_with('#') && !line.starts_with("set -")) {
        if let Err(why) = words(line).and_then(|words| call(test, folder, title, &words)) {
            test.left_out(at, format!("{title}: `{line}`: {why}"));
        }
    }
}

fn words(line: &str) -> Result<Vec<String>, String> {
    // Both tools set it to the test's own namespace, which is what is meant without.
    let line = line.replace("${NAMESPACE}", "$NAMESPACE");
    if line.replace("$NAMESPACE", "").contains(['|', '&', ';', '<', '>', '`', '$', '*']) {
        return Err("needs a shell".to_owned());
    }
    shlex::split(&line).ok_or_else(|| "its quotes do not match".to_owned())
}

/// Takes over one call.
///
/// # Errors
/// Why it has no counterpart.
pub(super) fn call(test: &mut Test, folder: &Path, title: &str, words: &[String]) -> Result<(), String> {
    let Some((program, words)) = words.split_first() else { return Ok(()) };
    if program != "kubectl" {
        return Err(format!("runs {program}, not kubectl"));
    }
    let call = parsed(words)?;
    let (verb, named) = call.words.split_first().ok_or("says nothing")?;
    match (verb.as_str(), named) {
        ("apply" | "create" | "delete", []) if !call.files.is_empty() => {
            let mut found = Vec::new();
            for file in &call.files {
                found.extend(objects(&folder.join(file)).map_err(|problem| problem.message)?);
            }
            for mut object in found {
                if let (Some(namespace), None) = (&call.namespace, object["metadata"].get("namespace")) {
                    object["metadata"]["namespace"] = json!(namespace);
                }
                match verb.as_str() {
                    "delete" => test.deletes(title, super::place_of(&object).unwrap_or_default(), call.may_be_missing),
                    action => test.does(title, action, object),
                }
            }
        }
        ("create", [kind, name]) if ["namespace", "ns"].contains(&kind.as_str()) => {
            test.does(title, "create", json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}));
        }
        ("delete", _) => {
            for place in places(named, &call)? {
                test.deletes(title, place, call.may_be_missing);
            }
        }
        ("get", _) => {
            for place in places(named, &call)? {
                test.finds(title, place, json!({"succeeds": true}), WITHIN);
            }
        }
        ("wait", _) => {
            let until = Until::of_kubectl(call.until.as_deref().ok_or("does not say what for")?)?;
            let within = call.within.as_deref().unwrap_or(WITHIN);
            for place in places(named, &call)? {
                test.waits(title, place, &until, within);
            }
        }
        (other, _) => return Err(format!("`{other}` of this kind has no counterpart")),
    }
    Ok(())
}

fn parsed(words: &[String]) -> Result<Call, String> {
    let mut call = Call::default();
    let mut words = words.iter().map(String::as_str);
    while let Some(word) = words.next() {
        if !word.starts_with('-') {
            call.words.push(word.to_owned());
            continue;
        }
        let (option, given) = word.split_once('=').map_or((word, None), |(option, value)| (option, Some(value)));
        let mut value = || given.or_else(|| words.next()).map(str::to_owned).ok_or(format!("{option} says nothing"));
        match option {
            "-n" | "--namespace" => call.namespace = Some(value()?).filter(|name| name != "$NAMESPACE"),
            "-f" | "--filename" => call.files.push(value()?),
            "--for" => call.until = Some(value()?),
            "--timeout" => call.within = Some(value()?),
            "-o" | "--output" => drop(value()?),
            "--ignore-not-found" => call.may_be_missing = given != Some("false"),
            "--wait" | "--no-headers" => {}
            other => return Err(format!("{other} has no counterpart")),
        }
    }
    Ok(call)
}

/// The objects that `kind name..` or `kind/name..` mean.
fn places(words: &[String], call: &Call) -> Result<Vec<Value>, String> {
    let kinds = Kinds::with([]);
    let named: Vec<(&str, &str)> = match words.split_first() {
        Some((first, _)) if first.contains('/') => words.iter().filter_map(|word| word.split_once('/')).collect(),
        Some((kind, names)) => names.iter().map(|name| (kind.as_str(), name.as_str())).collect(),
        None => Vec::new(),
    };
    if named.is_empty() {
        return Err("names no object".to_owned());
    }
    let place = |(word, name): (&str, &str)| {
        let of = kinds.by_word(word).ok_or_else(|| format!("unknown kind {word}"))?;
        let mut place = json!({"apiVersion": of.api_version(), "kind": of.kind, "name": name});
        if let Some(namespace) = &call.namespace {
            place["namespace"] = json!(namespace);
        }
        Ok(place)
    };
    named.into_iter().map(place).collect()
}
