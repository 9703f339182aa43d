//! A server that knows InferenceServices, and somebody who may do everything.

use http::Request;
use kube::client::Body;
use proofmark_apiserver::ApiServer;
use proofmark_json::{Value, json};

pub(crate) const SERVICES: &str = "/apis/serving.kserve.io/v1beta1/namespaces/default/inferenceservices";

/// Makes the kind InferenceService, and binds a user to all rights.
pub(crate) async fn prepare(server: &ApiServer, administrator: &str) {
    let anything = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    let spec = json!({"type": "object", "required": ["predictor"], "properties": {"predictor": anything}});
    let schema = json!({"type": "object", "properties": {"spec": spec, "status": anything}});
    let crd = json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "inferenceservices.serving.kserve.io"},
        "spec": {
            "group": "serving.kserve.io",
            "scope": "Namespaced",
            "names": {"kind": "InferenceService", "plural": "inferenceservices"},
            "versions": [{"name": "v1beta1", "served": true, "storage": true, "schema": {"openAPIV3Schema": schema}}],
        },
    });
    let binding = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": administrator},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": administrator}],
    });
    create(server, "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", &crd).await;
    create(server, "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", &binding).await;
}

/// Makes an object.
pub(crate) async fn create(server: &ApiServer, path: &str, object: &Value) {
    let client = kube::Client::new(server.service(), "default");
    let request = Request::post(path).body(Body::from(object.to_string().into_bytes())).expect("a request");
    let status = client.send(request).await.expect("answered").status();
    assert!(status.is_success(), "{path}: {status}");
}
