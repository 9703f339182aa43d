//! An API server as the recordings began: KServe's kinds, permissive ones of Knative, namespaces and roles, and nodes with logs.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::BodyExt as _;
use kube::Client;
use kube::client::Body;
use proofmark_apiserver::World as Saved;
use proofmark_apiserver::{ApiServer, Endpoint, Kubelet, KubeletError, LogOptions, LogStream};
use proofmark_controllers::Controllers;
use proofmark_json::{Value, json};
use proofmark_models_web_app::Release;

use crate::{list, text};

/// Where a webhook listens that refuses, and one that is away.
pub(crate) const REFUSING: &str = "127.0.0.1:10443";
pub(crate) const AWAY: &str = "127.0.0.1:1";

pub(crate) struct World {
    pub(crate) server: ApiServer,
    client: Client,
    _controllers: Controllers,
}

/// What servers begin with, by release and kinds: made once, as it takes a while.
pub(crate) struct Beginnings {
    shared: PathBuf,
    made: BTreeMap<(Release, String), Saved>,
}

impl Beginnings {
    pub(crate) fn new(shared: PathBuf) -> Self {
        Self { shared, made: BTreeMap::new() }
    }

    async fn of(&mut self, release: Release, crds: &str) -> Saved {
        let key = (release, crds.to_owned());
        if let Some(saved) = self.made.get(&key) {
            return saved.clone();
        }
        let world = World::on(ApiServer::builder().seed(1).build().expect("a server")).await;
        for crd in definitions(crds, &self.shared) {
            let (code, body) =
                world.ask("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", Some(&crd)).await;
            assert_eq!(code, 201, "{body}");
        }
        let node = json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "node-1"}});
        world.ask("POST", "/api/v1/nodes", Some(&node)).await;
        settle().await;
        for object in base(release, &self.shared) {
            world.create(&object).await;
        }
        settle().await;
        let saved = world.server.world();
        self.made.insert(key, saved.clone());
        saved
    }
}

impl World {
    /// A server with what a case was given.
    pub(crate) async fn start(release: Release, case: &Value, beginnings: &mut Beginnings) -> Self {
        let saved = beginnings.of(release, text(case, "crds")).await;
        let server = ApiServer::builder().seed(1).world(saved).build().expect("a server");
        server.serve_nodes(Arc::new(Logs::of(case)));
        server.webhooks().register(Endpoint::url(&format!("https://{REFUSING}")), refuse);
        let world = Self::on(server).await;
        for object in list(case, "given") {
            world.create(object).await;
        }
        settle().await;
        world
    }

    async fn on(server: ApiServer) -> Self {
        let clock = server.clone();
        let client = Client::new(server.service(), "default");
        let options = proofmark_controllers::Options {
            clock: Arc::new(move || clock.now()),
            root_ca: server.authority().certificate_pem(),
            secret_tokens: None,
        };
        let controllers = proofmark_controllers::start(client.clone(), options);
        controllers.ready().await;
        Self { server, client, _controllers: controllers }
    }

    /// The identity of an owner.
    pub(crate) async fn uid(&self, owner: &Value, namespace: &str) -> Value {
        let object =
            json!({"apiVersion": owner["apiVersion"], "kind": owner["kind"], "metadata": {"namespace": namespace}});
        let path = format!("{}/{}", self.collection(&object).await, text(owner, "name"));
        self.ask("GET", &path, None).await.1["metadata"]["uid"].clone()
    }

    /// Creates an object, and its status besides.
    async fn create(&self, object: &Value) {
        let path = self.collection(object).await;
        let (code, made) = self.ask("POST", &path, Some(object)).await;
        assert!(code == 201 || code == 409, "{code} {made} for {object}");
        let Some(status) = object.get("status").filter(|_| text(object, "kind") != "CustomResourceDefinition") else {
            return;
        };
        let path = format!("{path}/{}/status", text(&object["metadata"], "name"));
        let (code, body) = self.ask("PATCH", &path, Some(&json!({"status": status}))).await;
        assert_eq!(code, 200, "{body}");
    }

    /// Where the objects of a kind are, by what the server says of itself.
    async fn collection(&self, object: &Value) -> String {
        let version = text(object, "apiVersion");
        let base = if version.contains('/') { format!("/apis/{version}") } else { format!("/api/{version}") };
        let resources = self.ask("GET", &base, None).await.1;
        let fits = |resource: &&Value| resource["kind"] == object["kind"] && !text(resource, "name").contains('/');
        let Some(resource) = list(&resources, "resources").iter().find(fits) else { panic!("unknown kind: {object}") };
        let namespace = text(&object["metadata"], "namespace");
        let place = if resource["namespaced"] == true { format!("/namespaces/{namespace}") } else { String::new() };
        format!("{base}{place}/{}", text(resource, "name"))
    }

