//! Holds the definitions of all releases against what upstream published.
//!
//! `published.txt` has a line for each definition and each release that changed it: plural, release, and a fingerprint of upstream's `spec` without prose
//! (`config/crd/full` of the tag). A fingerprint is the beginning of the SHA-256 of the JSON with sorted keys, required and enumerated texts in alphabetical order.
//! Where upstream's manifests are at hand, `upstream.rs` tells what differs.

use std::collections::{BTreeMap, BTreeSet};

use proofmark_json::{Map, Value};
use proofmark_kserve::{Release, install};
use ring::digest::{SHA256, digest};

const PUBLISHED: &str = include_str!("published.txt");

#[test]
fn definitions_are_those_that_were_published() {
    let mut published: BTreeMap<Release, Vec<(&str, &str)>> = BTreeMap::new();
    for line in PUBLISHED.lines().filter(|line| !line.starts_with('#')) {
        let [plural, release, fingerprint] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
        published.entry(release.parse().expect(line)).or_default().push((plural, fingerprint));
    }
    let mut differ = BTreeSet::new();
    for (release, definitions) in published {
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
