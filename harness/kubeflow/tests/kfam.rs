//! Requests to KFAM that no recording holds, on the embedded server.

use std::sync::Arc;

use http::Request;
use kube::Client;
use proofmark_apiserver::ApiServer;
use proofmark_controllers::kit::{Api, Resource, object};
use proofmark_controllers::{Controllers, Options, start};
use proofmark_json::{Value, json};
use proofmark_kubeflow::kfam::{Hangup, Kfam, Settings};
use proofmark_kubeflow::profile::Config;
use proofmark_kubeflow::{KubeflowRelease, install};
use rstest::rstest;

const CRDS: Resource =
    Resource::cluster("apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition");
const PROFILES: Resource = Resource::cluster("kubeflow.org", "v1", "profiles", "Profile");
const NAMESPACES: Resource = Resource::cluster("", "v1", "namespaces", "Namespace");
const BINDINGS: Resource = Resource::namespaced("rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding");

struct World {
    api: Api,
    kfam: Kfam,
    _controllers: Controllers,
}

impl World {
    /// A cluster with the Profile and the namespace `team`, which are alice's.
    async fn new(settings: Settings) -> Self {
        let server = ApiServer::builder().seed(1).build().expect("a server");
        let client = Client::new(server.service(), "default");
        let api = Api::new(client.clone(), "kubectl");
        for crd in install::crds(KubeflowRelease::V1_10_0) {
            api.create(&CRDS, &crd).await.expect("accepted");
        }
        let (clock, root_ca) = (server.clone(), server.authority().certificate_pem());
        let options = Options { clock: Arc::new(move || clock.now()), root_ca, secret_tokens: None };
        let controllers = start(client.clone(), options);
        let owner = json!({"kind": "User", "name": "alice"});
        for (of, spec) in [(&NAMESPACES, json!({})), (&PROFILES, json!({"owner": owner}))] {
            let object =
                json!({"apiVersion": of.api_version(), "kind": of.kind, "metadata": {"name": "team"}, "spec": spec});
            api.create(of, &object).await.expect("accepted");
        }
        Self { api, kfam: Kfam::new(client, settings), _controllers: controllers }
    }

    /// Status and text of the answer to somebody's request.
    async fn ask(&self, method: &str, path: &str, user: &str, body: &Value) -> Result<(u16, String), Hangup> {
        let request = Request::builder().method(method).uri(path).header("kubeflow-userid", user);
        let response = self.kfam.answer(request.body(body.to_string()).expect("a request")).await?;
        Ok((response.status().as_u16(), response.into_body()))
    }
}

fn contributor(name: &str, role: &str) -> Value {
    json!({
        "user": {"kind": "User", "name": name}, "referredNamespace": "team",
        "RoleRef": {"kind": "ClusterRole", "name": role},
    })
}

/// Either name of a role is turned into the other, so that Kubeflow's own names lead to Kubernetes' roles.
#[rstest]
#[case("view", "kubeflow-view")]
#[case("kubeflow-view", "view")]
#[tokio::test(start_paused = true)]
async fn roles_are_translated_both_ways(#[case] asked: &str, #[case] bound: &str) {
    let world = World::new(Settings::default()).await;
    let answer = world.ask("POST", "/kfam/v1/bindings", "alice", &contributor("bob", asked)).await;
    assert_eq!(answer, Ok((200, String::new())));
    let binding = world.api.get(&BINDINGS, "team", &format!("user-bob-clusterrole-{asked}")).await.expect("made");
    assert_eq!(object::text(&binding, "/roleRef/name"), bound);
    let (status, listed) = world.ask("GET", "/kfam/v1/bindings?user=bob", "", &Value::Null).await.expect("an answer");
    let listed: Value = proofmark_json::from_str(&listed).expect("JSON");
    assert_eq!((status, object::text(&listed, "/bindings/0/RoleRef/name")), (200, asked));
}

#[tokio::test(start_paused = true)]
async fn a_binding_of_several_cannot_be_listed() {
    let world = World::new(Settings::default()).await;
    let subjects = ["bob", "eve"].map(|name| json!({"kind": "User", "name": name}));
    let binding = json!({
        "apiVersion": BINDINGS.api_version(), "kind": BINDINGS.kind, "subjects": subjects,
        "metadata": {"name": "two", "namespace": "team", "annotations": {"user": "bob", "role": "edit"}},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "kubeflow-edit"},
    });
    world.api.create(&BINDINGS, &binding).await.expect("accepted");
    let answer = world.ask("GET", "/kfam/v1/bindings?namespace=team", "", &Value::Null).await;
    assert_eq!(answer, Ok((401, "binding subject length not equal to 1, actual length: 2".to_owned())));
    let others = world.ask("GET", "/kfam/v1/bindings?namespace=team&user=eve", "", &Value::Null).await;
    assert_eq!(others, Ok((200, "{}".to_owned())));
}

/// The manifests give an empty name, and so has whoever sends no header.
#[rstest]
#[case("", 200, "true")]
#[case("root", 403, "false")]
#[tokio::test(start_paused = true)]
async fn an_administrator_without_a_name_is_everybody_without_one(
    #[case] cluster_admin: &str,
    #[case] status: u16,
    #[case] is_admin: &str,
) {
    let world = World::new(Settings { cluster_admin: cluster_admin.to_owned(), ..Settings::default() }).await;
    let added = world.ask("POST", "/kfam/v1/bindings", "", &contributor("bob", "edit")).await;
    assert_eq!(added, Ok((status, String::new())));
    let asked = world.ask("GET", "/kfam/v1/role/clusteradmin", "", &Value::Null).await;
    assert_eq!(asked, Ok((200, is_admin.to_owned())));
}

/// As many bytes as the prefix has are cut off, whatever they are; there must be that many.
#[rstest]
#[case("oidc:alice", Ok((200, String::new())))]
#[case("saml:alice", Ok((200, String::new())))]
#[case("alice", Ok((403, String::new())))]
#[case("bob", Err(Hangup))]
#[tokio::test(start_paused = true)]
async fn the_prefix_is_cut_off(#[case] user: &str, #[case] want: Result<(u16, String), Hangup>) {
    let profiles = Config { userid_prefix: "oidc:".to_owned(), ..Config::default() };
    let world = World::new(Settings { profiles, cluster_admin: "root".to_owned() }).await;
    assert_eq!(world.ask("POST", "/kfam/v1/bindings", user, &contributor("bob", "edit")).await, want);
}
