//! Serverless services on a cluster without Knative.

use proofmark_env::ApiRequest;
use proofmark_env::PatchFormat;
use proofmark_kserve::Release;
use proofmark_replay::{Level, Link, Scenario, Target, step};
use proofmark_scenarios_serving::kinds::{EVENTS, SERVICES};
use proofmark_scenarios_serving::samples::{MODE, RAW, namespace, service, sklearn};
use proofmark_scenarios_serving::universe::{affected, release, with_control_plane};
use proofmark_scenarios_serving::{PATIENCE, PROFILE, TEAM, observe};
use serde_json::{Value, json};

const SERVICE: &str = "iris";

/// The scenario.
pub(crate) fn scenario() -> Scenario {
    Scenario::new(
        "serverless-without-knative",
        "An InferenceService is not deployed because Knative is not there",
        affected("every release", None, |_| true),
    )
    .family("webhooks")
    .summary("Services are serverless unless told otherwise; without Knative they are admitted and never deployed.")
    .story(
        "A user installs KServe without Knative and applies the first example of the documentation. It is created, and nothing follows: no status up to \
         v0.16, no Deployment. An event says that the mode needs Knative. The controller does not try again, so installing Knative later does not help.",
    )
    .cause(
        "The shipped configuration deploys serverlessly. Whether Knative is there is looked at when the service is, and not again until the service \
         changes.",
    )
    .remedy("Annotate the service with serving.kserve.io/deploymentMode: RawDeployment, or set defaultDeploymentMode in inferenceservice-config.")
    .link(Link {
        title: "InferenceService controller of KServe v0.15.2".to_owned(),
        url: "https://github.com/kserve/kserve/blob/v0.15.2/pkg/controller/v1beta1/inferenceservice/controller.go".to_owned(),
    })
    .profile(PROFILE, Level::Core)
    .universe(with_control_plane)
    .arrange(|_| vec![namespace(TEAM), step("a user creates the InferenceService iris").create(&SERVICES, serverless(SERVICE))])
    .reproduce(|target| {
        vec![
            observe::not_deployed("nothing is deployed", TEAM, SERVICE),
            step("an event says that Knative is missing")
                .request(ApiRequest::get(format!("{}?fieldSelector=involvedObject.name%3D{SERVICE}", EVENTS.in_namespace(TEAM).path())))
                .shows(json!({"items": [{"type": "Warning", "message": told(target)}]})),
        ]
    })
    .fix(|_| {
        let patch = json!({"metadata": {"annotations": {MODE: RAW}}});
        let place = SERVICES.in_namespace(TEAM).named(SERVICE);
        vec![step("the user asks for a Deployment").patch(place, PatchFormat::Merge, patch)]
    })
    .verify(|_| vec![observe::deployed("the controller deploys it", TEAM, SERVICE).within(PATIENCE)])
    .guard(|_| {
        vec![
            step("another service says nothing").create(&SERVICES, serverless("other")),
            observe::not_deployed("that one is not deployed", TEAM, "other"),
        ]
    })
}

fn serverless(name: &str) -> Value {
    let mut service = service(TEAM, name, sklearn("s3://models/iris"));
    if let Some(metadata) = service["metadata"].as_object_mut() {
        metadata.remove("annotations");
    }
    service
}

fn told(target: &Target) -> String {
    let mode = if release(target) < Release::V0_16_0 { "Serverless" } else { "Knative" };
    format!("It is not possible to use {mode} deployment mode when Knative Services are not available")
}
