//! Kubeflow with a mesh, a profile, and a model that is served in it.

use std::time::Duration;

use proofmark_env::{ApiRequest, Identity, Plan};
use proofmark_json::{Value, json};
use proofmark_kserve::Flavor;
use proofmark_kserve::extras::Project;
use proofmark_replay::{Resource, Step, Target, step};
use proofmark_scenarios_serving::PATIENCE;
use proofmark_scenarios_serving::kinds::SERVICES;
use proofmark_scenarios_serving::samples::{MODE, RAW};

use crate::programs::{MODEL_SERVER, PORT, USER, images};

/// The profile, and who owns it.
pub(crate) const TEAM: &str = "team-a";
pub(crate) const OWNER: &str = "alice@example.com";
/// Somebody else.
pub(crate) const STRANGER: &str = "bob@example.com";
/// The model.
pub(crate) const MODEL: &str = "iris";
/// Where the mesh keeps what holds everywhere.
pub(crate) const ROOT: &str = "istio-system";
/// What a profile's namespace lets in.
pub(crate) const OWN_POLICY: &str = "team-a/ns-owner-access-istio";

pub(crate) const POLICIES: Resource =
    Resource::new("security.istio.io", "v1beta1", "authorizationpolicies", "AuthorizationPolicy");
const PROFILES: Resource = Resource::new("kubeflow.org", "v1", "profiles", "Profile");

/// The target's Kubeflow and KServe, with a mesh and a node.
pub(crate) fn universe(target: &Target) -> Plan {
    Plan {
        control_plane: Some(Flavor::Kubeflow),
        extras: vec![Project::Istio],
        nodes: 1,
        images: images(),
        ..target.plan.clone()
    }
}

/// The policies that Kubeflow's mesh has, a profile, and a model in it.
pub(crate) fn arrange() -> Vec<Step> {
    let mut service = SERVICES.object(
        Some(TEAM),
        MODEL,
        json!({"spec": {"predictor": {"containers": [{
            "name": "kserve-container", "image": MODEL_SERVER, "ports": [{"containerPort": PORT, "protocol": "TCP"}],
        }]}}}),
    );
    service["metadata"]["annotations"] = json!({MODE: RAW});
    let gateway = json!({"spec": {"selector": {"matchLabels": {"app": "istio-ingressgateway"}}, "rules": [{}]}});
    let owner = json!({"spec": {"owner": {"kind": "User", "name": OWNER}}});
    vec![
        policy("nothing is allowed unless told", ROOT, "global-deny-all", json!({"spec": {}})),
        policy("everything may come to the gateway", ROOT, "istio-ingressgateway", gateway),
        step("alice gets a profile").create(&PROFILES, PROFILES.object(None, TEAM, owner)),
        step("the profile has its policy")
            .get(POLICIES.in_namespace(TEAM).named("ns-owner-access-istio"))
            .within(Duration::from_secs(60)),
        step("a model is served in it").create(&SERVICES, service),
        step("and ready")
            .get(SERVICES.in_namespace(TEAM).named(MODEL))
            .shows(json!({"status": {"conditions": [{"type": "Ready", "status": "True"}]}}))
            .within(PATIENCE),
    ]
}

/// A policy is written.
pub(crate) fn policy(title: &str, namespace: &str, name: &str, rest: Value) -> Step {
    step(title).create(&POLICIES, POLICIES.object(Some(namespace), name, rest))
}

/// A request for a prediction from outside.
pub(crate) fn from_outside() -> ApiRequest {
    prediction("iris-team-a.example.com")
}

/// The same, by a user whom the gateway has recognised.
pub(crate) fn by_user(user: &str) -> ApiRequest {
    from_outside().with_header(USER, user)
}

/// A request for a prediction from inside of the cluster.
pub(crate) fn from_inside() -> ApiRequest {
    prediction("iris-predictor.team-a.svc.cluster.local")
}

fn prediction(host: &str) -> ApiRequest {
    let instances = json!({"instances": [[6.8, 2.8, 4.8, 1.4], [6.0, 3.4, 4.5, 1.6]]});
    ApiRequest::post(format!("http://{host}/v1/models/{MODEL}:predict"), instances)
}

/// Somebody gets a prediction.
pub(crate) fn predicts(title: &str, who: &Identity, request: ApiRequest) -> Step {
    step(title).by(who).http(request).shows(json!({"predictions": [1, 1]}))
}

/// The mesh denies a request, because no rule of the profile's policy fits.
pub(crate) fn denied(title: &str, who: &Identity, request: ApiRequest) -> Step {
    step(title).by(who).http(request).code(403).prints("RBAC: access denied").decided_by(OWN_POLICY)
}
