//! The Models Web App in the cluster, as Kubeflow deploys it.

use std::time::Duration;

use http::Request;
use kube::Client;
use proofmark_env::{PatchFormat, Plan};
use proofmark_json::{Value, json};
use proofmark_kserve::Release;
use proofmark_replay::{Place, Resource, Step, Target, step};
use proofmark_scenarios_serving::kinds::{ACCOUNTS, CONFIG_MAPS, CORE_SERVICES, DEPLOYMENTS, NAMESPACES};
use proofmark_scenarios_serving::universe::release;

use crate::people;

/// Where it is deployed, and under which name.
pub(crate) const NAMESPACE: &str = "kubeflow";
const NAME: &str = "kserve-models-web-app";
/// The address of its Service.
pub(crate) const URL: &str = "http://kserve-models-web-app.kubeflow";
/// The ClusterRole of its ServiceAccount.
pub(crate) const ROLE: &str = "kserve-models-web-app-cluster-role";
/// The backend without the flaws of the released ones.
pub(crate) const SAFE: &str = "proofmark/models-web-app";

/// ClusterRoles.
pub(crate) const ROLES: Resource = Resource::new("rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole");
/// ClusterRoleBindings.
const CLUSTER_BINDINGS: Resource =
    Resource::new("rbac.authorization.k8s.io", "v1", "clusterrolebindings", "ClusterRoleBinding");

/// How long a rollout may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// Whether the release of the app that goes with a release of KServe is one of those since v0.16, which have routes for containers, graphs and
/// several documents. Before, it is that of Kubeflow 1.10 (v0.14.0), whose routes Kubeflow has had since 1.5.
pub(crate) fn is_recent(target: &Target) -> bool {
    release(target) >= Release::V0_16_0
}

/// The image that goes with the target.
pub(crate) fn image(target: &Target) -> String {
    format!("kserve/models-web-app:v{}", if is_recent(target) { "1.0.1" } else { "0.14.0" })
}

/// KServe's kinds, a node with the app on it as Kubeflow's overlay sets it up, two teams and their people.
pub(crate) fn universe(target: &Target) -> Plan {
    with(target, &json!({}))
}

/// The same, with other settings of the app.
pub(crate) fn with(target: &Target, settings: &Value) -> Plan {
    let mut plan = Plan { kubeflow: None, nodes: 1, ..target.plan.clone() };
    plan.manifests.extend(objects(target, settings));
    plan.manifests.extend(people::objects());
    plan
}

fn objects(target: &Target, settings: &Value) -> Vec<Value> {
    let namespaced = |kind: &Resource, rest: Value| kind.object(Some(NAMESPACE), NAME, rest);
    let mut data = json!({
        "APP_PREFIX": "/kserve-endpoints", "APP_DISABLE_AUTH": "false", "USERID_HEADER": "kubeflow-userid", "USERID_PREFIX": "",
    });
    for (name, value) in settings.as_object().into_iter().flatten() {
        data[name] = value.clone();
    }
    let labels = json!({"app.kubernetes.io/component": NAME});
    let probe = |path: &str| json!({"httpGet": {"path": path, "port": "http"}});
    let container = json!({
        "name": NAME,
        "image": image(target),
        "envFrom": [{"configMapRef": {"name": NAME}}],
        "ports": [{"name": "http", "containerPort": 5000}],
        "livenessProbe": probe("/healthz/liveness"),
        "readinessProbe": probe("/healthz/readiness"),
    });
    let pod = json!({"metadata": {"labels": labels}, "spec": {"serviceAccountName": NAME, "containers": [container]}});
    let deployment = json!({"spec": {"replicas": 1, "selector": {"matchLabels": labels}, "template": pod}});
    let service = json!({"spec": {"selector": labels, "ports": [{"name": "http", "port": 80, "targetPort": "http"}]}});
    let subject = json!({"kind": "ServiceAccount", "name": NAME, "namespace": NAMESPACE});
    let role = json!({"apiGroup": ROLES.group, "kind": "ClusterRole", "name": ROLE});
    vec![
        NAMESPACES.object(None, NAMESPACE, json!({})),
        namespaced(&ACCOUNTS, json!({})),
        ROLES.object(None, ROLE, json!({"rules": rules("deletecollection")})),
        CLUSTER_BINDINGS.object(None, "kserve-models-web-app-binding", json!({"roleRef": role, "subjects": [subject]})),
        namespaced(&CONFIG_MAPS, json!({"data": data})),
        namespaced(&DEPLOYMENTS, deployment),
        namespaced(&CORE_SERVICES, service),
    ]
}

