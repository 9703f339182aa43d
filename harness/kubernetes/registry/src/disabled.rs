//! Fields of features that are off by default: a new state loses them, unless the old one has them already.
//!
//! Source: the `DropDisabled...` functions of `pkg/api/pod` and the strategies of `pkg/registry`, with the gates of release 1.35.

use proofmark_json::Value;

use crate::Strategy;

/// In a pod's specification; `*` is every item of a list.
const POD: &[&str] = &[
    // GenericWorkload
    "workloadRef",
    // ContainerStopSignals
    "containers/*/lifecycle/stopSignal",
    "initContainers/*/lifecycle/stopSignal",
    "ephemeralContainers/*/lifecycle/stopSignal",
    // ClusterTrustBundleProjection, PodCertificateRequest
    "volumes/*/projected/sources/*/clusterTrustBundle",
    "volumes/*/projected/sources/*/podCertificate",
];

/// Drops from a new state what is off and was not in use before.
pub fn drop_disabled(strategy: &Strategy, new: &mut Value, old: Option<&Value>) {
    let own = strategy.disabled.iter().map(|path| ("", *path));
    let pod = POD.iter().filter(|_| !strategy.pod.is_empty()).map(|path| (strategy.pod, *path));
    for (at, path) in own.chain(pod) {
        let steps: Vec<&str> = path.split('/').collect();
        if !old.and_then(|old| old.pointer(at)).is_some_and(|old| is_used(old, &steps))
            && let Some(part) = new.pointer_mut(at)
        {
            drop(part, &steps);
        }
    }
}

fn is_used(value: &Value, steps: &[&str]) -> bool {
    match steps {
        [] => !value.is_null(),
        ["*", rest @ ..] => value.as_array().into_iter().flatten().any(|item| is_used(item, rest)),
        [name, rest @ ..] => value.get(name).is_some_and(|value| is_used(value, rest)),
    }
}

fn drop(value: &mut Value, steps: &[&str]) {
    match steps {
        [] => {}
        ["*", rest @ ..] => {
            for item in value.as_array_mut().into_iter().flatten() {
                drop(item, rest);
            }
        }
        [name] => {
            if let Some(members) = value.as_object_mut() {
                members.shift_remove(*name);
            }
        }
        // A lifecycle without anything in it is none.
        ["lifecycle", rest @ ..] => {
            let Some(members) = value.as_object_mut() else { return };
            let Some(lifecycle) = members.get_mut("lifecycle") else { return };
            drop(lifecycle, rest);
            if lifecycle.as_object().is_some_and(|hooks| hooks.is_empty()) {
                members.shift_remove("lifecycle");
            }
        }
        [name, rest @ ..] => {
            if let Some(value) = value.get_mut(name) {
                drop(value, rest);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proofmark_json::json;

    use super::*;

    #[test]
    fn what_is_in_use_stays() {
        let pods = crate::strategy("", "pods");
        let pod = json!({"spec": {"containers": [{"name": "a", "lifecycle": {"stopSignal": "SIGTERM"}}]}});
        let (mut fresh, mut kept) = (pod.clone(), pod.clone());
        drop_disabled(pods, &mut fresh, None);
        assert_eq!(fresh, json!({"spec": {"containers": [{"name": "a"}]}}));
        drop_disabled(pods, &mut kept, Some(&pod));
        assert_eq!(kept, pod);
    }
}
