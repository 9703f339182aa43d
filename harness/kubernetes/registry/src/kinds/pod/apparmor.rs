//! AppArmor profiles that come as annotations become fields of their containers.
//!
//! Source: KEP-24, `applyAppArmorVersionSkew` in `pkg/registry/core/pod`, release 1.35.

use proofmark_json::{Value, json};

use super::annotations::APPARMOR;
use super::security;
use crate::check;
use crate::meta;
use crate::node::{Errors, Node};

/// Where containers stand.
const LISTS: [&str; 3] = ["initContainers", "containers", "ephemeralContainers"];

/// Gives containers the profiles of their annotations, unless they have some or the pod has the same.
pub(super) fn adopt(pod: &mut Value) {
    for found in annotated(pod) {
        if let (Some(profile), false) = (found.profile, found.as_pod)
            && let Some(container) = pod.pointer_mut(&format!("/spec/{}/{}", found.list, found.index))
            && let Some(members) = container.as_object_mut()
        {
            let context = members.entry("securityContext").or_insert_with(|| json!({}));
            if let Some(context) = context.as_object_mut() {
                context.insert("appArmorProfile", profile);
            }
        }
    }
}

/// Warnings about annotations that become fields, or would if anybody could read them.
pub(super) fn warnings(pod: &Value) -> Vec<String> {
    let why = "deprecated since v1.30; use the \"appArmorProfile\" field instead";
    let told = annotated(pod).into_iter().filter(|found| found.profile.is_none() || !found.as_pod);
    told.map(|found| format!("metadata.annotations[{}]: {why}", found.key)).collect()
}

/// A container without a profile of its own that an annotation names.
struct Annotated {
    list: &'static str,
    index: usize,
    key: String,
    /// None where the annotation cannot be read.
    profile: Option<Value>,
    /// Whether the pod has that profile already.
    as_pod: bool,
}

fn annotated(pod: &Value) -> Vec<Annotated> {
    let Some(annotations) = meta::of(pod).and_then(|m| m.get("annotations")?.as_object()) else { return Vec::new() };
    let spec = Node::root(pod).get("spec");
    if spec.get("os.name").is("windows") {
        return Vec::new();
    }
    let of_pod = spec.get("securityContext.appArmorProfile");
    let mut found = Vec::new();
    for list in LISTS {
        for (index, container) in spec.get(list).items().enumerate() {
            let key = format!("{APPARMOR}{}", container.get("name").text());
            let Some(annotation) = annotations.get(&key).and_then(Value::as_str) else { continue };
            if container.get("securityContext.appArmorProfile").given() {
                continue;
            }
            let profile = profile(annotation);
            let as_pod = profile.as_ref().is_some_and(|profile| check::same(profile, of_pod.value));
            found.push(Annotated { list, index, key, profile, as_pod });
        }
    }
    found
}

/// The field that says what an annotation says.
fn profile(annotation: &str) -> Option<Value> {
    let profile = match annotation {
        "unconfined" => json!({"type": "Unconfined"}),
        "runtime/default" => json!({"type": "RuntimeDefault"}),
        _ => json!({"type": "Localhost", "localhostProfile": annotation.strip_prefix("localhost/")?}),
    };
    let mut errors = Errors::new();
    security::apparmor(&Node::root(&profile), &mut errors);
    errors.is_empty().then_some(profile)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("unconfined", Some(json!({"type": "Unconfined"})), 1)]
    #[case("runtime/default", Some(json!({"type": "RuntimeDefault"})), 1)]
    #[case("localhost/p", Some(json!({"type": "Localhost", "localhostProfile": "p"})), 1)]
    #[case("localhost/", None, 1)]
    #[case("else", None, 1)]
    fn annotations_become_fields(#[case] text: &str, #[case] want: Option<Value>, #[case] told: usize) {
        let mut pod = json!({
            "metadata": {"annotations": {"container.apparmor.security.beta.kubernetes.io/a": text}},
            "spec": {"containers": [{"name": "b"}, {"name": "a"}]},
        });
        assert_eq!(warnings(&pod).len(), told);
        adopt(&mut pod);
        assert_eq!(pod.pointer("/spec/containers/1/securityContext/appArmorProfile"), want.as_ref());
        assert_eq!(pod.pointer("/spec/containers/0/securityContext"), None);
    }
}
