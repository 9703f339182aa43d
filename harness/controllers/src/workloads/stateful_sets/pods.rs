//! A pod of a StatefulSet by its number.

use proofmark_json::{Value, json};

use super::{REVISION, STATEFUL_SETS, claims, history};
use crate::kit::object;
use crate::workloads::template::{self, set_label};

const POD_NAME: &str = "statefulset.kubernetes.io/pod-name";
const INDEX: &str = "apps.kubernetes.io/pod-index";

/// The set and the number that a pod's name says.
pub(super) fn split(name: &str) -> Option<(&str, i64)> {
    let (parent, number) = name.rsplit_once('-')?;
    let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| Some((parent, number.parse::<i32>().ok()?.into()))).flatten()
}

/// The set that a pod's name says.
pub(super) fn parent(pod: &Value) -> Option<&str> {
    split(object::name(pod)).map(|(parent, _)| parent)
}

/// The number of a pod.
pub(super) fn ordinal(pod: &Value) -> Option<i64> {
    split(object::name(pod)).map(|(_, number)| number)
}

/// The number of the first pod.
pub(super) fn first(set: &Value) -> i64 {
    object::count(set, "/spec/ordinals/start")
}

/// Whether a set has a pod of this number.
pub(super) fn in_range(set: &Value, ordinal: i64) -> bool {
    (first(set)..first(set) + object::count(set, "/spec/replicas")).contains(&ordinal)
}

pub(super) fn revision(pod: &Value) -> &str {
    object::labels(pod).and_then(|labels| labels.get(REVISION)?.as_str()).unwrap_or_default()
}

/// A pod of a revision, to be made.
pub(super) fn draft(set: &Value, revision: &Value, ordinal: i64) -> Value {
    let mut pod = template::pod(&history::template(revision), set, &STATEFUL_SETS);
    let name = format!("{}-{ordinal}", object::name(set));
    pod["metadata"]["name"] = json!(name);
    set_label(&mut pod, REVISION, object::name(revision));
    identify(&mut pod, ordinal);
    pod["spec"]["hostname"] = json!(name);
    pod["spec"]["subdomain"] = set["spec"]["serviceName"].clone();
    claims::mount(set, &mut pod, ordinal);
    pod
}

/// Labels a pod by its name and number.
pub(super) fn identify(pod: &mut Value, ordinal: i64) {
    let name = object::name(pod).to_owned();
    set_label(pod, POD_NAME, &name);
    set_label(pod, INDEX, &ordinal.to_string());
}

/// Whether a pod has the labels that it should.
pub(super) fn is_identified(pod: &Value) -> bool {
    object::labels(pod).and_then(|labels| labels.get(POD_NAME)?.as_str()) == Some(object::name(pod))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_set_and_number() {
        for (name, expected) in [
            ("web-0", Some(("web", 0))),
            ("a-b-12", Some(("a-b", 12))),
            ("web", None),
            ("web-x1", None),
            ("web-", None),
        ] {
            assert_eq!(split(name), expected, "{name}");
        }
    }
}
