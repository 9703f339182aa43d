//! ServiceAccount: a pod runs as a service account that exists. Mirror pods, which show what a kubelet runs of its own accord, have none.
//!
//! Source: `plugin/pkg/admission/serviceaccount`, release 1.35. The token volume is added by the same plugin.

use proofmark_json::{Value, json};
use proofmark_registry::meta;

use crate::handlers::Target;
use crate::refusal::Refusal;
use crate::server::Call;

/// The account of pods that name none.
const DEFAULT: &str = "default";
/// Where a container finds its token.
const MOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// The annotation of mirror pods.
const MIRROR: &str = "kubernetes.io/config.mirror";
/// Where a container names a secret: the list, and the place of the name in its items.
const SECRETS_OF_CONTAINERS: [(&str, &str); 2] =
    [("env", "/valueFrom/secretKeyRef/name"), ("envFrom", "/secretRef/name")];
/// Where a volume names one.
const SECRETS_OF_VOLUMES: [&str; 10] = [
    "/secret/secretName",
    "/azureFile/secretName",
    "/cephfs/secretRef/name",
    "/cinder/secretRef/name",
    "/csi/nodePublishSecretRef/name",
    "/flexVolume/secretRef/name",
    "/iscsi/secretRef/name",
    "/rbd/secretRef/name",
    "/scaleIO/secretRef/name",
    "/storageos/secretRef/name",
];

/// A mirror pod stays as its kubelet wrote it, and may refer to nothing that only the API server has.
fn mirror(target: &Target<'_>, object: &Value) -> Result<(), Refusal> {
    let refuse = |why: &str| Err(super::forbidden(target, object, why));
    if !crate::value::text_at(object, "/spec/serviceAccountName").is_empty() {
        return refuse("a mirror pod may not reference service accounts");
    }
    let spec = object.get("spec").unwrap_or(&Value::Null);
    let list = |of: &'static str| items(spec, of);
    let names_secret = |value: &Value, pointer: &str| value.pointer(pointer).is_some_and(Value::is_string);
    let containers = ["initContainers", "containers", "ephemeralContainers"].into_iter().flat_map(list);
    let in_containers = containers
        .flat_map(|c| SECRETS_OF_CONTAINERS.into_iter().flat_map(|(of, at)| items(c, of).map(move |item| (item, at))))
        .any(|(item, at)| names_secret(item, at));
    let sources = || list("volumes").flat_map(|v| v.get("projected")).flat_map(|p| items(p, "sources"));
    let in_volumes = list("volumes").any(|v| SECRETS_OF_VOLUMES.iter().any(|at| names_secret(v, at)));
    let pulls = list("imagePullSecrets").next().is_some();
    if pulls || in_containers || in_volumes || sources().any(|source| names_secret(source, "/secret/name")) {
        return refuse("a mirror pod may not reference secrets");
    }
    if sources().any(|source| source.get("serviceAccountToken").is_some_and(|token| !token.is_null())) {
        return refuse("a mirror pod may not use ServiceAccountToken volume projections");
    }
    Ok(())
}

/// The items of a list, if it is there.
fn items<'a>(of: &'a Value, list: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    of.get(list).and_then(Value::as_array).into_iter().flatten()
}

/// Gives a new pod its account, and a token volume unless it does not want one.
pub(super) fn create(call: &Call<'_>, target: &Target<'_>, object: &mut Value) -> Result<(), Refusal> {
    if !target.resource.group.is_empty() || target.resource.plural != "pods" {
        return Ok(());
    }
    if meta::of(object).and_then(|m| m.get("annotations")).is_some_and(|a| a.get(MIRROR).is_some()) {
        return mirror(target, object);
    }
    let Some(spec) = object.get_mut("spec").and_then(Value::as_object_mut) else {
        return Ok(());
    };
    let given = spec.get("serviceAccountName").and_then(Value::as_str).unwrap_or_default();
    let name = if given.is_empty() { DEFAULT.to_owned() } else { given.to_owned() };
    spec.insert("serviceAccountName", json!(name));
    spec.insert("serviceAccount", json!(name));
    let Some(accounts) = call.server.catalog.find("", "v1", "serviceaccounts") else {
        return Ok(());
    };
    let snapshot = call.server.store.snapshot();
    let Some(account) = snapshot.get(&accounts.prefix, &format!("{}/{name}", target.namespace)) else {
        let place = format!("{}/{name}", target.namespace);
        let why = format!(
            "error looking up service account {place}: serviceaccount {} not found",
            proofmark_status::quote(&name)
        );
        return Err(super::forbidden(target, object, &why));
    };
    let wants = |o: &Value| o.get("automountServiceAccountToken").and_then(Value::as_bool);
    let mount = spec.get("automountServiceAccountToken").and_then(Value::as_bool).or_else(|| wants(&account.value));
    if let Some(pull) = account.value.get("imagePullSecrets").filter(|_| !spec.contains_key("imagePullSecrets")) {
        spec.insert("imagePullSecrets", pull.clone());
    }
    if mount.unwrap_or(true) {
        match token_volume(spec) {
            Some(volume) => mount_token(spec, &volume, true),
            None => mount_token(spec, &format!("{TOKEN_VOLUME}{}", call.server.random.suffix()), false),
        }
    }
    Ok(())
}

