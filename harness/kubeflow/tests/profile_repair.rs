//! What the profile controller repairs, what it leaves, and what it refuses, on the embedded server.

use std::sync::Arc;
use std::time::Duration;

use kube::Client;
use proofmark_apiserver::ApiServer;
use proofmark_controllers::kit::{Api, Reason as _, Resource, object};
use proofmark_controllers::{Controllers, Options, start};
use proofmark_json::{Value, json};
use proofmark_kubeflow::profile::{self, Config, ProfileController};
use proofmark_kubeflow::{KubeflowRelease, install};

const CRDS: Resource =
    Resource::cluster("apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition");
const PROFILES: Resource = Resource::cluster("kubeflow.org", "v1", "profiles", "Profile");
const NAMESPACES: Resource = Resource::cluster("", "v1", "namespaces", "Namespace");
const ACCOUNTS: Resource = Resource::namespaced("", "v1", "serviceaccounts", "ServiceAccount");
const QUOTAS: Resource = Resource::namespaced("", "v1", "resourcequotas", "ResourceQuota");
const BINDINGS: Resource = Resource::namespaced("rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding");
const POLICIES: Resource =
    Resource::namespaced("security.istio.io", "v1beta1", "authorizationpolicies", "AuthorizationPolicy");

struct World {
    api: Api,
    _controllers: (Controllers, ProfileController),
}

impl World {
    /// A cluster with both kinds of controllers and the Profile `team` of alice.
    async fn new(config: Config) -> Self {
        let server = ApiServer::builder().seed(1).build().expect("a server");
        let client = Client::new(server.service(), "default");
        let api = Api::new(client.clone(), "kubectl");
        for crd in install::crds(KubeflowRelease::V1_10_0) {
            api.create(&CRDS, &crd).await.expect("accepted");
        }
        let (clock, root_ca) = (server.clone(), server.authority().certificate_pem());
        let options = Options { clock: Arc::new(move || clock.now()), root_ca, secret_tokens: None };
        let controllers = (start(client.clone(), options), profile::start(client, config));
        let world = Self { api, _controllers: controllers };
        world.profile("team", json!({"owner": {"kind": "User", "name": "alice@example.com"}})).await;
        world
    }

    async fn profile(&self, name: &str, spec: Value) {
        let profile =
            json!({"apiVersion": "kubeflow.org/v1", "kind": "Profile", "metadata": {"name": name}, "spec": spec});
        self.api.create(&PROFILES, &profile).await.expect("accepted");
        self.rest().await;
    }

    /// Lets everything that follows from a change happen.
    async fn rest(&self) {
        tokio::time::sleep(Duration::from_secs(2)).await;
    }

    async fn get(&self, of: &Resource, name: &str) -> Option<Value> {
        match self.api.get(of, "team", name).await {
            Err(error) if error.is_not_found() => None,
            found => Some(found.expect("readable")),
        }
    }

    async fn patch(&self, of: &Resource, name: &str, patch: Value) {
        self.api.merge_patch(of, "team", name, &patch).await.expect("changeable");
        self.rest().await;
    }

    async fn delete(&self, of: &Resource, name: &str) {
        self.api.delete(of, "team", name, &json!({})).await.expect("deletable");
        self.rest().await;
    }
}

#[tokio::test(start_paused = true)]
async fn deleted_children_come_back() {
    let world = World::new(Config::default()).await;
    for (of, name) in
        [(&ACCOUNTS, "default-viewer"), (&BINDINGS, "namespaceAdmin"), (&POLICIES, "ns-owner-access-istio")]
    {
        let before = world.get(of, name).await.expect("made");
        world.delete(of, name).await;
        let after = world.get(of, name).await.expect("made again");
        assert_ne!(object::uid(&before), object::uid(&after));
    }
}

#[tokio::test(start_paused = true)]
async fn changed_bindings_change_back_and_annotations_stay() {
    let world = World::new(Config::default()).await;
    let patch = json!({"subjects": [{"kind": "User", "name": "eve"}], "metadata": {"annotations": {"role": "none"}}});
    world.patch(&BINDINGS, "namespaceAdmin", patch).await;
    let binding = world.get(&BINDINGS, "namespaceAdmin").await.expect("there");
    assert_eq!(binding["subjects"][0]["name"], "alice@example.com");
    assert_eq!(object::annotation(&binding, "role"), Some("none"));
}

