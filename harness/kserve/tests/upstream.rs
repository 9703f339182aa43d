//! Holds the fixtures against upstream's real manifests, where those are at hand (`PROOFMARK_SHARED`).
//!
//! A CRD must agree in everything but prose, its schemas down to the last field of a pod. Roles must grant exactly the same, however their rules are cut.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use proofmark_json::{Value, json};
use proofmark_kserve::{Flavor, Release, install};
use rstest::rstest;

#[rstest]
#[case::crds(Release::V0_13_0, "kserve/v0.13.0/config/crd/full")]
#[case::crds(Release::V0_15_2, "kserve/v0.15.2/config/crd/full")]
#[case::distribution(Release::V0_13_1, "kubeflow/v1.9.1/contrib/kserve/kserve/kserve_kubeflow.yaml")]
#[case::distribution(Release::V0_15_0, "kubeflow/v1.10.2/applications/kserve/kserve/kserve_kubeflow.yaml")]
fn crds_agree(#[case] release: Release, #[case] path: &str) {
    let Some(upstream) = upstream(path) else { return };
    let theirs = by_name(upstream.into_iter().filter(|o| o["kind"] == "CustomResourceDefinition"));
    let ours = by_name(install::crds(release));
    assert_eq!(ours.keys().collect::<Vec<_>>(), theirs.keys().collect::<Vec<_>>());
    let mut differences = Vec::new();
    for (name, our) in &ours {
        compare(&without_prose(&our["spec"]), &without_prose(&theirs[name]["spec"]), name, &mut differences);
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[rstest]
#[case::overlay(Release::V0_13_0, "kserve/v0.13.0/config/overlays/kubeflow/cluster-role.yaml")]
#[case::overlay(Release::V0_15_2, "kserve/v0.15.2/config/overlays/kubeflow/cluster-role.yaml")]
fn roles_agree(#[case] release: Release, #[case] path: &str) {
    let Some(upstream) = upstream(path) else { return };
    assert_eq!(roles(install::cluster_roles(release)), roles(upstream));
}

#[rstest]
#[case(Release::V0_13_1, "kubeflow/v1.9.1/contrib/kserve/kserve/kserve_kubeflow.yaml")]
#[case(Release::V0_15_0, "kubeflow/v1.10.2/applications/kserve/kserve/kserve_kubeflow.yaml")]
fn roles_as_distributed_agree(#[case] release: Release, #[case] path: &str) {
    let Some(upstream) = upstream(path) else { return };
    let users = |o: &Value| o["metadata"]["name"].as_str().is_some_and(|name| name.starts_with("kubeflow-kserve-"));
    let ours = install::objects(release, Flavor::Kubeflow).into_iter().filter(users);
    assert_eq!(roles(ours), roles(upstream.into_iter().filter(users)));
}

#[test]
fn nothing_is_copied() {
    for object in Release::all().iter().flat_map(|release| install::objects(*release, Flavor::Kubeflow)) {
        assert_eq!(object, drop_descriptions(&object), "{} has a description", object["metadata"]["name"]);
    }
    let Some(shared) = shared() else { return };
    let theirs: String =
        files(&shared.join("upstream/kserve")).iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    for path in files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/kserve")) {
        let text = fs::read_to_string(&path).unwrap();
        let comments =
            text.lines().filter_map(|line| line.trim_start().strip_prefix("# ")).filter(|comment| comment.len() > 30);
        for comment in comments {
            assert!(!theirs.contains(comment), "{}: {comment}", path.display());
        }
    }
}

/// Adds the places where two values differ.
fn compare(ours: &Value, theirs: &Value, path: &str, differences: &mut Vec<String>) {
    match (ours, theirs) {
        (Value::Object(our), Value::Object(their)) => {
            for key in our.keys().chain(their.keys().filter(|key| !our.contains_key(*key))) {
                compare(&ours[key], &theirs[key], &format!("{path}.{key}"), differences);
            }
        }
        (Value::Array(our), Value::Array(their)) if our.len() == their.len() => {
            for (at, (our, their)) in our.iter().zip(their).enumerate() {
                compare(our, their, &format!("{path}[{at}]"), differences);
            }
        }
        _ if ours == theirs => {}
        _ => differences.push(format!("{path}: {ours}, upstream {theirs}")),
    }
}

/// What a role comes down to, by its name: its labels, what it collects, and every `group/resource verb` that it grants.
fn roles(objects: impl IntoIterator<Item = Value>) -> BTreeMap<String, (Value, Value, BTreeSet<String>)> {
    let expand = |rule: &Value| {
        let mut granted = Vec::new();
        for group in strings(&rule["apiGroups"]) {
            for resource in strings(&rule["resources"]) {
                granted.extend(strings(&rule["verbs"]).iter().map(|verb| format!("{group}/{resource} {verb}")));
            }
        }
        granted
    };
    let facts = |role: Value| {
        (
            role["metadata"]["labels"].clone(),
            role["aggregationRule"].clone(),
            items(&role["rules"]).flat_map(expand).collect(),
        )
    };
    by_name(objects).into_iter().map(|(name, role)| (name, facts(role))).collect()
}

/// A copy without descriptions, with sets in alphabetical order.
fn without_prose(value: &Value) -> Value {
    match value {
        Value::Object(map) => map
            .iter()
            .filter(|(key, value)| !(*key == "description" && value.is_string()))
            .map(|(key, value)| match key.as_str() {
                "required" | "enum" => (key.clone(), json!(strings(value))),
                _ => (key.clone(), without_prose(value)),
            })
            .collect(),
        Value::Array(list) => list.iter().map(without_prose).collect(),
        other => other.clone(),
    }
}

fn drop_descriptions(value: &Value) -> Value {
    match value {
        Value::Object(map) => map
            .iter()
            .filter(|(key, value)| !(*key == "description" && value.is_string()))
            .map(|(k, v)| (k.clone(), drop_descriptions(v)))
            .collect(),
        Value::Array(list) => list.iter().map(drop_descriptions).collect(),
        other => other.clone(),
    }
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn strings(value: &Value) -> BTreeSet<&str> {
    items(value).filter_map(Value::as_str).collect()
}

fn by_name(objects: impl IntoIterator<Item = Value>) -> BTreeMap<String, Value> {
    objects
        .into_iter()
        .map(|object| (object["metadata"]["name"].as_str().expect("a name").to_owned(), object))
        .collect()
}

/// The objects in a file or folder of upstream's manifests, without kustomizations; `None` when there are no manifests here.
fn upstream(path: &str) -> Option<Vec<Value>> {
    let texts = files(&shared()?.join("upstream").join(path)).into_iter().map(|path| fs::read_to_string(path).unwrap());
    let objects = texts.flat_map(|text| serde_saphyr::from_multiple::<Value>(&text).expect("YAML"));
    Some(objects.filter(|object| object["metadata"]["name"].is_string()).collect())
}

/// The YAML files at `path` and below.
fn files(path: &Path) -> Vec<PathBuf> {
    if path.is_file() {
        return vec![path.to_owned()];
    }
    let entries = fs::read_dir(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut files: Vec<_> = entries.flat_map(|entry| files(&entry.unwrap().path())).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "yaml"));
    files.sort();
    files
}

#[expect(clippy::disallowed_methods, reason = "a test finds data beside the repository by environment variable")]
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn shared() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let shared = std::env::var("PROOFMARK_SHARED").map_or_else(|_| beside(), PathBuf::from);
    if shared.join("upstream").is_dir() {
        return Some(shared);
    }
    assert!(std::env::var("CI").is_err(), "no upstream manifests at {}", shared.display());
    eprintln!("skipped: no upstream manifests at {}", shared.display());
    None
}
