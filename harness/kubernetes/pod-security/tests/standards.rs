//! Pods against standards: the words of each check, and the releases from which they count.

use proofmark_json::{Value, json};
use proofmark_pod_security::{Policy, evaluate, significant};
use rstest::rstest;

fn details(standard: &str, spec: Value) -> String {
    let (level, version) = standard.split_once(':').unwrap();
    let labels = json!({
        "pod-security.kubernetes.io/enforce": level, "pod-security.kubernetes.io/enforce-version": version,
    });
    let (policy, errors) = Policy::of(labels.as_object());
    assert!(errors.is_empty());
    evaluate(policy.enforce, &json!({"metadata": {}, "spec": spec})).details()
}

fn with(context: Value) -> Value {
    json!({"containers": [{"name": "a", "securityContext": context}]})
}

#[rstest]
#[case(json!({"hostNetwork": true, "hostPID": true}), "host namespaces (hostNetwork=true, hostPID=true)")]
#[case(json!({"volumes": [{"name": "v", "hostPath": {"path": "/"}}]}), r#"hostPath volumes (volume "v")"#)]
#[case(
    json!({"containers": [{"name": "a", "ports": [{"hostPort": 80}, {"hostPort": 443}]}, {"name": "b", "ports": [{"hostPort": 80}]}]}),
    r#"hostPort (containers "a", "b" use hostPorts 443, 80)"#
)]
#[case(with(json!({"privileged": true})), r#"privileged (container "a" must not set securityContext.privileged=true)"#)]
#[case(
    with(json!({"capabilities": {"add": ["SYS_ADMIN", "CHOWN", "NET_RAW"]}})),
    r#"non-default capabilities (container "a" must not include "NET_RAW", "SYS_ADMIN" in securityContext.capabilities.add)"#
)]
#[case(
    with(json!({"seLinuxOptions": {"type": "spc_t", "user": "u"}})),
    r#"seLinuxOptions (container "a" set forbidden securityContext.seLinuxOptions: type "spc_t"; user may not be set)"#
)]
#[case(
    json!({"securityContext": {"seccompProfile": {"type": "Unconfined"}}}),
    r#"seccompProfile (pod must not set securityContext.seccompProfile.type to "Unconfined")"#
)]
#[case(
    with(json!({"appArmorProfile": {"type": "Unconfined"}})),
    r#"forbidden AppArmor profile (container "a" must not set AppArmor profile type to "Unconfined")"#
)]
#[case(json!({"securityContext": {"sysctls": [{"name": "kernel.x"}, {"name": "net.ipv4.tcp_rmem"}]}}), "forbidden sysctls (kernel.x)")]
#[case(
    json!({"containers": [{"name": "a", "livenessProbe": {"httpGet": {"host": "h"}}}]}),
    r#"probe or lifecycle host (container "a" uses probe or lifecycle host "h")"#
)]
#[case(
    with(json!({"procMount": "Unmasked"})),
    r#"procMount (container "a" must not set securityContext.procMount to "Unmasked")"#
)]
#[case(
    json!({"securityContext": {"windowsOptions": {"hostProcess": true}}}),
    "hostProcess (pod must not set securityContext.windowsOptions.hostProcess=true)"
)]
#[case(with(json!({"runAsUser": 0})), "")]
fn baseline(#[case] spec: Value, #[case] words: &str) {
    assert_eq!(details("baseline:latest", spec.clone()), words);
    assert_eq!(details("privileged:latest", spec), "");
}

#[test]
fn a_pod_that_says_nothing_is_not_restricted() {
    let words = [
        r#"allowPrivilegeEscalation != false (container "a" must set securityContext.allowPrivilegeEscalation=false)"#,
        r#"unrestricted capabilities (container "a" must set securityContext.capabilities.drop=["ALL"])"#,
        r#"runAsNonRoot != true (pod or container "a" must set securityContext.runAsNonRoot=true)"#,
        r#"seccompProfile (pod or container "a" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")"#,
    ];
    assert_eq!(details("restricted:latest", with(json!({}))), words.join(", "));
}

/// A container that the restricted standard takes, with something changed.
fn hardened(change: Value, spec: Value) -> Value {
    let mut context = json!({
        "allowPrivilegeEscalation": false, "runAsNonRoot": true,
        "capabilities": {"drop": ["ALL"]}, "seccompProfile": {"type": "RuntimeDefault"},
    });
    context.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    let mut whole = with(context);
    whole.as_object_mut().unwrap().extend(spec.as_object().unwrap().clone());
    whole
}

#[rstest]
#[case("latest", json!({}), json!({}), "")]
#[case("latest", json!({"runAsUser": 0}), json!({}), r#"runAsUser=0 (container "a" must not set runAsUser=0)"#)]
#[case("v1.22", json!({"runAsUser": 0}), json!({}), "")]
#[case("latest", json!({"runAsUser": 0, "runAsNonRoot": false}), json!({"hostUsers": false}), "")]
#[case(
    "v1.34",
    json!({"runAsNonRoot": false}),
    json!({"hostUsers": false}),
    r#"runAsNonRoot != true (container "a" must not set securityContext.runAsNonRoot=false)"#
)]
#[case(
    "latest",
    json!({"capabilities": {"drop": ["ALL"], "add": ["NET_BIND_SERVICE", "CHOWN"]}}),
    json!({}),
    r#"unrestricted capabilities (container "a" must not include "CHOWN" in securityContext.capabilities.add)"#
)]
#[case(
    "latest",
    json!({}),
    json!({"volumes": [{"name": "h", "hostPath": {}}, {"name": "n", "nfs": {}}, {"name": "e", "emptyDir": {}}]}),
    r#"restricted volume types (volumes "h", "n" use restricted volume types "hostPath", "nfs")"#
)]
#[case("v1.18", json!({"seccompProfile": {"type": "Unconfined"}}), json!({}), "")]
#[case("v1.24", json!({"allowPrivilegeEscalation": true}), json!({"os": {"name": "windows"}}), r#"allowPrivilegeEscalation != false (container "a" must set securityContext.allowPrivilegeEscalation=false)"#)]
#[case("v1.99", json!({"allowPrivilegeEscalation": true}), json!({"os": {"name": "windows"}}), "")]
fn restricted(#[case] version: &str, #[case] change: Value, #[case] spec: Value, #[case] words: &str) {
    assert_eq!(details(&format!("restricted:{version}"), hardened(change, spec)), words);
}

#[test]
fn only_images_and_containers_matter_in_a_change() {
    let pod = |image: &str, ephemeral: Value| json!({"spec": {"containers": [{"name": "a", "image": image}], "ephemeralContainers": ephemeral}});
    let old = pod("x", json!([]));
    assert!(!significant(&old, &old));
    assert!(significant(&pod("y", json!([])), &old));
    assert!(significant(&pod("x", json!([{"name": "d", "image": "z"}])), &old));
}
