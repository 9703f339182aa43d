//! kserve/kserve#738: a namespace binds Kubeflow's roles, and nobody installed them.

use proofmark_env::Plan;
use proofmark_json::json;
use proofmark_kubeflow::{KubeflowRelease, roles};
use proofmark_replay::{Affected, Level, Link, Resource, Scenario, Step, step};
use proofmark_scenarios_people::{NEIGHBOUR, PATIENCE, TEAM};

use super::story::PROFILE;

const SERVICES: Resource = Resource::new("serving.kserve.io", "v1beta1", "inferenceservices", "InferenceService");
const CLUSTER_ROLES: Resource = Resource::new("rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole");

/// The scenario.
pub(super) fn scenario() -> Scenario {
    Scenario::new(
        "roles-not-aggregated",
        "A profile binds a role that does not exist",
        Affected::kserve("every release", |_| true),
    )
    .family("rbac")
    .summary("The profile's RoleBindings name kubeflow-edit, the role was not installed, and every request is answered 403.")
    .story(
        "A user of a hand-made namespace, or of a Kubeflow without its kubeflow-roles, creates an InferenceService from a notebook. He is refused, and the \
         words end with `RBAC: clusterrole.rbac.authorization.k8s.io \"kubeflow-edit\" not found`, which most clients cut off.",
    )
    .cause(
        "A RoleBinding may name a role that is not there; it grants nothing until there is one. KServe's overlay brings roles that flow into \
         kubeflow-edit, not kubeflow-edit itself.",
    )
    .remedy("Install Kubeflow's roles (common/kubeflow-roles); they collect KServe's by label.")
    .link(Link::issue("kserve/kserve", 738))
    .link(Link::issue("kserve/kserve", 428))
    .profile(PROFILE, Level::Core)
    .universe(|target| {
        let overlay = target.plan.kserve.map(proofmark_kserve::install::cluster_roles).unwrap_or_default();
        Plan { kubeflow: None, manifests: overlay, ..target.plan.clone() }
    })
    .arrange(|_| [&TEAM, &NEIGHBOUR].iter().flat_map(|profile| profile.by_hand()).collect())
    .reproduce(|_| {
        let mut refused = SERVICES.in_namespace(TEAM.namespace).forbidden(&user(), "create");
        refused.message.push_str(": RBAC: clusterrole.rbac.authorization.k8s.io \"kubeflow-edit\" not found");
        vec![create("default-editor creates an InferenceService", "refused").refused(&refused).stays()]
    })
    .fix(|_| {
        let all = roles::objects(KubeflowRelease::latest()).into_iter();
        all.map(|role| {
            let name = role["metadata"]["name"].as_str().unwrap_or_default().to_owned();
            step(format!("Kubeflow's role {name} is installed")).create(&CLUSTER_ROLES, role)
        })
        .collect()
    })
    .verify(|_| {
        vec![
            create("default-editor creates an InferenceService", "iris").succeeds().within(PATIENCE),
            step("default-viewer reads it").by(&TEAM.viewer()).get(SERVICES.in_namespace(TEAM.namespace).named("iris")).succeeds(),
        ]
    })
    .guard(|_| {
        vec![
            step("default-viewer may not delete it")
                .by(&TEAM.viewer())
                .delete(SERVICES.in_namespace(TEAM.namespace).named("iris"))
                .forbidden(),
            step("the neighbour's editor may not read it")
                .by(&NEIGHBOUR.editor())
                .get(SERVICES.in_namespace(TEAM.namespace).named("iris"))
                .forbidden(),
        ]
    })
}

fn user() -> String {
    TEAM.editor().user_name().unwrap_or_default()
}

fn create(title: &str, name: &str) -> Step {
    let spec = json!({"spec": {"predictor": {"model": {"modelFormat": {"name": "sklearn"}, "storageUri": "s3://models/iris"}}}});
    step(title).by(&TEAM.editor()).create(&SERVICES, SERVICES.object(Some(TEAM.namespace), name, spec))
}