    /// The answer to a request of the administrator.
    pub(crate) async fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> (u16, Value) {
        let kind = if method == "PATCH" { "application/merge-patch+json" } else { "application/json" };
        let bytes = body.map(|body| proofmark_json::to_vec(body).expect("serialisable")).unwrap_or_default();
        let request = Request::builder().method(method).uri(path).header("content-type", kind);
        let request = request.header("user-agent", "recorder").body(Body::from(bytes)).expect("a request");
        let response = self.client.send(request).await.expect("answered");
        let code = response.status().as_u16();
        let bytes = response.into_body().collect().await.expect("readable").to_bytes();
        (code, proofmark_json::from_slice(&bytes).unwrap_or_default())
    }
}

/// Time for controllers to do their work.
pub(crate) async fn settle() {
    tokio::time::sleep(Duration::from_secs(1)).await;
}

/// The objects that all cases of a release begin with.
fn base(release: Release, shared: &Path) -> Vec<Value> {
    let path = shared.join(format!("golden/models-web-app/v{release}/base.json"));
    let base = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    list(&proofmark_json::from_slice::<Value>(&base).expect("JSON"), "given").to_vec()
}

/// The kinds that a case knows.
fn definitions(which: &str, shared: &Path) -> Vec<Value> {
    let flavor = if which.contains("minimal") { "minimal" } else { "full" };
    let folder = shared.join("upstream/kserve/v0.15.2/config/crd").join(flavor);
    let absent: &[&str] = match which {
        _ if which.starts_with("without inferenceservices") => {
            &["inferenceservices", "inferencegraphs", "trainedmodels"]
        }
        _ => &[],
    };
    let kinds = ["inferenceservices", "inferencegraphs", "trainedmodels", "servingruntimes"];
    let mut crds: Vec<Value> = kinds
        .iter()
        .filter(|kind| !absent.contains(*kind))
        .map(|kind| {
            let path = folder.join(format!("serving.kserve.io_{kind}.yaml"));
            let yaml = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            serde_saphyr::from_str(&yaml).expect("YAML")
        })
        .collect();
    if !which.contains("without Knative") {
        let kinds = ["Service", "Configuration", "Revision", "Route"];
        crds.extend(kinds.map(knative));
    }
    crds
}

fn knative(kind: &str) -> Value {
    let (singular, group) = (kind.to_lowercase(), "serving.knative.dev");
    let schema = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("{singular}s.{group}")},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"kind": kind, "plural": format!("{singular}s"), "singular": singular},
            "versions": [{
                "name": "v1",
                "served": true,
                "storage": true,
                "schema": {"openAPIV3Schema": schema},
                "subresources": {"status": {}},
            }],
        },
    })
}

/// Texts by `namespace/pod/container`.
struct Logs(BTreeMap<String, String>);

impl Logs {
    fn of(case: &Value) -> Self {
        let logs = case.get("containerLogs").and_then(Value::as_object).into_iter().flatten();
        Self(logs.map(|(key, text)| (key.to_string(), text.as_str().unwrap_or_default().to_owned())).collect())
    }
}

impl Kubelet for Logs {
    fn logs(&self, pod: &Value, container: &str, _: &LogOptions) -> Result<LogStream, KubeletError> {
        let metadata = &pod["metadata"];
        let key = format!("{}/{}/{container}", text(metadata, "namespace"), text(metadata, "name"));
        let log = self.0.get(&key).cloned().ok_or_else(|| KubeletError::NotFound("not found".to_owned()))?;
        Ok(Box::pin(futures_util::stream::iter([Bytes::from(log)])))
    }
}

/// A webhook that refuses everything.
async fn refuse(request: Request<Bytes>) -> Response<Bytes> {
    let review: Value = proofmark_json::from_slice(request.body()).expect("a review");
    let name = text(&review["request"], "name");
    let message = format!("the InferenceService \"{name}\" is invalid: a stand-in refuses it");
    let answer = json!({
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "response": {"uid": review["request"]["uid"], "allowed": false, "status": {"code": 403, "message": message}},
    });
    Response::new(Bytes::from(answer.to_string()))
}
