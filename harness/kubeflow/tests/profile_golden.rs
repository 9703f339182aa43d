//! The profile controller, measured by what the real controller made.

#[path = "../../controllers/tests/control_plane/mod.rs"]
mod control_plane;
mod player;
mod shared;

use std::fs;
use std::path::Path;
use std::sync::Arc;

use control_plane::ControlPlane;
use kube::Client;
use player::Player;
use proofmark_apiserver::ApiServer;
use proofmark_controllers::kit::{Api, Resource, object};
use proofmark_controllers::{Options, start};
use proofmark_kubeflow::profile::{self, Config};
use proofmark_kubeflow::{KubeflowRelease, install};
use rstest::rstest;
use serde_json::Value;

const CRDS: Resource =
    Resource::cluster("apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition");

/// Rewriting trust policies needs an IAM to rewrite them in.
const NEEDS_IAM: &str = "profile-aws-trust-policy";

/// Plays the cases of a release; how many there are, and every difference.
async fn play(client: Client, options: Options, release: KubeflowRelease, golden: &Path) -> (usize, Vec<String>) {
    let api = Api::new(client.clone(), "kubectl");
    for crd in install::crds(release) {
        api.create(&CRDS, &crd).await.expect("accepted");
        while !established(&api, object::name(&crd)).await {
            tokio::task::yield_now().await;
        }
    }
    let (kubernetes, kubeflow) = (start(client.clone(), options), profile::start(client.clone(), Config::default()));
    kubernetes.ready().await;
    kubeflow.ready().await;
    let folder = fs::read_dir(golden.join(format!("kubeflow/v{}", release.version()))).expect("recorded");
    let mut files: Vec<_> = folder.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.sort();
    let (mut cases, mut differences) = (0, Vec::new());
    for file in files {
        let case: Value = serde_json::from_slice(&fs::read(file).expect("readable")).expect("JSON");
        let name = object::text(&case, "/case");
        if name.starts_with("profile-") && !name.starts_with(NEEDS_IAM) {
            cases += 1;
            differences.extend(Player::play(client.clone(), &case).await);
        }
    }
    (cases, differences)
}

async fn established(api: &Api, name: &str) -> bool {
    let crd = api.get(&CRDS, "", name).await.expect("there");
    let conditions = object::list(&crd, "/status/conditions");
    conditions.iter().any(|c| object::text(c, "/type") == "Established" && object::text(c, "/status") == "True")
}

/// Skipped where no kube-apiserver can be started.
#[rstest]
#[case(KubeflowRelease::V1_9_1)]
#[case(KubeflowRelease::V1_10_0)]
#[tokio::test]
async fn makes_what_the_real_one_made(#[case] release: KubeflowRelease) {
    let Some(server) = ControlPlane::start() else { return };
    let golden = server.oracle.with_file_name("golden");
    let (cases, differences) = play(server.client().await, server.options(), release, &golden).await;
    assert!(differences.is_empty(), "{} differences in {cases} cases:\n{}", differences.len(), differences.join("\n"));
    assert!(cases > 0, "no case was played");
}

/// On the embedded server, on one thread and a paused clock.
#[rstest]
#[case(KubeflowRelease::V1_9_1)]
#[case(KubeflowRelease::V1_10_0)]
#[tokio::test(start_paused = true)]
async fn makes_the_same_on_the_embedded_server(#[case] release: KubeflowRelease) {
    let Some(shared) = shared::folder() else { return };
    let server = ApiServer::builder().seed(1).build().expect("a server");
    let (clock, root_ca) = (server.clone(), server.authority().certificate_pem());
    let options = Options { clock: Arc::new(move || clock.now()), root_ca, secret_tokens: None };
    let client = Client::new(server.service(), "default");
    let (cases, differences) = play(client, options, release, &shared.join("golden")).await;
    assert!(differences.is_empty(), "{} differences in {cases} cases:\n{}", differences.len(), differences.join("\n"));
    assert!(cases > 0, "no case was played");
}
