//! A run on a real API server with a distribution on it. Without the binaries of envtest (`KUBEBUILDER_ASSETS`) it is skipped.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use proofmark_kubeflow::KubeflowRelease;
use serde_json::json;

use super::*;
use crate::envtest::{Assets, KUBERNETES, Server};
use crate::{ApiRequest, Identity, PatchFormat};

const WATCHED: [&str; 9] = [
    "/api/v1/namespaces",
    "/api/v1/configmaps",
    "/api/v1/secrets",
    "/api/v1/serviceaccounts",
    "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
    "/apis/rbac.authorization.k8s.io/v1/clusterroles",
    "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
    "/apis/rbac.authorization.k8s.io/v1/rolebindings",
    "/apis/kubeflow.org/v1/profiles",
];

/// The version of every object, by uid.
async fn versions(cluster: &Cluster) -> BTreeMap<String, String> {
    let mut versions = BTreeMap::new();
    for path in WATCHED {
        let list = cluster.send(&Identity::Admin, ApiRequest::get(path)).await.unwrap();
        for item in list.response.body.json()["items"].as_array().unwrap() {
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

#[expect(clippy::print_stderr, reason = "a skipped test says so")]
#[test]
fn a_cluster_is_left_as_it_was_found() {
    let assets = match Assets::find(std::env::var_os("KUBEBUILDER_ASSETS").map(PathBuf::from).as_deref()) {
        Ok(assets) => assets,
        Err(missing) => return eprintln!("skipped: {missing}"),
    };
    let runtime = real_runtime().unwrap();
    let server = runtime.block_on(Server::start(&assets, KUBERNETES)).unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), server.kubeconfig().to_string()).unwrap();
    let kubeconfig = Kubeconfig::open(file.path(), None, "test").unwrap();
    runtime.block_on(async {
        // Somebody else's distribution, and what its users have.
        let rest = Rest::WhenStill {
            still: Duration::from_millis(500),
            limit: Duration::from_secs(30),
            doubt: Duration::ZERO,
        };
        let theirs = Cluster::new(server.transport().await.unwrap(), rest);
        let plan = Plan::kubeflow(KubeflowRelease::V1_10_2);
        let _distribution = ControlPlane::start(&server.site().await.unwrap(), &theirs, &plan, None).await.unwrap();
        theirs.send(&Identity::Admin, profile("theirs")).await.unwrap();
        theirs.settle().await;
        let before = versions(&theirs).await;
        assert_eq!(missing(&theirs, Needs::Certify).await.unwrap(), []);

        let plan = Plan { installed: true, ..Plan::default() };
        let universe = kubeconfig.prepare(plan.clone()).await.unwrap();
        let cluster = &universe.cluster;
        let send = async |request| cluster.send(&Identity::Admin, request).await;
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
