//! Names what differs between a recorded run and ours.

use crate::normalise::{self, DEST};
use crate::run::{Played, Run};
use proofmark_json::{Value, json};
use proofmark_model_loader::files::Entry;
use proofmark_model_loader::{Exception, Link, Release};
use std::collections::{BTreeMap, BTreeSet};

/// What differs; nothing when the runs agree.
pub(crate) fn differences(release: Release, recorded: &Run, played: &Played) -> Vec<String> {
    let mut found = Vec::new();
    let mut compare = |what: &str, theirs: String, ours: String| {
        if theirs != ours {
            found.push(format!("{what}: {theirs}\n      ours: {ours}"));
        }
    };
    compare("exit", recorded.exit.to_string(), played.outcome.exit.to_string());
    compare("stdout", recorded.stdout.join("\n"), played.stdout.join("\n"));
    compare("destination exists", recorded.dest_exists.unwrap_or(true).to_string(), played.dest_exists.to_string());
    let (raised, chain) = exception(played.outcome.raised.as_ref());
    compare("raised", sorted_causes(&recorded.raised).to_string(), sorted_causes(&raised).to_string());
    compare("chain", json!(recorded.chain).to_string(), json!(chain).to_string());
    let recursion = recorded.raised.get("type").is_some_and(|class| class == "RecursionError");
    match &recorded.request_counts {
        Some(_) if recursion => {}
        Some(counts) => compare("counts", json!(counts).to_string(), json!(counted(&played.requests)).to_string()),
        None => {
            let (theirs, ours) = requests(release, recorded, played);
            let missing: Vec<_> = theirs.iter().filter(|request| !ours.contains(request)).collect();
            let extra: Vec<_> = ours.iter().filter(|request| !theirs.contains(request)).collect();
            if theirs != ours {
                found.push(format!(
                    "requests: {} recorded, {} ours; missing {missing:#?}, extra {extra:#?}",
                    theirs.len(),
                    ours.len()
                ));
            }
        }
    }
    found.extend(files(recorded, played));
    found
}

fn exception(raised: Option<&Exception>) -> (Value, Vec<Value>) {
    let Some(raised) = raised else { return (Value::Null, Vec::new()) };
    let show = |exception: &Exception| {
        let mut shown = json!({"type": exception.class, "message": normalise::text(&exception.message)});
        if let Some((link, _)) = exception.origin.as_ref() {
            shown["link"] = if *link == Link::Cause { "cause".into() } else { "context".into() };
        }
        shown
    };
    (show(raised), raised.chain().map(|(_, origin)| show(origin)).collect())
}

/// Failures of several files come in any order.
fn sorted_causes(raised: &Value) -> Value {
    let mut raised = raised.clone();
    if let Some(message) = raised.get("message").and_then(Value::as_str)
        && let Some((begin, causes)) = message.split_once(" files: ")
    {
        let mut causes: Vec<&str> = causes.split("; ").collect();
        causes.sort_unstable();
        raised["message"] = format!("{begin} files: {}", causes.join("; ")).into();
    }
    raised
}

fn counted(requests: &[Value]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for request in requests {
        if let Some(operation) = request.get("op").and_then(Value::as_str) {
            *counts.entry(operation.to_owned()).or_default() += 1;
        }
    }
    counts
}

/// The requests of both, in an order that can be compared: that of objects means nothing, and that of anything else only where one thing happens at a time.
fn requests(release: Release, recorded: &Run, played: &Played) -> (Vec<String>, Vec<String>) {
    let at_once = release >= Release::V0_18 || (release >= Release::V0_16 && recorded.pairs() > 1);
    let arrange = |requests: &[Value]| {
        let is_object = |request: &&Value| request.get("op").is_some_and(|op| op == "HeadObject" || op == "GetObject");
        let show = |request: &Value| {
            let mut request = normalise::value(request);
            let members = request.as_object_mut().unwrap();
            members.remove("op");
            members.sort_keys();
            if let Some(headers) = members.get_mut("headers").and_then(Value::as_object_mut) {
                headers.sort_keys();
            }
            if let Some(body) = members.get_mut("body").and_then(Value::as_object_mut) {
                body.sort_keys();
            }
            request.to_string()
        };
        let mut objects: Vec<String> = requests.iter().filter(is_object).map(show).collect();
        let mut others: Vec<String> = requests.iter().filter(|request| !is_object(request)).map(show).collect();
        objects.sort();
        if at_once {
            others.sort();
        }
        others.extend(objects);
        others
    };
    (arrange(&recorded.requests), arrange(&played.requests))
}

fn files(recorded: &Run, played: &Played) -> Vec<String> {
    let relative = |path: &str| match path.strip_prefix(DEST) {
        Some(path) => path.trim_start_matches('/').to_owned(),
        None => match path.strip_prefix("/run/o/") {
            Some(path) => format!("../{path}"),
            None => format!("../../{}", path.trim_start_matches("/run/")),
        },
    };
    let filled: BTreeSet<&str> = played.files.keys().filter_map(|path| Some(path.rsplit_once('/')?.0)).collect();
    let ours: BTreeMap<String, &Entry> = played
        .files
        .iter()
        .filter(|(path, entry)| {
            path.as_str() != DEST && (!matches!(entry, Entry::Directory) || !filled.contains(path.as_str()))
        })
        .map(|(path, entry)| {
            let slash = if matches!(entry, Entry::Directory) { "/" } else { "" };
            (relative(path) + slash, entry)
        })
        .collect();
    let mut found = Vec::new();
    if let Some(count) = recorded.file_count {
        let ours = ours.values().filter(|entry| matches!(entry, Entry::File(_))).count();
        if ours != count {
            found.push(format!("files: {count}\n      ours: {ours}"));
        }
    } else {
        found.extend(
            ours.keys()
                .filter(|path| !recorded.files.contains_key(*path) && !path.starts_with("../../d"))
                .map(|path| format!("file {path}: only ours")),
        );
    }
    for (path, theirs) in recorded.files.iter().filter(|(path, _)| !path.starts_with("../../d")) {
        let Some(ours) = ours.get(path) else {
            found.push(format!("file {path}: only recorded"));
            continue;
        };
        let text = |name: &str| theirs.get(name).and_then(Value::as_str);
        let same = match ours {
            Entry::Directory => theirs.is_string(),
            Entry::Link(target) => text("link") == Some(normalise::text(target).as_str()),
            // Archives of other libraries have other bytes, so an object's own are compared.
            Entry::File(bytes) => match (text("of"), text("text"), text("sha256")) {
                (Some(object), ..) => played.server.object(object) == Some(bytes.as_slice()),
                (None, Some(text), _) => text.as_bytes() == bytes.as_slice(),
                (None, None, Some(sha256)) => proofmark_aws_sigv4::sha256_hex(bytes) == sha256,
                (None, None, None) => false,
            },
        };
        if !same {
            found.push(format!("file {path}: {theirs}\n      ours: {}", shown(ours)));
        }
    }
    found
}

fn shown(entry: &Entry) -> String {
    match entry {
        Entry::Directory => "a directory".to_owned(),
        Entry::Link(target) => format!("a link to {target}"),
        Entry::File(bytes) => {
            format!("{} bytes: {:?}", bytes.len(), String::from_utf8_lossy(bytes.get(..60).unwrap_or(bytes)))
        }
    }
}
