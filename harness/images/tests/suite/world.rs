//! A cluster with a node, a cloud whose S3 its pods reach, and somebody who takes events.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use kube::Client;
use proofmark_apiserver::ApiServer;
use proofmark_aws::{Cloud, Settings};
use proofmark_aws_sigv4::{Credentials, Payload, sign};
use proofmark_clock::Clock;
use proofmark_controllers::kit::{Api, Resource, object};
use proofmark_images::{Outside, known};
use proofmark_json::{Value, json};
use proofmark_model_loader::net::{ConnectError, Connecting, Network, Stream};
use proofmark_nodes::logs::LogQuery;
use proofmark_nodes::process::Images;
use proofmark_nodes::{Nodes, Options};
use tower::ServiceExt as _;

static PODS: Resource = Resource::namespaced("", "v1", "pods", "Pod");
static CONFIG_MAPS: Resource = Resource::namespaced("", "v1", "configmaps", "ConfigMap");
static ACCOUNTS: Resource = Resource::namespaced("", "v1", "serviceaccounts", "ServiceAccount");

/// The account whose root user makes buckets; its key is its id.
pub(crate) const ACCOUNT: &str = "111111111111";
/// The secret that goes with it.
pub(crate) const SECRET: &str = "test";
/// An address that leads to the cloud.
pub(crate) const ENDPOINT: &str = "http://s3.us-east-1.amazonaws.com";
/// A model of the fixtures.
pub(crate) const IRIS: &[u8] = include_bytes!("../../../../fixtures/models/iris.json");

/// Takes events. A path of digits is the status that it answers with.
pub(crate) const EVENTS: &str = "http://events.example.com";

pub(crate) struct World {
    api: Api,
    nodes: Nodes,
    cloud: Cloud,
    events: Events,
}

/// The requests that were sent to [`EVENTS`], as text: headers in order, then the body.
type Events = Arc<Mutex<Vec<String>>>;

/// Plain connections to a cloud, and to who takes events.
struct Outsiders {
    cloud: Cloud,
    events: Events,
}

impl Network for Outsiders {
    fn connect<'a>(&'a self, host: &'a str, port: u16) -> Connecting<'a> {
        Box::pin(async move {
            let takes_events = EVENTS.ends_with(host);
            if !takes_events && !host.ends_with(".amazonaws.com") {
                return Err(ConnectError::UnknownName);
            }
            if port != 80 {
                return Err(ConnectError::System(111));
            }
            let (here, there) = tokio::io::duplex(64 * 1024);
            let (there, server) = (TokioIo::new(there), hyper::server::conn::http1::Builder::new());
            if takes_events {
                let events = self.events.clone();
                let service = hyper::service::service_fn(move |request| take(events.clone(), request));
                tokio::spawn(async move { server.serve_connection(there, service).await });
            } else {
                let service = TowerToHyperService::new(self.cloud.clone());
                tokio::spawn(async move { server.serve_connection(there, service).await });
            }
            Ok(Box::new(here) as Box<dyn Stream>)
        })
    }
}

async fn take(events: Events, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (parts, body) = request.into_parts();
    let header =
        |(name, value): (&http::HeaderName, &http::HeaderValue)| format!("{name}: {}", value.to_str().unwrap());
    let mut lines: Vec<String> = parts.headers.iter().map(header).collect();
    lines.sort();
    let body = body.collect().await.expect("a body").to_bytes();
    let (headers, body) = (lines.join("\n"), String::from_utf8_lossy(&body));
    events.lock().unwrap().push(format!("{} {}\n{headers}\n\n{body}\n", parts.method, parts.uri));
    let status: u16 = parts.uri.path().trim_matches('/').parse().unwrap_or(200);
    Ok(Response::builder().status(status).body(Full::default()).expect("a status"))
}

impl World {
    pub(crate) async fn new() -> Self {
        let cloud = Cloud::new(Settings::default(), Clock::simulated());
        let events = Events::default();
        let network = Outsiders { cloud: cloud.clone(), events: events.clone() };
        let outside = Outside { network: Arc::new(network), authorities: Arc::new([]), release: None };
        Self::with(cloud, events, known(&outside)).await
    }

    async fn with(cloud: Cloud, events: Events, images: Images) -> Self {
        let server = ApiServer::builder().seed(1).build().expect("a server");
        let client = Client::new(server.service(), "default");
        let api = Api::new(client.clone(), "kubectl");
        let account = json!({"apiVersion": "v1", "kind": "ServiceAccount", "automountServiceAccountToken": false,
            "metadata": {"name": "default", "namespace": "default"}});
        api.create(&ACCOUNTS, &account).await.expect("an account");
        let options = Options { images, ..Options::new(Arc::new(move || server.now())) };
        let nodes = proofmark_nodes::start(client, options).await.expect("nodes");
        nodes.ready().await;
        Self { api, nodes, cloud, events }
    }

