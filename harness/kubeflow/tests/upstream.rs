//! Holds the fixtures against upstream's real manifests, where those are at hand.

mod shared;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use proofmark_json::Value;
use proofmark_kubeflow::{KubeflowRelease, install, roles};
use rstest::rstest;

#[rstest]
#[case(KubeflowRelease::V1_9_1, "kubeflow/v1.9.1/common/kubeflow-roles/base/cluster-roles.yaml")]
#[case(KubeflowRelease::V1_10_2, "kubeflow/v1.10.2/common/kubeflow-roles/base/cluster-roles.yaml")]
fn roles_agree(#[case] release: KubeflowRelease, #[case] path: &str) {
    let Some(upstream) = upstream(path) else { return };
    assert_eq!(grants(roles::objects(release)), grants(upstream));
}

#[test]
fn only_impersonation_was_dropped() {
    let [before, after] =
        [KubeflowRelease::V1_11_0, KubeflowRelease::V26_03].map(|release| grants(roles::objects(release)));
    assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>());
    let rules = |roles: &BTreeMap<String, Role>| {
        roles.iter().flat_map(|(name, role)| role.2.iter().map(move |rule| format!("{name}: {rule}"))).collect()
    };
    let (before, after): (BTreeSet<String>, BTreeSet<String>) = (rules(&before), rules(&after));
    assert_eq!(
        before.difference(&after).collect::<Vec<_>>(),
        ["kubeflow-kubernetes-edit: /serviceaccounts impersonate"]
    );
    assert!(after.is_subset(&before));
}

#[rstest]
#[case("kubeflow/v1.9.1/apps/profiles/upstream/crd/bases/kubeflow.org_profiles.yaml")]
#[case("kubeflow/v1.10.2/applications/profiles/upstream/crd/bases/kubeflow.org_profiles.yaml")]
#[case("kubeflow-profile-controller/v1.10.0/components/profile-controller/config/crd/bases/kubeflow.org_profiles.yaml")]
fn profiles_agree(#[case] path: &str) {
    let Some(upstream) = upstream(path) else { return };
    let mut ours = crd("profiles.kubeflow.org")["spec"].clone();
    // Upstream's kustomization adds these two to its base.
    let patched =
        ["conversion", "preserveUnknownFields"].map(|key| ours.as_object_mut().and_then(|spec| spec.shift_remove(key)));
    assert!(patched.iter().all(Option::is_some));
    assert_eq!(without_prose(&ours), without_prose(&upstream[0]["spec"]));
}

#[test]
fn authorization_policies_agree_up_to_their_rules() {
    let Some(upstream) = upstream("kubeflow/v1.9.1/common/istio-1-22/istio-crds/base/crd.yaml") else {
        return;
    };
    let name = "authorizationpolicies.security.istio.io";
    let theirs = upstream.iter().find(|crd| crd["metadata"]["name"] == name).expect("in Istio");
    let ours = crd(name);
    for part in ["group", "scope", "names"] {
        assert_eq!(ours["spec"][part], theirs["spec"][part], "{part}");
    }
    for (ours, theirs) in items(&ours["spec"]["versions"]).zip(items(&theirs["spec"]["versions"])) {
        for part in ["name", "served", "storage", "subresources", "additionalPrinterColumns"] {
            assert_eq!(ours[part], without_prose(&theirs[part]), "{part}");
        }
        let action = |version: &Value| {
            version["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]["action"]["enum"].clone()
        };
        assert_eq!(action(ours), action(theirs));
    }
}

#[test]
fn every_release_installs_well_formed_objects_once_and_without_descriptions() {
    for release in KubeflowRelease::all() {
        let objects = install::objects(*release);
        let ids: BTreeSet<_> =
            objects.iter().map(|o| format!("{} {} {}", o["apiVersion"], o["kind"], o["metadata"]["name"])).collect();
        assert_eq!(ids.len(), objects.len(), "{release}");
        assert!(!ids.iter().any(|id| id.contains("null")), "{ids:?}");
        assert!(objects.iter().all(|object| *object == without_prose(object)), "{release}");
    }
}

/// Labels, what is collected, and every `group/resource verb` that is granted.
type Role = (Value, Value, BTreeSet<String>);

fn grants(objects: Vec<Value>) -> BTreeMap<String, Role> {
    let expand = |rule: &Value| {
        let mut granted = Vec::new();
        for group in items(&rule["apiGroups"]) {
            for resource in items(&rule["resources"]) {
                let names =
                    |verb: &Value| [group, resource, verb].map(|name| name.as_str().unwrap_or_default().to_owned());
                granted.extend(
                    items(&rule["verbs"])
                        .map(names)
                        .map(|[group, resource, verb]| format!("{group}/{resource} {verb}")),
                );
            }
        }
        granted
    };
    let facts = |role: &Value| {
        (
            role["metadata"]["labels"].clone(),
            role["aggregationRule"].clone(),
            items(&role["rules"]).flat_map(expand).collect(),
        )
    };
    objects.iter().map(|role| (role["metadata"]["name"].to_string().replace('"', ""), facts(role))).collect()
}

/// A copy without descriptions.
fn without_prose(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let kept = map.iter().filter(|(key, value)| !(*key == "description" && value.is_string()));
            kept.map(|(key, value)| (key.clone(), without_prose(value))).collect()
        }
        Value::Array(list) => list.iter().map(without_prose).collect(),
        other => other.clone(),
    }
}

fn crd(name: &str) -> Value {
    let crds = install::crds(KubeflowRelease::latest());
    crds.into_iter().find(|crd| crd["metadata"]["name"] == name).expect("a fixture")
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn upstream(path: &str) -> Option<Vec<Value>> {
    let text = fs::read_to_string(shared::folder()?.join("upstream").join(path)).expect("a manifest");
    let objects: Vec<Value> = serde_saphyr::from_multiple(&text).expect("YAML");
    Some(objects.into_iter().filter(|object| object.is_object()).collect())
}
