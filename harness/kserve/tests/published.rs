//! Holds the definitions of all releases against what upstream published.
//!
//! `published.txt` has a line for each definition and each release that changed it: plural, release, and a fingerprint of upstream's `spec` without prose
//! (`config/crd/full` of the tag). A fingerprint is the beginning of the SHA-256 of the JSON with sorted keys, required and enumerated texts in alphabetical order.
//! Where upstream's manifests are at hand, `upstream.rs` tells what differs.
//!
//! `installed.txt` has the same for what a control plane reads (`config/configmap`, `config/runtimes`, `config/storagecontainers` of the tag): of the configuration
//! its values as the JSON that they are, of the others annotations and `spec`, with the images that the tag's kustomization puts in.

use std::collections::{BTreeMap, BTreeSet};

use proofmark_json::{Map, Value, json};
use proofmark_kserve::{Release, install};
use ring::digest::{SHA256, digest};

const PUBLISHED: &str = include_str!("published.txt");
const INSTALLED: &str = include_str!("installed.txt");

/// Names and fingerprints by release.
fn fingerprints(lines: &'static str) -> BTreeMap<Release, Vec<(&'static str, &'static str)>> {
    let mut all: BTreeMap<Release, Vec<_>> = BTreeMap::new();
    for line in lines.lines().filter(|line| !line.starts_with('#')) {
        let [name, release, fingerprint] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
        all.entry(release.parse().expect(line)).or_default().push((name, fingerprint));
    }
    all
}

#[test]
fn what_is_installed_is_what_was_published() {
    let mut differ = BTreeSet::new();
    for (release, objects) in fingerprints(INSTALLED) {
        let ours = install::control_plane(release, "kserve");
        for (name, fingerprint) in objects {
            let our = ours.iter().find(|object| object["metadata"]["name"] == name).map(|object| of(&told(object)));
            if our.as_deref() != Some(fingerprint) {
                differ.insert(format!("{name} {release}"));
            }
        }
    }
    assert_eq!(differ, BTreeSet::new());
}

/// What an installed object says.
fn told(object: &Value) -> Value {
    if object["kind"] != "ConfigMap" {
        let annotations = object["metadata"].get("annotations").cloned().unwrap_or_else(|| json!({}));
        return json!({"annotations": annotations, "spec": object["spec"]});
    }
    let data = object["data"].as_object().into_iter().flatten();
    let parts = data
        .map(|(key, text)| (key.clone(), proofmark_json::from_str(text.as_str().unwrap_or_default()).expect("JSON")));
    Value::Object(parts.collect())
}

#[test]
fn definitions_are_those_that_were_published() {
    let mut differ = BTreeSet::new();
    for (release, definitions) in fingerprints(PUBLISHED) {
        let ours = install::crds(release);
        for (plural, fingerprint) in definitions {
            let our = ours.iter().find(|crd| crd["spec"]["names"]["plural"] == plural).map(|crd| of(&crd["spec"]));
            if our.as_deref() != Some(fingerprint) {
                differ.insert(format!("{plural} {release}"));
            }
        }
    }
    assert_eq!(differ, BTreeSet::new());
}

fn of(spec: &Value) -> String {
    let digest = digest(&SHA256, canonical(spec).to_string().as_bytes());
    hex::encode(&digest.as_ref()[..8])
}

fn canonical(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut map: Map = map
                .iter()
                .map(|(key, value)| {
                    let mut value = canonical(value);
                    if let (Value::Array(list), "required" | "enum") = (&mut value, key.as_str()) {
                        list.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
                    }
                    (key.clone(), value)
                })
                .collect();
            map.sort_keys();
            Value::Object(map)
        }
        Value::Array(list) => list.iter().map(canonical).collect(),
        other => other.clone(),
    }
}
