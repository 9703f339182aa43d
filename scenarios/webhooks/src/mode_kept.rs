//! kserve/kserve#5799: a service of an older release cannot be changed any more.

use proofmark_env::PatchFormat;
use proofmark_kserve::Release;
use proofmark_replay::{Level, Link, Scenario, Step, step};
use proofmark_scenarios_serving::kinds::SERVICES;
use proofmark_scenarios_serving::samples::{MODE, RAW, namespace, service, sklearn};
use proofmark_scenarios_serving::universe::{affected, with_control_plane};
use proofmark_scenarios_serving::{PATIENCE, PROFILE, TEAM, observe};
use serde_json::json;

const SERVICE: &str = "iris";

/// The scenario.
pub(crate) fn scenario() -> Scenario {
    let lacks = "has one name for the mode";
    Scenario::new(
        "deployment-mode-immutable",
        "After an upgrade no change of an InferenceService is accepted",
        affected("KServe v0.16.0 to v0.19.0", Some((Release::V0_16_0, lacks)), |release| release < Release::V0_20_0),
    )
    .family("webhooks")
    .summary("The mode was renamed from RawDeployment to Standard, and the webhook takes the new name for a change of mode.")
    .story(
        "A service was deployed by v0.15.2, whose status says RawDeployment. KServe is upgraded. Whatever is changed about the service from then on, \
         by users or by controllers, is refused: the mode cannot be changed from 'RawDeployment' to 'Standard'. Nobody changed it.",
    )
    .cause(
        "The defaulting webhook writes the mode's new name into the annotation of every service that passes it. The validating one compares that with \
         the name in the status, letter by letter.",
    )
    .remedy("Write the new name into the status, or upgrade to v0.20.0, which compares what the names mean.")
    .link(Link::issue("kserve/kserve", 5799))
    .profile(PROFILE, Level::Extended)
    .universe(with_control_plane)
    .arrange(|_| {
        vec![
            namespace(TEAM),
            step("a user creates the InferenceService iris").create(&SERVICES, service(TEAM, SERVICE, sklearn("s3://models/iris"))),
            step("it is deployed")
                .get(SERVICES.in_namespace(TEAM).named(SERVICE))
                .shows(json!({"status": {"deploymentMode": "Standard"}}))
                .within(PATIENCE),
            status("its status is that of an older release", RAW),
        ]
    })
    .reproduce(|_| {
        let hook = "inferenceservice.kserve-webhook-server.validator";
        let why = "update rejected: deploymentMode cannot be changed from 'RawDeployment' to 'Standard'";
        vec![
            labelled("a user labels the service")
                .fails(403, "Forbidden", format!("admission webhook \"{hook}\" denied the request: {why}")),
        ]
    })
    .fix(|_| vec![status("the administrator writes the new name into the status", "Standard")])
    .verify(|_| {
        vec![
            labelled("a user labels the service").shows(json!({"metadata": {"labels": {"team": "ours"}}})),
            observe::deployed("it stays deployed", TEAM, SERVICE),
        ]
    })
    .guard(|_| {
        let place = SERVICES.in_namespace(TEAM).named(SERVICE);
        let patch = json!({"metadata": {"annotations": {MODE: "Knative"}}});
        vec![step("a real change of mode is still refused").patch(place, PatchFormat::Merge, patch).code(403)]
    })
}

fn status(title: &str, mode: &str) -> Step {
    let place = SERVICES.in_namespace(TEAM).named(SERVICE).part("status");
    step(title).patch(place, PatchFormat::Merge, json!({"status": {"deploymentMode": mode}}))
}

fn labelled(title: &str) -> Step {
    let place = SERVICES.in_namespace(TEAM).named(SERVICE);
    step(title).patch(place, PatchFormat::Merge, json!({"metadata": {"labels": {"team": "ours"}}}))
}
