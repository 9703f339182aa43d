//! kserve/kserve#4160: a program deploys into another namespace than that of its service account.

use proofmark_env::PatchFormat;
use proofmark_replay::{Affected, Expected, Level, Link, Resource, Scenario, Step, Target, step};
use proofmark_scenarios_people::{NEIGHBOUR, PATIENCE, TEAM, profiles};
use serde_json::{Value, json};

use super::story::PROFILE;

const SERVICES: Resource = Resource::new("serving.kserve.io", "v1beta1", "inferenceservices", "InferenceService");
const NAME: &str = "yolov8-model";
/// The namespace that the client falls back to.
const FALLBACK: &str = "kubeflow";

/// The scenario.
pub(super) fn scenario() -> Scenario {
    Scenario::new(
        "wrong-namespace",
        "A notebook is refused in a namespace that it did not name",
        Affected::new("every release", judge),
    )
    .family("rbac")
    .summary("A client without a namespace falls back to another one, where the notebook's service account may nothing.")
    .story(
        "A notebook deploys a model with the Python client and leaves the namespace out. It is answered 403 on inferenceservices in the namespace \
         kubeflow. The profile's roles are as they should be; the user asks for more of them.",
    )
    .cause("default-editor is bound by a RoleBinding in its own profile. The request went to a namespace that the client took as a default.")
    .remedy("Name the profile's namespace. More permissions would let the notebook into a namespace that is not its own.")
    .link(Link::issue("kserve/kserve", 4160))
    .profile(PROFILE, Level::Extended)
    .arrange(profiles)
    .reproduce(|_| {
        vec![
            patched("the notebook patches its service, without a namespace", FALLBACK).forbidden(),
            step("and creates it there").by(&TEAM.editor()).create(&SERVICES, service(FALLBACK)).forbidden().stays(),
        ]
    })
    .fix(|_| {
        let made = step("the notebook names its profile's namespace").by(&TEAM.editor());
        vec![made.create(&SERVICES, service(TEAM.namespace)).within(PATIENCE)]
    })
    .verify(|_| vec![patched("it patches its service", TEAM.namespace).shows(json!({"metadata": {"labels": {"team": "ours"}}}))])
    .guard(|_| {
        vec![
            step("it still may not look into the other namespace").by(&TEAM.editor()).list(SERVICES.in_namespace(FALLBACK)).forbidden(),
            patched("nor change what is the neighbour's", NEIGHBOUR.namespace).forbidden(),
        ]
    })
}

fn judge(target: &Target) -> Expected {
    match (target.plan.kserve, target.plan.kubeflow) {
        (Some(_), Some(_)) => Expected::Reproduces,
        (None, _) => Expected::NotApplicable { reason: format!("{} brings no known release of KServe", target.name) },
        (_, None) => Expected::NotApplicable {
            reason: format!("{} comes without Kubeflow, whose profiles this is about", target.name),
        },
    }
}

fn service(namespace: &str) -> Value {
    SERVICES.object(
        Some(namespace),
        NAME,
        json!({"spec": {"predictor": {"model": {
            "modelFormat": {"name": "onnx"}, "storageUri": "s3://models/yolov8",
        }}}}),
    )
}

fn patched(title: &str, namespace: &str) -> Step {
    let place = SERVICES.in_namespace(namespace).named(NAME);
    let label = json!({"metadata": {"labels": {"team": "ours"}}});
    step(title).by(&TEAM.editor()).patch(place, PatchFormat::Merge, label)
}