    /// What has been sent to [`EVENTS`].
    pub(crate) fn events(&self) -> Vec<String> {
        self.events.lock().unwrap().clone()
    }

    /// Puts an object, or makes a bucket, as the account's root user.
    pub(crate) async fn put(&self, path: &str, body: &[u8]) {
        let request = Request::put(format!("/{path}")).header("host", "s3.us-east-1.amazonaws.com");
        let (mut parts, body) = request.body(Bytes::copy_from_slice(body)).expect("a request").into_parts();
        let credentials = Credentials {
            access_key_id: ACCOUNT.to_owned(),
            secret_access_key: SECRET.to_owned(),
            session_token: None,
        };
        sign(&mut parts, &credentials, "us-east-1", "s3", Payload::Bytes(&body), self.cloud.now());
        let answer = self.cloud.clone().oneshot(Request::from_parts(parts, Full::new(body))).await.expect("an answer");
        let status = answer.status();
        let text = answer.into_body().collect().await.expect("a body").to_bytes();
        assert!(status.is_success(), "{path}: {}", String::from_utf8_lossy(&text));
    }

    /// Runs a pod for a while.
    pub(crate) async fn run(&self, name: &str, spec: Value) {
        let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "default"}, "spec": spec});
        self.api.create(&PODS, &pod).await.expect("a pod");
        tokio::time::sleep(Duration::from_secs(30)).await;
    }

    /// The status of a container.
    pub(crate) async fn status(&self, pod: &str, container: &str) -> Value {
        let pod = self.api.get(&PODS, "default", pod).await.expect("a pod");
        let lists = ["/status/containerStatuses", "/status/initContainerStatuses"];
        let mut all = lists.iter().flat_map(|list| object::list(&pod, list));
        all.find(|status| status["name"] == container).unwrap_or_else(|| panic!("no {container}: {pod}")).clone()
    }

    /// What a container wrote; of its run before this one if asked.
    pub(crate) async fn log(&self, pod: &str, container: &str, previous: bool) -> String {
        use futures_util::StreamExt as _;
        let query = LogQuery { previous, ..LogQuery::default() };
        let log = self.nodes.logs("default", pod, container, &query).expect("a log");
        let pieces: Vec<Bytes> = log.collect().await;
        String::from_utf8_lossy(&pieces.concat()).into_owned()
    }

    /// Has a ConfigMap hold one text.
    pub(crate) async fn configure(&self, name: &str, key: &str, text: &str) {
        let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "default"}, "data": {key: text}});
        match self.api.get(&CONFIG_MAPS, "default", name).await {
            Ok(there) => {
                let mut map = map;
                map["metadata"]["resourceVersion"] = there["metadata"]["resourceVersion"].clone();
                self.api.update(&CONFIG_MAPS, &map).await.map(drop)
            }
            Err(_) => self.api.create(&CONFIG_MAPS, &map).await.map(drop),
        }
        .expect("a config map");
    }

    /// Asks a pod's server; the answer's status and body.
    pub(crate) async fn ask(&self, pod: &str, method: &str, path: &str, body: &Value) -> (u16, Value) {
        self.ask_at(8080, pod, method, path, body).await
    }

    /// Asks who listens on a port of a pod.
    pub(crate) async fn ask_at(&self, port: u16, pod: &str, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let body = if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) };
        let answer = self.send(port, pod, Request::builder().method(method).uri(path).body(body).expect("a request"));
        let answer = answer.await;
        (answer.status().as_u16(), proofmark_json::from_slice(answer.body()).expect("JSON"))
    }

    /// Sends a request to who listens on a port of a pod.
    pub(crate) async fn send(&self, port: u16, pod: &str, request: Request<Bytes>) -> Response<Bytes> {
        let handler = self.nodes.http("default", pod, port).expect("a server");
        handler(request).await
    }

    /// What is answered to a GET, whatever it is.
    pub(crate) async fn text_at(&self, port: u16, pod: &str, path: &str) -> (u16, String) {
        let answer = self.send(port, pod, Request::get(path).body(Bytes::new()).expect("a request")).await;
        (answer.status().as_u16(), String::from_utf8_lossy(answer.body()).into_owned())
    }
}
