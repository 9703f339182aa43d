//! A run on a real API server with a distribution on it. Without the binaries of envtest (`KUBEBUILDER_ASSETS`) it is skipped.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use proofmark_aws::Service;
use proofmark_aws::setup::{AccountSpec, ProviderSpec, RoleSpec, Spec};
use proofmark_json::json;
use proofmark_kserve::{Flavor, Release};
use proofmark_kubeflow::KubeflowRelease;

use super::*;
use crate::envtest::{Assets, KUBERNETES, Server};
use crate::{AccountToken, ApiRequest, AwsIdentity, AwsRequest, CloudPlan, ISSUER, Identity, PatchFormat};

const WATCHED: [&str; 12] = [
    "/api/v1/namespaces",
    "/api/v1/configmaps",
    "/api/v1/secrets",
    "/api/v1/serviceaccounts",
    "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
    "/apis/rbac.authorization.k8s.io/v1/clusterroles",
    "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
    "/apis/rbac.authorization.k8s.io/v1/rolebindings",
    "/apis/kubeflow.org/v1/profiles",
    "/apis/serving.kserve.io/v1beta1/inferenceservices",
    "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations",
    "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations",
];

/// The version of every object, by uid. A kind that is not there has none.
async fn versions(cluster: &Cluster) -> BTreeMap<String, String> {
    let mut versions = BTreeMap::new();
    for path in WATCHED {
        let list = cluster.send(&Identity::Admin, ApiRequest::get(path)).await.unwrap();
        for item in list.response.body.json()["items"].as_array().into_iter().flatten() {
            let text = |name: &str| item["metadata"][name].as_str().unwrap_or_default().to_owned();
            versions.insert(format!("{path} {} {}", text("name"), text("uid")), text("resourceVersion"));
        }
    }
    versions
}

fn profile(name: &str) -> ApiRequest {
    let body = json!({"apiVersion": "kubeflow.org/v1", "kind": "Profile", "metadata": {"name": name},
        "spec": {"owner": {"kind": "User", "name": "owner@example.com"}}});
    ApiRequest::post("/apis/kubeflow.org/v1/profiles", body)
}

fn config_map(namespace: &str) -> ApiRequest {
    let body = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}});
    ApiRequest::post(format!("/api/v1/namespaces/{namespace}/configmaps"), body)
}

/// A real API server and a kubeconfig that leads to it.
struct Real {
    runtime: Runtime,
    server: Server,
    file: tempfile::NamedTempFile,
}

impl Real {
    /// None, and a word about it, where there are no binaries.
    #[expect(clippy::print_stderr, reason = "a skipped test says so")]
    fn start(issuer: &str) -> Option<Self> {
        let assets = match Assets::find(std::env::var_os("KUBEBUILDER_ASSETS").map(PathBuf::from).as_deref()) {
            Ok(assets) => assets,
            Err(missing) => {
                eprintln!("skipped: {missing}");
                return None;
            }
        };
        let runtime = real_runtime().unwrap();
        let server = runtime.block_on(Server::start(&assets, issuer)).unwrap();
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), server.kubeconfig().to_string()).unwrap();
        Some(Self { runtime, server, file })
    }

    fn kubeconfig(&self) -> Kubeconfig {
        Kubeconfig::open(self.file.path(), None, "test").unwrap()
    }

    /// The cluster as its owner sees it.
    async fn theirs(&self) -> Cluster {
        let rest = Rest::WhenStill {
            still: Duration::from_millis(500),
            limit: Duration::from_secs(30),
            doubt: Duration::ZERO,
        };
        Cluster::new(self.server.transport().await.unwrap(), rest)
    }

    /// What runs on it.
    async fn running(&self, plan: &Plan) -> ControlPlane {
        ControlPlane::start(&self.server.site().await.unwrap(), &self.theirs().await, plan, None).await.unwrap()
    }
}

const ROLE: &str = "arn:aws:iam::111111111111:role/models";

/// An account in which one service account of the cluster may be a role.
fn cloud() -> CloudPlan {
    let issuer = ISSUER.trim_start_matches("https://");
    let trust = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow",
        "Principal": {"Federated": format!("arn:aws:iam::111111111111:oidc-provider/{issuer}")},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": {format!("{issuer}:sub"): "system:serviceaccount:team:models"}},
    }]});
    let account = AccountSpec {
        id: "111111111111".into(),
        providers: vec![ProviderSpec {
            url: ISSUER.into(),
            client_ids: vec!["sts.amazonaws.com".into()],
            ..ProviderSpec::default()
        }],
        roles: vec![RoleSpec { name: "models".into(), trust, ..RoleSpec::default() }],
        ..AccountSpec::default()
    };
    CloudPlan { accounts: Spec { accounts: vec![account], organization: None }, ..CloudPlan::default() }
}

