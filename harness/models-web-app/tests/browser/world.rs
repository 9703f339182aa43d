//! What the page looks at: a cluster in process, and the app over it as one user's.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderValue, Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use proofmark_apiserver::{ApiServer, Kubelet, KubeletError, LogOptions, LogStream};
use proofmark_json::{Value, json};
use proofmark_models_web_app::{App, Release, Settings};
use tokio::net::TcpListener;
use tower::Service as _;

use crate::shared::{SERVICES, create, prepare};

/// A page like Kubeflow's dashboard: it holds the app in a frame and tells it the namespace, by messages of the dashboard's library.
const DASHBOARD: &str = r#"<!doctype html><title>Dashboard</title><iframe id="app" src="/" width="900" height="500"></iframe><script>
  const app = document.getElementById("app");
  const say = (type, value) => app.contentWindow.postMessage({ type, value }, location.origin);
  addEventListener("message", ({ data }) => {
    if (data.type !== "iframe-connected") return;
    say("parent-connected", null);
    say("namespace-selected", "default");
  });
</script>"#;

/// The app behind a gateway that takes everybody for one user.
pub(crate) async fn serve(cluster: &ApiServer, user: &'static str) -> SocketAddr {
    let settings = Settings { secure_cookies: false, ..Settings::of(Release::Proofmark) };
    let app = App::new(kube::Client::new(cluster.service(), "default"), settings);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let app = app.clone();
            let service = service_fn(move |mut request: Request<Incoming>| {
                let mut app = app.clone();
                let dashboard = request.uri().path() == "/dashboard";
                request.headers_mut().insert("kubeflow-userid", HeaderValue::from_static(user));
                async move {
                    if dashboard {
                        return Ok::<_, Infallible>(Response::new(Full::from(DASHBOARD).boxed_unsync()));
                    }
                    Ok(app.call(request).await.unwrap_or_else(|never| match never {}))
                }
            });
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
    address
}

/// A cluster with a service, its pod and its log, in which alice may do everything.
pub(crate) async fn cluster() -> ApiServer {
    let server = ApiServer::builder().seed(1).real_clock().build().expect("a server");
    server.serve_nodes(Arc::new(Log));
    prepare(&server, "alice").await;
    let iris = service("iris", "sklearn", &serving("iris"));
    let node = json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "node"}});
    let account = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default"}});
    let container = json!({"name": "kserve-container", "image": "example.com/model"});
    let pod = json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "iris-0", "labels": {"serving.knative.dev/revision": "iris-00001"}},
        "spec": {"nodeName": "node", "containers": [container]},
    });
    let elsewhere = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "empty"}});
    for (path, object) in [
        (SERVICES, iris),
        ("/api/v1/namespaces", elsewhere),
        ("/api/v1/nodes", node),
        ("/api/v1/namespaces/default/serviceaccounts", account),
        ("/api/v1/namespaces/default/pods", pod),
    ] {
        create(&server, path, &object).await;
    }
    server
}

/// A service that is as its status says.
pub(crate) fn service(name: &str, format: &str, status: &Value) -> Value {
    json!({
        "apiVersion": "serving.kserve.io/v1beta1",
        "kind": "InferenceService",
        "metadata": {"name": name},
        "spec": {"predictor": {"model": {"modelFormat": {"name": format}, "storageUri": format!("gs://example/{name}")}}},
        "status": status,
    })
}

/// The status of one that serves.
pub(crate) fn serving(name: &str) -> Value {
    let condition = |kind: &str| json!({"type": kind, "status": "True", "lastTransitionTime": "2024-05-01T10:00:00Z"});
    let conditions = ["PredictorReady", "IngressReady", "Ready"].map(condition);
    json!({
        "url": format!("http://{name}.default.example.com"),
        "conditions": conditions,
        "components": {"predictor": {"latestCreatedRevision": format!("{name}-00001"), "latestReadyRevision": format!("{name}-00001")}},
    })
}

struct Log;

impl Kubelet for Log {
    fn logs(&self, _: &Value, _: &str, _: &LogOptions) -> Result<LogStream, KubeletError> {
        Ok(Box::pin(futures_util::stream::iter([Bytes::from("line one\nline two\n")])))
    }
}