/// What the names of token volumes begin with.
const TOKEN_VOLUME: &str = "kube-api-access-";

/// The token volume that a pod has already: a webhook that adds a container has the pod looked at once more.
fn token_volume(spec: &proofmark_json::Map) -> Option<String> {
    let volumes = spec.get("volumes")?.as_array()?.iter();
    volumes
        .filter_map(|volume| volume.get("name")?.as_str())
        .find(|name| name.starts_with(TOKEN_VOLUME))
        .map(str::to_owned)
}

/// Mounts the token volume in every container that has nothing at its place, and adds it unless it is there.
fn mount_token(spec: &mut proofmark_json::Map, volume: &str, there: bool) {
    let mut used = false;
    for list in ["initContainers", "containers"] {
        let containers = spec.get_mut(list).and_then(Value::as_array_mut);
        for container in containers.into_iter().flatten().filter_map(Value::as_object_mut) {
            let mounts = container.entry("volumeMounts").or_insert_with(|| json!([]));
            let Some(mounts) = mounts.as_array_mut() else { continue };
            if mounts.iter().all(|m| m.get("mountPath").and_then(Value::as_str) != Some(MOUNT)) {
                mounts.push(json!({"name": volume, "readOnly": true, "mountPath": MOUNT}));
                used = true;
            }
        }
    }
    if !used || there {
        return;
    }
    let source = json!({
        "name": volume,
        "projected": {"defaultMode": 420, "sources": [
            {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
            {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
            {"downwardAPI": {"items": [{"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}]}},
        ]},
    });
    let volumes = spec.entry("volumes").or_insert_with(|| json!([]));
    if let Some(volumes) = volumes.as_array_mut() {
        volumes.push(source);
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::resource::Catalog;

    #[rstest]
    #[case(json!({"containers": [{"name": "c", "env": [{"name": "A", "value": "b"}]}], "volumes": [{"name": "v", "hostPath": {"path": "/"}}]}), "")]
    #[case(json!({"serviceAccountName": "default"}), "service accounts")]
    #[case(json!({"containers": [{"env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}]}]}), "secrets")]
    #[case(json!({"initContainers": [{"envFrom": [{"secretRef": {"name": "s"}}]}]}), "secrets")]
    #[case(json!({"imagePullSecrets": [{"name": "s"}]}), "secrets")]
    #[case(json!({"volumes": [{"name": "v", "secret": {"secretName": "s"}}]}), "secrets")]
    #[case(json!({"volumes": [{"name": "v", "projected": {"sources": [{"secret": {"name": "s"}}]}}]}), "secrets")]
    #[case(json!({"volumes": [{"name": "v", "projected": {"sources": [{"serviceAccountToken": {"path": "t"}}]}}]}), "ServiceAccountToken volume projections")]
    fn mirror_pods_refer_to_nothing(#[case] spec: Value, #[case] refused: &str) {
        let resource = Catalog::default().find("", "v1", "pods").unwrap();
        let target = Target { resource: &resource, namespace: "n", name: "p" };
        let words = match mirror(&target, &json!({"metadata": {"name": "p"}, "spec": spec})) {
            Ok(()) => String::new(),
            Err(Refusal::Status(status)) => status.message,
            Err(other) => panic!("{other:?}"),
        };
        let prefix = "pods \"p\" is forbidden: a mirror pod may not ";
        let verb = if refused.starts_with("Service") { "use" } else { "reference" };
        let expected = if refused.is_empty() { String::new() } else { format!("{prefix}{verb} {refused}") };
        assert_eq!(words, expected);
    }
}