#[tokio::test(start_paused = true)]
async fn namespace_labels_return_but_keep_their_values() {
    let world = World::new(Config::default()).await;
    let labels = json!({"pipelines.kubeflow.org/enabled": null, "serving.kubeflow.org/inferenceservice": "no", "istio-injection": null});
    world.patch(&NAMESPACES, "team", json!({"metadata": {"labels": labels}})).await;
    let namespace = world.get(&NAMESPACES, "team").await.expect("there");
    let labels = &namespace["metadata"]["labels"];
    assert_eq!(labels["pipelines.kubeflow.org/enabled"], "true");
    assert_eq!(labels["serving.kubeflow.org/inferenceservice"], "no");
    assert_eq!(labels.get("istio-injection"), None, "only a new namespace gets it");
}

/// The conflict with its own namespace stops everything, even its deletion.
#[tokio::test(start_paused = true)]
async fn a_new_owner_is_locked_out() {
    let world = World::new(Config::default()).await;
    world.patch(&PROFILES, "team", json!({"spec": {"owner": {"name": "bob@example.com"}}})).await;
    let binding = world.get(&BINDINGS, "namespaceAdmin").await.expect("there");
    assert_eq!(binding["subjects"][0]["name"], "alice@example.com");
    assert_eq!(
        world.get(&PROFILES, "team").await.expect("there").get("status"),
        None,
        "the condition does not get through"
    );
    world.delete(&PROFILES, "team").await;
    assert!(world.get(&PROFILES, "team").await.is_some_and(|profile| object::is_being_deleted(&profile)));
}

/// Nobody watches quotas: one comes back when something else brings the Profile up.
#[tokio::test(start_paused = true)]
async fn a_deleted_quota_waits_for_the_next_reconcile() {
    let world = World::new(Config::default()).await;
    world
        .patch(&PROFILES, "team", json!({"spec": {"resourceQuotaSpec": {"hard": {"memory": "0.5Gi", "cpu": 2}}}}))
        .await;
    assert_eq!(
        world.get(&QUOTAS, "kf-resource-quota").await.expect("made")["spec"]["hard"],
        json!({"memory": "512Mi", "cpu": "2"})
    );
    world.delete(&QUOTAS, "kf-resource-quota").await;
    assert_eq!(world.get(&QUOTAS, "kf-resource-quota").await, None);
    world.delete(&ACCOUNTS, "default-viewer").await;
    assert!(world.get(&QUOTAS, "kf-resource-quota").await.is_some());
}

#[tokio::test(start_paused = true)]
async fn settings_show_in_what_is_made() {
    let config = Config {
        userid_header: "x-user".to_owned(),
        userid_prefix: "oidc:".to_owned(),
        namespace_labels: [("kind".to_owned(), "lab".to_owned()), ("istio-injection".to_owned(), String::new())].into(),
        workload_identity: Some("robot@project.iam.gserviceaccount.com".to_owned()),
        ..Config::default()
    };
    let world = World::new(config).await;
    let policy = world.get(&POLICIES, "ns-owner-access-istio").await.expect("made");
    assert_eq!(
        policy["spec"]["rules"][0]["when"],
        json!([{"key": "request.headers[x-user]", "values": ["oidc:alice@example.com"]}])
    );
    let labels = &world.get(&NAMESPACES, "team").await.expect("made")["metadata"]["labels"];
    assert_eq!((labels.get("kind"), labels.get("istio-injection")), (Some(&json!("lab")), None));
    let account = world.get(&ACCOUNTS, "default-editor").await.expect("made");
    assert_eq!(
        object::annotation(&account, "iam.gke.io/gcp-service-account"),
        Some("robot@project.iam.gserviceaccount.com")
    );
    // Without credentials the plugin fails, so the finalizer never comes.
    let profile = world.get(&PROFILES, "team").await.expect("there");
    assert_eq!(profile["spec"]["plugins"][0]["kind"], "WorkloadIdentity");
    assert_eq!(object::finalizers(&profile).count(), 0);
}