fn service(name: &str) -> ApiRequest {
    let body = json!({"apiVersion": "serving.kserve.io/v1beta1", "kind": "InferenceService", "metadata": {"name": name},
        "spec": {"predictor": {"model": {"modelFormat": {"name": "sklearn"}, "storageUri": "s3://models/iris"}}}});
    ApiRequest::post("/apis/serving.kserve.io/v1beta1/namespaces/team/inferenceservices", body)
}

#[test]
fn a_control_plane_beside_a_cluster_is_asked_and_taken_away() {
    let Some(real) = Real::start(KUBERNETES) else { return };
    let (deaf, kubeconfig) = (real.kubeconfig(), real.kubeconfig().reached_at("127.0.0.1"));
    real.runtime.block_on(async {
        let _kubernetes = real.running(&Plan::default()).await;
        let theirs = real.theirs().await;
        theirs.settle().await;
        let before = versions(&theirs).await;
        let flavor = Flavor::Standalone;
        let plan = Plan { control_plane: Some(flavor), kubeflow: None, ..Plan::kserve(Release::V0_15_2) };
        let refused = deaf.prepare(plan.clone()).await.err();
        assert!(matches!(refused, Some(EnvError::Unsupported(_))), "{refused:?}");
        for is_killed in [false, true] {
            let universe = kubeconfig.prepare(plan.clone()).await.unwrap();
            let send = async |request| universe.cluster.send(&Identity::Admin, request).await.unwrap().response;
            let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team"}});
            assert_eq!(send(ApiRequest::post("/api/v1/namespaces", namespace)).await.status, 201);
            // A name that only KServe's webhook refuses.
            let denied = send(service("1iris")).await;
            assert!(denied.body.json()["message"].as_str().unwrap().starts_with("admission webhook"), "{denied:?}");
            let made = send(service("iris")).await;
            assert_eq!(made.status, 201, "{made:?}");
            universe.cluster.settle().await;
            let path = "/apis/serving.kserve.io/v1beta1/namespaces/team/inferenceservices/iris";
            let held = send(ApiRequest::get(path)).await;
            assert!(held.body.json()["metadata"]["finalizers"].is_array(), "its controller has taken it on: {held:?}");
            if is_killed {
                drop(universe);
                clean(&theirs, find(&theirs, Some("test"), None).await.unwrap().objects).await.unwrap();
            } else {
                universe.end().await.unwrap();
                kubeconfig.finish().await.unwrap();
            }
            assert_eq!(versions(&theirs).await, before);
        }
    });
}

const KINDS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

#[test]
fn kinds_stay_until_a_case_wants_others() {
    let Some(real) = Real::start(KUBERNETES) else { return };
    let kubeconfig = real.kubeconfig();
    real.runtime.block_on(async {
        let _kubernetes = real.running(&Plan::default()).await;
        let theirs = real.theirs().await;
        theirs.settle().await;
        let before = versions(&theirs).await;
        let kinds = async || -> BTreeMap<String, String> {
            let all = versions(&theirs).await.into_iter();
            all.filter(|(name, _)| name.starts_with(KINDS)).collect()
        };
        let plan = |release| Plan { kubeflow: None, ..Plan::kserve(release) };
        let play = async |release, story: &[ApiRequest]| {
            let universe = kubeconfig.prepare(plan(release)).await.unwrap();
            let there = kinds().await;
            for request in story {
                let answer = universe.cluster.send(&Identity::Admin, request.clone()).await.unwrap().response;
                assert!(matches!(answer.status, 200 | 201), "{answer:?}");
            }
            universe.end().await.unwrap();
            there
        };
        let first = play(Release::V0_14_1, &[]).await;
        assert!(!first.is_empty());
        assert_eq!(kinds().await, first, "nobody has touched them");
        assert_eq!(play(Release::V0_14_1, &[]).await, first);
        // What a case has changed does not stay.
        let name = "trainedmodels.serving.kserve.io";
        let label = ApiRequest::patch(
            format!("{KINDS}/{name}"),
            PatchFormat::Merge,
            json!({"metadata": {"annotations": {"a": "b"}}}),
        );
        assert_eq!(play(Release::V0_14_1, &[label]).await, first);
        let left = kinds().await;
        assert_eq!(left.len() + 1, first.len());
        assert!(left.keys().all(|kind| !kind.contains(name)), "{left:?}");
        // Those of another release are others where their definitions differ.
        let other = play(Release::V0_15_2, &[]).await;
        let of = |kinds: &BTreeMap<String, String>| -> BTreeMap<String, String> {
            kinds.keys().filter_map(|key| Some((key.split(' ').nth(1)?.to_owned(), key.clone()))).collect()
        };
        let (first, other) = (of(&first), of(&other));
        let services = "inferenceservices.serving.kserve.io";
        assert!(other.contains_key(services) && other[services] != first[services]);
        assert!(kinds().await.len() == other.len());
        kubeconfig.finish().await.unwrap();
        assert_eq!(versions(&theirs).await, before);
    });
}

