//! Installing a distribution into a fake API server.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use proofmark_env::{Cluster, WireBody, install, transport};
use proofmark_json::{Value, json};

/// Knows Namespace, ConfigMap, CustomResourceDefinition and ValidatingWebhookConfiguration; learns of Widget when its definition comes.
/// Namespace `default` and ConfigMap `there` exist. A ConfigMap `bad` is refused. Keeps the writes.
#[derive(Clone, Default)]
struct Api(Arc<Mutex<Vec<String>>>);

impl Api {
    fn answer(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let mut writes = self.0.lock().unwrap();
        if method == "GET" {
            let knows_widgets = writes.iter().any(|write| write.contains("customresourcedefinitions"));
            let resource = |name: &str, kind: &str, namespaced: bool| json!({"name": name, "kind": kind, "namespaced": namespaced});
            return match path {
                "/api/v1" => (
                    200,
                    json!({"resources": [
                        resource("namespaces", "Namespace", false), resource("namespaces/status", "Namespace", false),
                        resource("configmaps", "ConfigMap", true),
                    ]}),
                ),
                "/apis/apiextensions.k8s.io/v1" => (
                    200,
                    json!({"resources": [resource("customresourcedefinitions", "CustomResourceDefinition", false)]}),
                ),
                "/apis/example.org/v1" if knows_widgets => {
                    (200, json!({"resources": [resource("widgets", "Widget", true)]}))
                }
                _ => (404, json!({"kind": "Status", "message": "not found"})),
            };
        }
        let name = body["metadata"]["name"].as_str().unwrap_or_default();
        writes.push(format!("{method} {path} {name}"));
        match (method, name) {
            ("POST", "default" | "there") => (409, json!({"kind": "Status", "message": "already exists"})),
            (_, "bad") => (422, json!({"kind": "Status", "message": "it is bad"})),
            ("POST", _) => (201, body.clone()),
            _ => (200, body.clone()),
        }
    }

    fn cluster(&self) -> Cluster {
        let api = self.clone();
        let service = tower::service_fn(move |request: Request<WireBody>| {
            let api = api.clone();
            async move {
                let (parts, body) = request.into_parts();
                let body = proofmark_json::from_slice(&body.collect().await.unwrap().to_bytes()).unwrap_or(Value::Null);
                let (status, answer) = api.answer(parts.method.as_str(), parts.uri.path(), &body);
                let mut response = Response::new(Full::new(Bytes::from(answer.to_string())));
                *response.status_mut() = status.try_into().unwrap();
                Ok::<_, Infallible>(response)
            }
        });
        Cluster::new(transport(service), Duration::from_millis(1))
    }
}

fn object(api_version: &str, kind: &str, namespace: &str, name: &str) -> Value {
    json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": name, "namespace": namespace}})
}

#[tokio::test(start_paused = true)]
async fn kinds_and_namespaces_come_first_and_what_is_missing_is_made_or_left_out() {
    let api = Api::default();
    let objects = [
        object("example.org/v1", "Widget", "new", "w"),
        object("v1", "ConfigMap", "", "c"),
        object("v1", "ConfigMap", "kubeflow", "there"),
        object("cert-manager.io/v1", "Certificate", "kubeflow", "x"),
        object("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration", "", "y"),
        object("apiextensions.k8s.io/v1", "CustomResourceDefinition", "", "widgets.example.org"),
        object("v1", "Namespace", "", "kubeflow"),
    ];
    let left_out = install(&api.cluster(), &objects).await.unwrap();
    assert_eq!(
        *api.0.lock().unwrap(),
        [
            "POST /apis/apiextensions.k8s.io/v1/customresourcedefinitions widgets.example.org",
            "POST /api/v1/namespaces kubeflow",
            "POST /api/v1/namespaces new",
            "POST /apis/example.org/v1/namespaces/new/widgets w",
            "POST /api/v1/namespaces default",
            "POST /api/v1/namespaces/default/configmaps c",
            "POST /api/v1/namespaces kubeflow",
            "POST /api/v1/namespaces/kubeflow/configmaps there",
            "PATCH /api/v1/namespaces/kubeflow/configmaps/there there",
        ]
    );
    let left_out: Vec<_> = left_out.iter().map(|left| (left.object.as_str(), left.why.as_str())).collect();
    assert_eq!(
        left_out,
        [
            ("cert-manager.io/v1 Certificate x", "the cluster does not know this kind"),
            ("admissionregistration.k8s.io/v1 ValidatingWebhookConfiguration y", "what it calls does not run here"),
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn an_invalid_object_is_left_out_in_the_servers_words() {
    let left_out = install(&Api::default().cluster(), &[object("v1", "ConfigMap", "a", "bad")]).await.unwrap();
    let [left] = left_out.as_slice() else { panic!("{left_out:?}") };
    assert_eq!(left.to_string(), "v1 ConfigMap bad: the API server refuses it: 422: it is bad");
}
