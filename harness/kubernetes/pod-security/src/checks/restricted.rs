//! Restricted: what hardening recommends, at the price of some compatibility.

use proofmark_json::Value;

use super::baseline::{added, proc_mount};
use super::profiles::seccomp_restricted;
use super::{Check, Values, bad_containers, containers, plural, quoted, security, setters, text, violation};
use crate::evaluate::Violation;
use crate::pod::Pod;

pub(crate) const RESTRICTED: &[Check] = &[
    Check { name: "allowPrivilegeEscalation", since: 8, replaces: None, run: escalation },
    Check { name: "capabilities_restricted", since: 22, replaces: Some("capabilities_baseline"), run: capabilities },
    Check { name: "procMount_restricted", since: 35, replaces: Some("procMount"), run: proc_mount },
    Check { name: "restrictedVolumes", since: 0, replaces: Some("hostPathVolumes"), run: volumes },
    Check { name: "runAsNonRoot", since: 0, replaces: None, run: non_root },
    Check { name: "runAsUser", since: 23, replaces: None, run: user },
    Check {
        name: "seccompProfile_restricted",
        since: 19,
        replaces: Some("seccompProfile_baseline"),
        run: seccomp_restricted,
    },
];

/// Since 1.25 pods of Windows need not set what they cannot set.
fn is_exempt(pod: &Pod<'_>, minor: u64) -> bool {
    minor >= 25 && pod.is_windows()
}

fn escalation(pod: &Pod<'_>, minor: u64) -> Option<Violation> {
    if is_exempt(pod, minor) {
        return None;
    }
    let bad = bad_containers(pod, |c| security(Some(c), "/allowPrivilegeEscalation") != Some(&Value::Bool(false)));
    let detail = format!("{} must set securityContext.allowPrivilegeEscalation=false", containers(&bad));
    (!bad.is_empty()).then(|| violation("allowPrivilegeEscalation != false", detail))
}

fn capabilities(pod: &Pod<'_>, minor: u64) -> Option<Violation> {
    if is_exempt(pod, minor) {
        return None;
    }
    let keeping = bad_containers(pod, |container| {
        let dropped = security(Some(container), "/capabilities/drop").and_then(Value::as_array);
        !dropped.into_iter().flatten().any(|c| c == "ALL")
    });
    let mut values = Values::new();
    let adding = bad_containers(pod, |container| {
        let found = added(container, &["NET_BIND_SERVICE"]);
        let is_bad = !found.is_empty();
        values.extend(found);
        is_bad
    });
    let mut details = Vec::new();
    if !keeping.is_empty() {
        details.push(format!("{} must set securityContext.capabilities.drop=[\"ALL\"]", containers(&keeping)));
    }
    if !adding.is_empty() {
        let (who, what) = (containers(&adding), quoted(&values));
        details.push(format!("{who} must not include {what} in securityContext.capabilities.add"));
    }
    (!details.is_empty()).then(|| violation("unrestricted capabilities", details.join("; ")))
}

/// Sources of volumes that hold nothing of the node's.
const VOLUMES: [&str; 9] = [
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "image",
    "persistentVolumeClaim",
    "projected",
    "secret",
];

/// Sources that the standard names.
const OTHER_VOLUMES: [&str; 21] = [
    "hostPath",
    "gcePersistentDisk",
    "awsElasticBlockStore",
    "gitRepo",
    "nfs",
    "iscsi",
    "glusterfs",
    "rbd",
    "flexVolume",
    "cinder",
    "cephfs",
    "flocker",
    "fc",
    "azureFile",
    "vsphereVolume",
    "quobyte",
    "azureDisk",
    "photonPersistentDisk",
    "portworxVolume",
    "scaleIO",
    "storageos",
];

fn volumes(pod: &Pod<'_>, _: u64) -> Option<Violation> {
    let has = |volume: &Value, source: &str| volume.get(source).is_some_and(|s| !s.is_null());
    let bad: Vec<&Value> = pod.volumes().iter().filter(|v| !VOLUMES.iter().any(|source| has(v, source))).collect();
    let kind = |v: &&Value| *OTHER_VOLUMES.iter().find(|source| has(v, source)).unwrap_or(&"unknown");
    let kinds: Values = bad.iter().map(|v| kind(v).to_owned()).collect();
    let names: Vec<String> = bad.iter().map(|v| text(v.get("name"))).collect();
    let who = format!("{} {}", plural("volume", "volumes", names.len()), quoted(&names));
    let what = plural("restricted volume type", "restricted volume types", kinds.len());
    let detail = format!("{who} {} {what} {}", plural("uses", "use", names.len()), quoted(&kinds));
    (!names.is_empty()).then(|| violation("restricted volume types", detail))
}

fn non_root(pod: &Pod<'_>, minor: u64) -> Option<Violation> {
    // Since 1.35 the root of a pod with users of its own is nobody to the node.
    if minor >= 35 && pod.has_own_users() {
        return None;
    }
    let reason = "runAsNonRoot != true";
    let of_pod = pod.spec("/securityContext/runAsNonRoot").and_then(Value::as_bool);
    let own = |c: &Value| security(Some(c), "/runAsNonRoot").and_then(Value::as_bool);
    let bad = bad_containers(pod, |c| own(c) == Some(false));
    if let Some(setters) = setters(of_pod == Some(false), &bad) {
        return Some(violation(reason, format!("{setters} must not set securityContext.runAsNonRoot=false")));
    }
    if of_pod == Some(true) {
        return None;
    }
    let silent = bad_containers(pod, |c| own(c).is_none());
    let detail = format!("pod or {} must set securityContext.runAsNonRoot=true", containers(&silent));
    (!silent.is_empty()).then(|| violation(reason, detail))
}

fn user(pod: &Pod<'_>, minor: u64) -> Option<Violation> {
    if minor >= 35 && pod.has_own_users() {
        return None;
    }
    let is_root = |user: Option<&Value>| user.and_then(Value::as_i64) == Some(0);
    let of_pod = is_root(pod.spec("/securityContext/runAsUser"));
    let bad = bad_containers(pod, |c| is_root(security(Some(c), "/runAsUser")));
    let setters = setters(of_pod, &bad)?;
    Some(violation("runAsUser=0", format!("{setters} must not set runAsUser=0")))
}
