//! The page in a headless Chromium, driven by chromedriver, over an embedded API server: list, open, logs, create, delete, and being refused.
//!
//! Skipped, visibly, where there is no chromedriver; CI installs one.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use fantoccini::{Client as Browser, ClientBuilder, Locator};
use http::{HeaderValue, Request};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioIo;
use kube::client::Body;
use proofmark_apiserver::{ApiServer, Kubelet, KubeletError, LogOptions, LogStream};
use proofmark_models_web_app::{App, Release, Settings};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tower::Service as _;

const SERVICES: &str = "/apis/serving.kserve.io/v1beta1/namespaces/default/inferenceservices";

#[tokio::test(flavor = "multi_thread")]
async fn people_manage_models() {
    let Some(driver) = Driver::start().await else { return };
    let cluster = cluster().await;
    let (allowed, refused) = (serve(&cluster, "alice").await, serve(&cluster, "carol").await);
    let page = Page(driver.browser().await);

    page.open(&format!("http://{allowed}/#/default")).await;
    page.sees("tbody tr", "iris").await;
    page.sees("tbody .status", "Ready").await;

    page.click("tbody a[href$='/iris']").await;
    page.sees("#panel", "sklearn").await;
    page.press("[role=tab][aria-selected=true]", "\u{e014}").await; // to the right
    page.sees("[role=tab][aria-selected=true]", "Details").await;
    page.click("#tab-logs").await;
    page.sees("#panel pre", "line one").await;
    page.click("#tab-yaml").await;
    page.sees("#panel pre", "storageUri: gs://example/iris").await;

    page.open(&format!("http://{allowed}/#/default/+new")).await;
    let lacking = "apiVersion: serving.kserve.io/v1beta1\nkind: InferenceService\nmetadata:\n  name: fresh\nspec: {}\n";
    page.fill("#yaml", lacking).await;
    page.click("#create").await;
    page.sees("#refused .error", "Line 5: ").await;
    page.sees("#refused .error", "spec.predictor: Required value").await;
    page.fill("#yaml", &lacking.replace("{}", "{predictor: {}}")).await;
    page.click("#create").await;
    page.sees("tbody", "fresh").await;

    page.click("button[aria-label='Delete fresh']").await;
    page.click("#delete-for-good").await;
    page.sees("tbody", "Deleting").await;

    page.open(&format!("http://{refused}/#/default")).await;
    page.sees(".error", "User 'carol' is not authorized to list").await;
    page.0.close().await.expect("closed");
}

/// What is done with a page. Whatever is waited for is given half a minute.
struct Page(Browser);

impl Page {
    async fn open(&self, url: &str) {
        // The address may differ in its fragment alone, which loads nothing.
        self.0.goto("about:blank").await.expect("blank");
        self.0.goto(url).await.expect("loaded");
    }

    async fn element(&self, css: &str) -> fantoccini::elements::Element {
        let found = self.0.wait().at_most(Duration::from_secs(30)).for_element(Locator::Css(css)).await;
        found.unwrap_or_else(|error| panic!("{css}: {error}"))
    }

    async fn click(&self, css: &str) {
        self.element(css).await.click().await.unwrap_or_else(|error| panic!("{css}: {error}"));
    }

    async fn press(&self, css: &str, key: &str) {
        self.element(css).await.send_keys(key).await.unwrap_or_else(|error| panic!("{css}: {error}"));
    }

    async fn fill(&self, css: &str, text: &str) {
        let area = self.element(css).await;
        area.clear().await.expect("cleared");
        area.send_keys(text).await.expect("typed");
    }

