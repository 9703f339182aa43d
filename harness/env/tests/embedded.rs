//! Universes in this process.

use proofmark_env::{ApiRequest, Embedded, Environment, Exchange, Identity, Plan};
use proofmark_json::{Value, json};
use proofmark_kserve::Release;
use proofmark_kubeflow::KubeflowRelease;

/// Builds a universe and lets something happen in it.
fn within<T>(plan: Plan, story: impl AsyncFnOnce(&proofmark_env::Universe) -> T) -> T {
    Embedded.runtime().unwrap().block_on(async {
        let universe = Embedded.prepare(plan).await.unwrap();
        story(&universe).await
    })
}

const MODELS: &str = "/apis/serving.kserve.io/v1alpha1/namespaces/team-a/trainedmodels";

fn role_binding() -> Vec<Value> {
    vec![
        json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "editor", "namespace": "team-a"},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "kubeflow-kserve-edit"},
            "subjects": [{"kind": "ServiceAccount", "name": "default-editor", "namespace": "team-a"}]}),
    ]
}

async fn ask(universe: &proofmark_env::Universe) -> Exchange {
    let editor = Identity::service_account("team-a", "default-editor");
    universe.cluster.send(&editor, ApiRequest::get(format!("{MODELS}/simple-string"))).await.unwrap()
}

#[test]
fn a_refusal_has_the_words_and_the_reason() {
    let plan = Plan { manifests: role_binding(), ..Plan::kserve(Release::V0_14_1) };
    let refused = within(plan, async |universe| ask(universe).await);
    assert_eq!(refused.response.status, 403);
    assert_eq!(
        refused.response.body.json()["message"],
        "trainedmodels.serving.kserve.io \"simple-string\" is forbidden: User \"system:serviceaccount:team-a:default-editor\" cannot get \
         resource \"trainedmodels\" in API group \"serving.kserve.io\" in the namespace \"team-a\""
    );
    let decision = refused.decision.unwrap();
    assert_eq!((decision.allowed, decision.user.as_str()), (false, "system:serviceaccount:team-a:default-editor"));
    assert!(decision.explanation.contains("kubeflow-kserve-edit"), "{}", decision.explanation);
}

#[test]
fn a_newer_release_lets_it_pass_and_says_by_which_binding() {
    let plan = Plan { manifests: role_binding(), ..Plan::kserve(Release::V0_15_2) };
    let exchange = within(plan, async |universe| ask(universe).await);
    assert_eq!(exchange.response.status, 404, "{exchange:?}");
    let decision = exchange.decision.unwrap();
    assert!(decision.allowed && decision.explanation.contains("RoleBinding"), "{}", decision.explanation);
}

#[test]
fn every_distribution_installs_and_so_does_kserve_alone() {
    let alone = [Release::V0_11_0, Release::latest()].map(|release| Plan { kserve: Some(release), ..Plan::default() });
    for plan in KubeflowRelease::all().iter().map(|release| Plan::kubeflow(*release)).chain(alone) {
        let releases = format!("{:?} {:?}", plan.kserve, plan.kubeflow);
        let left_out = within(plan, async |universe| universe.left_out.clone());
        assert_eq!(left_out, [], "{releases}");
    }
}

#[test]
fn one_seed_gives_one_universe() {
    let uid = |seed| {
        within(Plan { seed, ..Plan::default() }, async |universe| {
            let body = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"generateName": "x-"}});
            let made = universe
                .cluster
                .send(&Identity::Admin, ApiRequest::post("/api/v1/namespaces/default/configmaps", body))
                .await;
            made.unwrap().response.body.json()["metadata"].clone()
        })
    };
    assert_eq!(uid(1), uid(1));
    assert_ne!(uid(1)["uid"], uid(2)["uid"]);
}

#[test]
fn aggregated_roles_are_filled_by_the_time_it_is_ready() {
    let rules = within(Plan::kserve(Release::V0_15_2), async |universe| {
        let role = ApiRequest::get("/apis/rbac.authorization.k8s.io/v1/clusterroles/kubeflow-edit");
        universe.cluster.send(&Identity::Admin, role).await.unwrap().response.body.json()["rules"].to_string()
    });
    assert!(rules.contains("trainedmodels") && rules.contains("inferenceservices"), "{rules}");
}

#[test]
fn a_namespace_gets_its_service_account_and_can_be_deleted_while_nobody_looks() {
    let (account, gone) = within(Plan::default(), async |universe| {
        let cluster = &universe.cluster;
        let admin = async |request| cluster.send(&Identity::Admin, request).await.unwrap().response.status;
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a"}});
        admin(ApiRequest::post("/api/v1/namespaces", namespace)).await;
        cluster.settle().await;
        let account = admin(ApiRequest::get("/api/v1/namespaces/a/serviceaccounts/default")).await;
        admin(ApiRequest::delete("/api/v1/namespaces/a")).await;
        cluster.settle().await;
        (account, admin(ApiRequest::get("/api/v1/namespaces/a")).await)
    });
    assert_eq!((account, gone), (200, 404));
}

#[test]
fn a_profile_gets_its_namespace_and_its_people() {
    let (editor, viewer, owner) = within(Plan::kubeflow(KubeflowRelease::V1_10_2), async |universe| {
        let cluster = &universe.cluster;
        let profile = json!({"apiVersion": "kubeflow.org/v1", "kind": "Profile", "metadata": {"name": "team-a"},
            "spec": {"owner": {"kind": "User", "name": "owner@example.com"}}});
        cluster.send(&Identity::Admin, ApiRequest::post("/apis/kubeflow.org/v1/profiles", profile)).await.unwrap();
        cluster.settle().await;
        let list = async |who: &Identity| cluster.send(who, ApiRequest::get(MODELS)).await.unwrap().response.status;
        let account = |name| Identity::service_account("team-a", name);
        (
            list(&account("default-editor")).await,
            list(&account("default-viewer")).await,
            list(&Identity::user("owner@example.com")).await,
        )
    });
    assert_eq!((editor, viewer, owner), (200, 200, 200));
}
