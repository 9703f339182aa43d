//! How the API server learns of the webhook.

use proofmark_json::{Value, json};

/// The service that the webhook is behind.
pub const SERVICE: &str = "pod-identity-webhook";
/// Where it lives.
pub const NAMESPACE: &str = "kube-system";

/// The service and the configuration. `address` is a URL with its certificate authority (base64 of PEM) for an API server that does not reach services. A webhook
/// that does not answer lets pods pass, without credentials.
pub(crate) fn registrations(address: Option<(&str, &str)>) -> [Value; 2] {
    let path = "/mutate";
    let client = match address {
        Some((url, ca_bundle)) => json!({"url": format!("{url}{path}"), "caBundle": ca_bundle}),
        None => json!({"service": {"name": SERVICE, "namespace": NAMESPACE, "path": path}}),
    };
    let service = json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": SERVICE, "namespace": NAMESPACE},
        "spec": {"ports": [{"port": 443, "targetPort": 443}], "selector": {"app": SERVICE}},
    });
    let skip = json!({"key": "eks.amazonaws.com/skip-pod-identity-webhook", "operator": "DoesNotExist"});
    let webhook = json!({
        "name": "pod-identity-webhook.amazonaws.com", "clientConfig": client,
        "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}],
        "objectSelector": {"matchExpressions": [skip]},
        "failurePolicy": "Ignore", "sideEffects": "None", "admissionReviewVersions": ["v1beta1"],
    });
    let configuration = json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingWebhookConfiguration",
        "metadata": {"name": SERVICE}, "webhooks": [webhook],
    });
    [service, configuration]
}
