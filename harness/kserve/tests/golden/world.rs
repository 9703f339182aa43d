//! A server with Kubernetes' controllers and the control plane of a release.

use std::sync::Arc;

use http::{Request, header};
use http_body_util::BodyExt as _;
use kube::Client;
use kube::client::Body;
use proofmark_apiserver::{ApiServer, Endpoint};
use proofmark_controllers::Controllers;
use proofmark_json::{Value, json};
use proofmark_kserve::control_plane::{self, ControlPlane};
use proofmark_kserve::{Flavor, Release, extras, install};
use proofmark_kubeflow::KubeflowRelease;

/// Kinds of other projects that a group of cases was recorded with.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extras {
    None,
    Serverless,
    Keda,
    Gateway,
    LocalModel,
}

impl Extras {
    pub(crate) const ALL: [Self; 5] = [Self::None, Self::Serverless, Self::Keda, Self::Gateway, Self::LocalModel];

    pub(crate) fn of(case: &str) -> Self {
        match case {
            _ if case.starts_with("sl-") => Self::Serverless,
            _ if case.starts_with("keda-") => Self::Keda,
            _ if case.starts_with("gateway-") => Self::Gateway,
            _ if case.starts_with("localmodel") => Self::LocalModel,
            _ => Self::None,
        }
    }

    fn projects(self, release: Release) -> &'static [extras::Project] {
        use extras::Project::{GatewayApi, Istio, Keda, Knative, LocalModel};
        match self {
            // Managers before v0.13 do not start without these.
            Self::None if release < Release::V0_13_0 => &[Knative, Istio],
            Self::None => &[],
            Self::Serverless => &[Knative, Istio],
            Self::Keda => &[Keda],
            Self::Gateway => &[GatewayApi],
            Self::LocalModel => &[LocalModel],
        }
    }
}

pub(crate) struct World {
    client: Client,
    server: ApiServer,
    _controllers: Controllers,
    control_plane: std::sync::Mutex<Option<ControlPlane>>,
    options: control_plane::Options,
    /// API version, kind, collection, and whether it is namespaced.
    pub(crate) kinds: Vec<Kind>,
}

#[derive(Clone)]
pub(crate) struct Kind {
    group: String,
    /// Whether the version is the one that the group prefers.
    preferred: bool,
    pub(crate) api_version: String,
    pub(crate) kind: String,
    base: String,
    plural: String,
    pub(crate) namespaced: bool,
    pub(crate) listed: bool,
}

/// What the recordings leave out.
const SKIPPED_KINDS: &[&str] = &[
    "Endpoints",
    "EndpointSlice",
    "ControllerRevision",
    "Lease",
    "PodTemplate",
    "ReplicationController",
    "LimitRange",
    "Event",
    "ServingRuntime",
];
const SKIPPED_GROUPS: &[&str] =
    &["events.k8s.io", "storage.k8s.io", "coordination.k8s.io", "discovery.k8s.io", "resource.k8s.io", "policy"];

