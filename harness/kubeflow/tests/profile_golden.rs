//! The profile controller, measured by what the real controller made.

#[path = "../../controllers/tests/control_plane/mod.rs"]
mod control_plane;
mod golden;
mod player;

use std::sync::Arc;

use control_plane::ControlPlane;
use kube::Client;
use player::{Player, Roles, Stands};
use proofmark_apiserver::ApiServer;
use proofmark_controllers::kit::{Api, Resource, object};
use proofmark_controllers::{Options, start};
use proofmark_kubeflow::profile::{self, Aws, Config};
use proofmark_kubeflow::{KubeflowRelease, install};
use rstest::rstest;

const CRDS: Resource =
    Resource::cluster("apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition");

/// A case that the profile controller or KFAM makes something of, and one whose plugin has credentials.
fn is_played(name: &str) -> bool {
    name.starts_with("profile-") || name.starts_with("kfam-")
}

fn needs_iam(name: &str) -> bool {
    name.starts_with("profile-aws-trust-policy")
}

/// Plays the cases of a release whose plugins have credentials, or those whose plugins have none; how many there are, and every difference.
async fn play(client: Client, options: Options, release: KubeflowRelease, with_iam: bool) -> (usize, Vec<String>) {
    let api = Api::new(client.clone(), "kubectl");
    for crd in install::crds(release) {
        api.create(&CRDS, &crd).await.expect("accepted");
        while !established(&api, object::name(&crd)).await {
            tokio::task::yield_now().await;
        }
    }
    let iam = Roles::default();
    let config = Config { aws: with_iam.then(|| Aws::new(iam.clone())), ..Config::default() };
    let (kubernetes, kubeflow) = (start(client.clone(), options), profile::start(client.clone(), config));
    kubernetes.ready().await;
    kubeflow.ready().await;
    let stands = Stands::new(client.clone(), iam);
    let (mut cases, mut differences) = (0, Vec::new());
    for case in golden::cases(release) {
        let name = object::text(&case, "/case");
        if is_played(name) && needs_iam(name) == with_iam {
            cases += 1;
            differences.extend(Player::play(client.clone(), stands.clone(), &case).await);
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
    let (cases, differences) = play(server.client().await, server.options(), release, false).await;
    assert!(differences.is_empty(), "{} differences in {cases} cases:\n{}", differences.len(), differences.join("\n"));
    assert!(cases > 0, "no case was played");
}

/// On the embedded server, on one thread and a paused clock.
#[rstest]
#[case(KubeflowRelease::V1_9_1)]
#[case(KubeflowRelease::V1_10_0)]
#[tokio::test(start_paused = true)]
async fn makes_the_same_on_the_embedded_server(
    #[case] release: KubeflowRelease,
    #[values(false, true)] with_iam: bool,
) {
    let server = ApiServer::builder().seed(1).build().expect("a server");
    let (clock, root_ca) = (server.clone(), server.authority().certificate_pem());
    let options = Options { clock: Arc::new(move || clock.now()), root_ca, secret_tokens: None };
    let client = Client::new(server.service(), "default");
    let (cases, differences) = play(client, options, release, with_iam).await;
    assert!(differences.is_empty(), "{} differences in {cases} cases:\n{}", differences.len(), differences.join("\n"));
    assert!(cases > 0, "no case was played");
}
