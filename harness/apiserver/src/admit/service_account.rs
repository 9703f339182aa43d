//! ServiceAccount: a pod runs as a service account that exists.
//!
//! Source: `plugin/pkg/admission/serviceaccount`, release 1.35. The token volume is added by the same plugin.

use serde_json::{Value, json};

use crate::handlers::Target;
use crate::refusal::Refusal;
use crate::server::Call;

/// The account of pods that name none.
const DEFAULT: &str = "default";
/// Where a container finds its token.
const MOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// Gives a new pod its account, and a token volume unless it does not want one.
pub(super) fn create(call: &Call<'_>, target: &Target<'_>, object: &mut Value) -> Result<(), Refusal> {
    if !target.resource.group.is_empty() || target.resource.plural != "pods" {
        return Ok(());
    }
    let Some(spec) = object.get_mut("spec").and_then(Value::as_object_mut) else {
        return Ok(());
    };
    let given = spec.get("serviceAccountName").and_then(Value::as_str).unwrap_or_default();
    let name = if given.is_empty() { DEFAULT.to_owned() } else { given.to_owned() };
    spec.insert("serviceAccountName".to_owned(), json!(name));
    spec.insert("serviceAccount".to_owned(), json!(name));
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
        spec.insert("imagePullSecrets".to_owned(), pull.clone());
    }
    if mount.unwrap_or(true) {
        mount_token(spec, &format!("kube-api-access-{}", call.server.random.suffix()));
    }
    Ok(())
}

/// Adds the projected token volume, mounted in every container that has nothing at its place.
fn mount_token(spec: &mut serde_json::Map<String, Value>, volume: &str) {
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
    if !used {
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