impl World {
    pub(crate) async fn start(release: Release, extras: Extras) -> Self {
        let server = ApiServer::builder().seed(1).build().expect("a server");
        let clock = server.clone();
        let clock: Arc<dyn Fn() -> jiff::Timestamp + Send + Sync> = Arc::new(move || clock.now());
        let client = Client::new(server.service(), "default");
        let kubernetes = proofmark_controllers::Options {
            clock: clock.clone(),
            root_ca: server.authority().certificate_pem(),
            secret_tokens: None,
        };
        let controllers = proofmark_controllers::start(client.clone(), kubernetes);
        controllers.ready().await;
        let options = control_plane::Options { release, namespace: Flavor::Standalone.namespace().to_owned(), clock };
        let mut world = Self {
            client,
            server,
            _controllers: controllers,
            control_plane: std::sync::Mutex::new(None),
            options,
            kinds: Vec::new(),
        };
        let mut objects = install::objects(release, Flavor::Standalone);
        objects.extend(install::control_plane(release, Flavor::Standalone.namespace()));
        objects.extend(install::cluster_roles(release));
        objects.extend(proofmark_kubeflow::roles::objects(KubeflowRelease::latest()));
        objects.extend(extras::objects(extras.projects(release)));
        extras::switch_on(extras.projects(release), &mut objects);
        for object in objects {
            world.discover().await;
            let (code, body) = world.create(&object).await;
            assert!(code < 300, "{code} {body}");
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        world.start_control_plane().await;
        world.discover().await;
        world
    }

    /// Starts the manager and lets its webhooks answer.
    pub(crate) async fn start_control_plane(&self) {
        let plane = control_plane::start(self.client.clone(), self.options.clone());
        let webhooks = plane.webhooks();
        let answer = move |request| {
            let webhooks = webhooks.clone();
            async move { webhooks.answer(request).await }
        };
        self.server.webhooks().register(Endpoint::service("kserve", control_plane::SERVICE), answer);
        plane.ready().await;
        plane.register(self.client.clone(), None).await.expect("registered");
        *self.control_plane.lock().expect("not poisoned") = Some(plane);
    }

    /// Ends the manager: nobody answers for its webhooks any more.
    pub(crate) fn stop_control_plane(&self) {
        self.server.webhooks().remove(&Endpoint::service("kserve", control_plane::SERVICE));
        *self.control_plane.lock().expect("not poisoned") = None;
    }

    /// Puts the configuration back that a case deleted.
    pub(crate) async fn restore(&self) {
        let installed = install::control_plane(self.options.release, &self.options.namespace);
        for config in installed.iter().filter(|object| object["kind"] == "ConfigMap") {
            self.create(config).await;
        }
    }

    /// Finds out what the server serves.
    async fn discover(&mut self) {
        let mut versions = vec![("/api/v1".to_owned(), "v1".to_owned(), String::new(), true)];
        for group in list(&self.get("/apis").await, "groups") {
            let preferred = group["preferredVersion"]["groupVersion"].as_str().unwrap_or_default().to_owned();
            for version in list(&group, "versions") {
                let version = version["groupVersion"].as_str().unwrap_or_default().to_owned();
                let (group, preferred) = (group["name"].as_str().unwrap_or_default().to_owned(), version == preferred);
                versions.push((format!("/apis/{version}"), version, group, preferred));
            }
        }
        let mut kinds = Vec::new();
        for (base, version, group, preferred) in versions {
            for resource in list(&self.get(&base).await, "resources") {
                let (name, kind) = (resource["name"].as_str().unwrap_or_default(), resource["kind"].as_str());
                let kind = kind.unwrap_or_default().to_owned();
                if name.contains('/') {
                    continue;
                }
                let namespaced = resource["namespaced"] == true;
                let listed = namespaced
                    && list(&resource, "verbs").iter().any(|verb| verb == "list")
                    && !SKIPPED_KINDS.contains(&kind.as_str())
                    && !SKIPPED_GROUPS.contains(&group.as_str());
                let group = group.clone();
                kinds.push(Kind {
                    preferred,
                    group,
                    api_version: version.clone(),
                    kind,
                    base: base.clone(),
                    plural: name.to_owned(),
                    namespaced,
                    listed,
                });
            }
        }
        // A kind is listed in its preferred version; one that has no such version in the one that it has.
        let known: Vec<(String, String)> =
            kinds.iter().filter(|kind| kind.preferred).map(|kind| (kind.group.clone(), kind.kind.clone())).collect();
        for kind in &mut kinds {
            kind.listed &= kind.preferred || !known.contains(&(kind.group.clone(), kind.kind.clone()));
        }
        self.kinds = kinds;
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        self.ask("GET", path, None, "application/json", None).await.1
    }

    pub(crate) async fn create(&self, object: &Value) -> (u16, Value) {
        self.ask("POST", &self.path(object, false), Some(object), "application/json", None).await
    }

    /// The path of an object, or of the collection that it belongs to.
    pub(crate) fn path(&self, object: &Value, with_name: bool) -> String {
        let of =
            |kind: &&Kind| object["apiVersion"] == kind.api_version.as_str() && object["kind"] == kind.kind.as_str();
        let Some(kind) = self.kinds.iter().find(of) else { panic!("unknown kind: {object}") };
        let text = |key: &str| object["metadata"][key].as_str().unwrap_or_default();
        let mut path =
            if kind.namespaced { kind.collection(text("namespace")) } else { format!("{}/{}", kind.base, kind.plural) };
        if with_name {
            path += &format!("/{}", text("name"));
        }
        path
    }

    /// The answer to a request: its code and its body.
    pub(crate) async fn ask(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
        content_type: &str,
        user: Option<&str>,
    ) -> (u16, Value) {
        let bytes = body.map(|body| proofmark_json::to_vec(body).expect("serialisable")).unwrap_or_default();
        // A generated name stands in some paths as it was recorded.
        let path = path.replace('<', "%3C").replace('>', "%3E");
        let mut request = Request::builder().method(method).uri(path).header(header::CONTENT_TYPE, content_type);
        if let Some(user) = user {
            request = request.header("Impersonate-User", user);
        }
        let response = self.client.send(request.body(Body::from(bytes)).expect("a request")).await.expect("answered");
        let code = response.status().as_u16();
        let bytes = response.into_body().collect().await.expect("readable").to_bytes();
        let body = proofmark_json::from_slice(&bytes).unwrap_or_else(|_| json!(String::from_utf8_lossy(&bytes)));
        (code, body)
    }
}

impl Kind {
    pub(crate) fn collection(&self, namespace: &str) -> String {
        format!("{}/namespaces/{namespace}/{}", self.base, self.plural)
    }
}

pub(crate) fn list(value: &Value, key: &str) -> Vec<Value> {
    value.get(key).and_then(Value::as_array).cloned().unwrap_or_default()
}