    async fn sees(&self, css: &str, words: &str) {
        let mut seen = String::new();
        for _ in 0..300 {
            for element in self.0.find_all(Locator::Css(css)).await.expect("a selector") {
                // Pages are drawn anew: an element can be gone meanwhile.
                seen = element.text().await.unwrap_or_default();
                if seen.contains(words) {
                    return;
                }
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("{css} shows {seen:?}, not {words:?}");
    }
}

/// chromedriver, which ends with this.
struct Driver {
    process: Child,
    port: u16,
}

impl Driver {
    #[expect(clippy::disallowed_methods, reason = "CI is known by an environment variable")]
    #[expect(clippy::print_stderr, reason = "a skipped test says so")]
    async fn start() -> Option<Self> {
        let port = TcpListener::bind("127.0.0.1:0").await.ok()?.local_addr().ok()?.port();
        let mut command = Command::new("chromedriver");
        let command = command.arg(format!("--port={port}")).stdout(Stdio::null()).stderr(Stdio::null());
        let Ok(process) = command.spawn() else {
            assert!(std::env::var("CI").is_err(), "no chromedriver");
            eprintln!("skipped: no chromedriver");
            return None;
        };
        Some(Self { process, port })
    }

    async fn browser(&self) -> Browser {
        let arguments = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"];
        let capabilities = json!({"goog:chromeOptions": {"args": arguments}});
        let mut builder = ClientBuilder::new(HttpConnector::new());
        builder.capabilities(serde_json::from_value(capabilities).expect("capabilities"));
        let url = format!("http://127.0.0.1:{}", self.port);
        for _ in 0..100 {
            if let Ok(browser) = builder.connect(&url).await {
                return browser;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("chromedriver starts no browser");
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The app behind a gateway that takes everybody for one user.
async fn serve(cluster: &ApiServer, user: &'static str) -> SocketAddr {
    let settings = Settings { secure_cookies: false, ..Settings::of(Release::Proofmark) };
    let app = App::new(kube::Client::new(cluster.service(), "default"), settings);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let app = app.clone();
            let service = service_fn(move |mut request: Request<Incoming>| {
                let mut app = app.clone();
                request.headers_mut().insert("kubeflow-userid", HeaderValue::from_static(user));
                async move { Ok::<_, Infallible>(app.call(request).await.unwrap_or_else(|never| match never {})) }
            });
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
    address
}

/// A cluster with a service, its pod and its log, in which alice may do everything.
async fn cluster() -> ApiServer {
    let server = ApiServer::builder().seed(1).real_clock().build().expect("a server");
    server.serve_nodes(Arc::new(Log));
    let predictor = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    let spec = json!({"type": "object", "required": ["predictor"], "properties": {"predictor": predictor}});
    let status = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    let schema = json!({"type": "object", "properties": {"spec": spec, "status": status}});
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
        "metadata": {"name": "alice"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "alice"}],
    });
    let ready = json!({"type": "Ready", "status": "True", "lastTransitionTime": "2024-05-01T10:00:00Z"});
    let iris = json!({
        "apiVersion": "serving.kserve.io/v1beta1",
        "kind": "InferenceService",
        "metadata": {"name": "iris"},
        "spec": {"predictor": {"model": {"modelFormat": {"name": "sklearn"}, "storageUri": "gs://example/iris"}}},
        "status": {
            "url": "http://iris.default.example.com",
            "conditions": [ready],
            "components": {"predictor": {"latestCreatedRevision": "iris-00001", "latestReadyRevision": "iris-00001"}},
        },
    });
    let node = json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "node"}});
    let account = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default"}});
    let container = json!({"name": "kserve-container", "image": "example.com/model"});
    let pod = json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "iris-0", "labels": {"serving.knative.dev/revision": "iris-00001"}},
        "spec": {"nodeName": "node", "containers": [container]},
    });
    for (path, object) in [
        ("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", crd),
        ("/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", binding),
        (SERVICES, iris),
        ("/api/v1/nodes", node),
        ("/api/v1/namespaces/default/serviceaccounts", account),
        ("/api/v1/namespaces/default/pods", pod),
    ] {
        let client = kube::Client::new(server.service(), "default");
        let request = Request::post(path).body(Body::from(object.to_string().into_bytes())).expect("a request");
        let status = client.send(request).await.expect("answered").status();
        assert!(status.is_success(), "{path}: {status}");
    }
    server
}

struct Log;

impl Kubelet for Log {
    fn logs(&self, _: &Value, _: &str, _: &LogOptions) -> Result<LogStream, KubeletError> {
        Ok(Box::pin(futures_util::stream::iter([Bytes::from("line one\nline two\n")])))
    }
}