#[rstest::rstest]
#[case::of_the_usual_issuer(KUBERNETES)]
#[case::of_an_issuer_of_aws(ISSUER)]
fn a_cloud_beside_a_cluster_takes_its_tokens(#[case] issuer: &str) {
    let Some(real) = Real::start(issuer) else { return };
    let kubeconfig = real.kubeconfig();
    real.runtime.block_on(async {
        let _kubernetes = real.running(&Plan::default()).await;
        let theirs = real.theirs().await;
        theirs.settle().await;
        let before = versions(&theirs).await;
        let plan = Plan { cloud: Some(cloud()), nodes: 1, ..Plan::default() };
        let nodes = async || theirs.send(&Identity::Admin, ApiRequest::get("/api/v1/nodes")).await.unwrap().response;
        let universe = kubeconfig.prepare(plan).await.unwrap();
        assert_eq!(nodes().await.body.json()["items"][0]["metadata"]["labels"][LABEL], "test");
        // Theirs have their own; nobody puts other people's pods on ours.
        let refused = kubeconfig.prepare(Plan { nodes: 1, ..Plan::default() }).await.err();
        assert!(matches!(refused, Some(EnvError::Unsupported("simulated nodes"))), "{refused:?}");
        let aws = universe.cloud.as_ref().unwrap();
        let who = async |account| {
            let caller = AwsIdentity::with_token(ROLE, AccountToken::of("team", account));
            let request = AwsRequest::action(Service::Sts, "GetCallerIdentity", &[]);
            aws.send(&caller, request).await.unwrap().response
        };
        let make = async |path: &str, name: &str| {
            let request = ApiRequest::post(path, json!({"metadata": {"name": name}}));
            assert_eq!(universe.cluster.send(&Identity::Admin, request).await.unwrap().response.status, 201);
        };
        make("/api/v1/namespaces", "team").await;
        make("/api/v1/namespaces/team/serviceaccounts", "models").await;
        universe.cluster.settle().await;
        let (models, another) = (who("models").await, who("default").await);
        assert_eq!(models.status, 200, "{models:?}");
        assert_eq!(another.status, 403, "{another:?}");
        universe.end().await.unwrap();
        assert_eq!(nodes().await.body.json()["items"], json!([]));
        assert_eq!(versions(&theirs).await, before);
    });
}

