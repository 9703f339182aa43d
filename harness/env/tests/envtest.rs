//! A universe around a real kube-apiserver. Without its binaries (`KUBEBUILDER_ASSETS`) the test is skipped.

use std::path::PathBuf;

use proofmark_env::envtest::{Assets, Envtest};
use proofmark_env::{ApiRequest, Environment, Identity, Plan};
use proofmark_json::{Value, json};
use proofmark_kserve::{Flavor, Release};

#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn environment() -> Option<Envtest> {
    let folder = std::env::var_os("KUBEBUILDER_ASSETS").map(PathBuf::from);
    match Assets::find(folder.as_deref()) {
        Ok(assets) => Some(Envtest::new(assets)),
        Err(missing) => {
            eprintln!("skipped: {missing}");
            None
        }
    }
}

#[test]
fn kinds_are_served_webhooks_are_asked_and_controllers_act() {
    let Some(environment) = environment() else { return };
    let release = Release::V0_15_2;
    let plan = Plan { kserve: Some(release), control_plane: Some(Flavor::Standalone), nodes: 1, ..Plan::default() };
    environment.runtime().unwrap().block_on(async {
        let universe = environment.prepare(plan).await.unwrap();
        assert_eq!(universe.left_out, []);
        let cluster = &universe.cluster;
        let admin = async |request| cluster.send(&Identity::Admin, request).await.unwrap().response;
        let message = |body: &Value| body["message"].as_str().unwrap_or_default().to_owned();

        let model = json!({"apiVersion": "serving.kserve.io/v1alpha1", "kind": "TrainedModel", "metadata": {"name": "m"},
            "spec": {"inferenceService": "i", "model": {"framework": "sklearn", "memory": "1Gi", "storageUri": "nowhere://x"}}});
        let models = "/apis/serving.kserve.io/v1alpha1/namespaces/default/trainedmodels";
        let denied = admin(ApiRequest::post(models, model)).await;
        assert!(message(denied.body.json()).contains("admission webhook \"trainedmodel"), "{denied:?}");

        let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a"}});
        admin(ApiRequest::post("/api/v1/namespaces", namespace)).await;
        let deployment = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d"}, "spec": {
            "selector": {"matchLabels": {"app": "d"}},
            "template": {"metadata": {"labels": {"app": "d"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}}}});
        cluster.settle().await;
        admin(ApiRequest::post("/apis/apps/v1/namespaces/a/deployments", deployment)).await;
        cluster.settle().await;
        let made = admin(ApiRequest::get("/apis/apps/v1/namespaces/a/deployments/d")).await;
        assert_eq!(made.body.json()["status"]["availableReplicas"], 1, "{made:?}");
        admin(ApiRequest::delete("/api/v1/namespaces/a")).await;
        cluster.settle().await;
        assert_eq!(admin(ApiRequest::get("/api/v1/namespaces/a")).await.status, 404);
    });
}