/// What the app may do, in every namespace: all that is needed for what it does for its users. `further` is a verb more on what it manages.
pub(crate) fn rules(further: &str) -> Value {
    let managed = ["inferenceservices", "inferencegraphs", "trainedmodels"];
    let managed = managed.map(|kind| [kind.to_owned(), format!("{kind}/status")]).concat();
    let knative = ["services", "routes", "configurations", "revisions"];
    let knative = knative.map(|kind| [kind.to_owned(), format!("{kind}/status")]).concat();
    let mut verbs = vec!["get", "list", "watch", "create", "delete", "patch", "update"];
    verbs.extend((!further.is_empty()).then_some(further));
    json!([
        {"apiGroups": ["authorization.k8s.io"], "resources": ["subjectaccessreviews"], "verbs": ["create"]},
        {"apiGroups": [""], "resources": ["namespaces", "pods", "pods/log"], "verbs": ["get", "list"]},
        {"apiGroups": [""], "resources": ["events"], "verbs": ["get", "list", "watch"]},
        {"apiGroups": ["serving.kserve.io"], "resources": managed, "verbs": verbs},
        {"apiGroups": ["serving.knative.dev"], "resources": knative, "verbs": ["get", "list"]},
    ])
}

fn deployment() -> Place {
    DEPLOYMENTS.in_namespace(NAMESPACE).named(NAME)
}

/// The app is there.
pub(crate) fn running() -> Step {
    rolled_out("the Models Web App runs")
}

/// The administrator changes settings and restarts the app.
pub(crate) fn reconfigure(title: &str, settings: &Value) -> Vec<Step> {
    let place = CONFIG_MAPS.in_namespace(NAMESPACE).named(NAME);
    let template = json!({"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": "2025-01-01T00:00:00Z"}}});
    vec![
        step(title).patch(place, PatchFormat::Merge, json!({"data": settings})),
        step("and restarts the app").patch(deployment(), PatchFormat::Merge, json!({"spec": {"template": template}})),
        rolled_out("a pod with the new settings has taken over"),
    ]
}

/// The administrator deploys another backend.
pub(crate) fn replace(title: &str, image: &str) -> Vec<Step> {
    let containers = json!([{"name": NAME, "image": image}]);
    let patch = json!({"spec": {"template": {"spec": {"containers": containers}}}});
    vec![
        step(title).patch(deployment(), PatchFormat::Strategic, patch),
        rolled_out("a pod of the new image has taken over"),
    ]
}

/// As `kubectl rollout status` waits.
fn rolled_out(title: &str) -> Step {
    let words = format!("status of the rollout of {NAME}");
    let place = deployment();
    step(title)
        .client(words, move |client: Client| {
            let path = place.path();
            async move {
                let request = Request::get(path).body(Vec::new()).map_err(kube::Error::HttpError)?;
                let found: Value = client.request(request).await?;
                let (wanted, status) = (&found["metadata"]["generation"], &found["status"]);
                let all = |field: &str| status[field] == 1;
                let done = status["observedGeneration"] == *wanted
                    && ["replicas", "updatedReplicas", "readyReplicas"].into_iter().all(all);
                Ok(json!({"rolledOut": done}))
            }
        })
        .shows(json!({"rolledOut": true}))
        .within(PATIENCE)
}