#[test]
fn a_cluster_is_left_as_it_was_found() {
    let Some(real) = Real::start(KUBERNETES) else { return };
    let kubeconfig = real.kubeconfig();
    real.runtime.block_on(async {
        // Somebody else's distribution, and what its users have.
        let theirs = real.theirs().await;
        let plan = Plan::kubeflow(KubeflowRelease::V1_10_2);
        let _distribution = real.running(&plan).await;
        theirs.send(&Identity::Admin, profile("theirs")).await.unwrap();
        theirs.settle().await;
        let before = versions(&theirs).await;
        assert_eq!(missing(&theirs, Needs::Certify).await.unwrap(), []);

        let plan = Plan { installed: true, ..Plan::default() };
        let universe = kubeconfig.prepare(plan.clone()).await.unwrap();
        let cluster = &universe.cluster;
        let send = async |request| cluster.send(&Identity::Admin, request).await;
        // A collection is deleted only where all of it is ours.
        let roles = "/apis/rbac.authorization.k8s.io/v1/clusterroles";
        assert!(matches!(send(ApiRequest::delete(roles)).await, Err(EnvError::Foreign(_))));
        let classes = "/apis/networking.k8s.io/v1/ingressclasses";
        let ours = json!({"apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": {"name": "ours"},
            "spec": {"controller": "example.org/ingress"}});
        assert_eq!(send(ApiRequest::post(classes, ours)).await.unwrap().response.status, 201);
        assert_eq!(send(ApiRequest::delete(classes)).await.unwrap().response.status, 200);
        let left = send(ApiRequest::get(classes)).await.unwrap().response;
        assert_eq!(left.body.json()["items"], json!([]));
        // What is ours can be made and changed, also in a namespace that a controller made for us.
        assert_eq!(send(profile("ours")).await.unwrap().response.status, 201);
        cluster.settle().await;
        assert_eq!(send(config_map("ours")).await.unwrap().response.body.json()["metadata"]["labels"][LABEL], "test");
        let label = json!({"metadata": {"labels": {"a": "b"}}});
        let patch = |path: &str| ApiRequest::patch(path, PatchFormat::Merge, label.clone());
        let binding = "/apis/rbac.authorization.k8s.io/v1/namespaces/ours/rolebindings/default-editor";
        assert_eq!(send(patch(binding)).await.unwrap().response.status, 200);
        // What is not ours can be read only, whoever asks.
        let foreign = [
            patch("/apis/kubeflow.org/v1/profiles/theirs"),
            ApiRequest::delete("/api/v1/namespaces/theirs"),
            ApiRequest::delete("/api/v1/namespaces/theirs/configmaps"),
            ApiRequest::delete("/apis/kubeflow.org/v1/profiles"),
            ApiRequest::patch(
                "/apis/rbac.authorization.k8s.io/v1/clusterroles/kubeflow-edit",
                PatchFormat::Apply,
                label.clone(),
            ),
        ];
        for request in foreign {
            let refused = send(request.clone()).await;
            assert!(matches!(refused, Err(EnvError::Foreign(_))), "{request:?}: {refused:?}");
        }
        assert_eq!(send(ApiRequest::get("/apis/kubeflow.org/v1/profiles/theirs")).await.unwrap().response.status, 200);
        universe.end().await.unwrap();
        assert_eq!(versions(&theirs).await, before);

        // A run that is killed leaves everything, and it is found.
        let killed = kubeconfig.prepare(plan).await.unwrap();
        killed.cluster.send(&Identity::Admin, profile("killed")).await.unwrap();
        killed.cluster.settle().await;
        drop(killed);
        assert_ne!(versions(&theirs).await, before);
        assert_eq!(find(&theirs, Some("another"), None).await.unwrap(), Leftovers::default());
        for needs in [None, Some(Needs::Install), Some(Needs::Certify)] {
            let found = find(&theirs, None, needs).await.unwrap();
            let paths: Vec<_> = found.objects.iter().map(|leftover| leftover.path.as_str()).collect();
            assert_eq!(
                (paths.as_slice(), found.unseen.is_empty()),
                (&["/apis/kubeflow.org/v1/profiles/killed"][..], true)
            );
        }
        clean(&theirs, find(&theirs, Some("test"), None).await.unwrap().objects).await.unwrap();
        assert_eq!(versions(&theirs).await, before);
    });
}

#[test]
fn a_server_that_never_answers_holds_nobody_up() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    let server = format!("http://{}", listener.local_addr().unwrap());
    let kubeconfig = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "silent",
        "clusters": [{"name": "silent", "cluster": {"server": server}}],
        "contexts": [{"name": "silent", "context": {"cluster": "silent", "user": "nobody"}}],
        "users": [{"name": "nobody", "user": {}}],
    });
    std::fs::write(file.path(), kubeconfig.to_string()).unwrap();
    // Connections are accepted by the operating system; nobody reads them.
    let kubeconfig = Kubeconfig::open(file.path(), None, "test").unwrap().answer_limit(Duration::from_millis(100));
    kubeconfig.runtime().unwrap().block_on(async {
        let cluster = kubeconfig.cluster().unwrap();
        let error = cluster.send(&Identity::Admin, ApiRequest::get("/version")).await.unwrap_err();
        assert_eq!(error.to_string(), "waited 100ms in vain for the answer to GET /version");
        cluster.settle().await;
        let plan = Plan::kubeflow(KubeflowRelease::V1_10_2);
        let Err(error) = kubeconfig.prepare(plan).await else { panic!("something was installed") };
        assert_eq!(error.to_string(), "waited 100ms in vain for the answer to GET /apis/apiextensions.k8s.io/v1");
    });
    drop(listener);
}
