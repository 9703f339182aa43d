//! No runtime may be chosen for a format: it is unknown, or those that know it may only be named.

use proofmark_env::PatchFormat;
use proofmark_replay::{Level, Link, Scenario, Step, step};
use proofmark_scenarios_serving::kinds::{RUNTIMES, SERVICES};
use proofmark_scenarios_serving::samples::{namespace, service};
use proofmark_scenarios_serving::universe::{affected, with_control_plane};
use proofmark_scenarios_serving::{NEIGHBOUR, PATIENCE, PROFILE, TEAM, observe};
use serde_json::{Value, json};

const SERVICE: &str = "forecast";
const RUNTIME: &str = "team-runtime";

/// The scenario.
pub(crate) fn scenario() -> Scenario {
    Scenario::new(
        "no-matching-runtime",
        "No runtime is found although one supports the format",
        affected("every release", None, |_| true),
    )
    .family("runtimes")
    .summary("A runtime supports the format, but not with `autoSelect`, so a service that names none finds none.")
    .story(
        "A user registers a ServingRuntime for a format of his own and creates a service with that format. The status says that no runtime \
         was found, while `kubectl get servingruntimes` shows the format beside the runtime.",
    )
    .cause(
        "Only formats with `autoSelect: true` are looked at when a service names no runtime. The name and, if given, the version must be equal to \
         the letter.",
    )
    .remedy("Set autoSelect for the format, or name the runtime in the service.")
    .link(Link {
        title: "Runtime selection in KServe v0.15.2".to_owned(),
        url: "https://github.com/kserve/kserve/blob/v0.15.2/pkg/apis/serving/v1beta1/predictor_model.go".to_owned(),
    })
    .profile(PROFILE, Level::Core)
    .universe(with_control_plane)
    .arrange(|_| {
        vec![
            namespace(TEAM),
            namespace(NEIGHBOUR),
            step("a user creates a ServingRuntime").create(&RUNTIMES, runtime()),
            step("and the InferenceService forecast").create(&SERVICES, forecast(TEAM)),
        ]
    })
    .reproduce(|_| {
        vec![
            observe::not_deployed("nothing is deployed", TEAM, SERVICE),
            none_found("its status says that no runtime was found", TEAM),
            observe::events("so does an event", TEAM, "InternalError").shows(json!({"messages": [
                "no runtime found to support predictor with model type: {team-format <nil>}",
            ]})),
        ]
    })
    .fix_variant("auto-select", "the runtime may be chosen for the format", |_| {
        let formats = json!([{"name": "team-format", "version": "1", "autoSelect": true}]);
        let place = RUNTIMES.in_namespace(TEAM).named(RUNTIME);
        let patch = json!({"spec": {"supportedModelFormats": formats}});
        vec![step("the user lets the runtime be chosen").patch(place, PatchFormat::Merge, patch)]
    })
    .fix_variant("name", "the service names the runtime", |_| {
        let place = SERVICES.in_namespace(TEAM).named(SERVICE);
        let patch = json!({"spec": {"predictor": {"model": {"runtime": RUNTIME}}}});
        vec![step("the user names the runtime").patch(place, PatchFormat::Merge, patch)]
    })
    .verify(|_| vec![observe::deployed("the controller deploys the service", TEAM, SERVICE).within(PATIENCE)])
    .guard(|_| {
        vec![
            step("the neighbour creates the same service").create(&SERVICES, forecast(NEIGHBOUR)),
            none_found("the runtime of another namespace is none of his", NEIGHBOUR).within(PATIENCE),
        ]
    })
}

fn runtime() -> Value {
    RUNTIMES.object(
        Some(TEAM),
        RUNTIME,
        json!({"spec": {
            "supportedModelFormats": [{"name": "team-format", "version": "1"}],
            "containers": [{"name": "kserve-container", "image": "registry.example.com/team/server:1"}],
        }}),
    )
}

fn forecast(namespace: &str) -> Value {
    service(namespace, SERVICE, json!({"modelFormat": {"name": "team-format"}, "storageUri": "s3://models/forecast"}))
}

fn none_found(title: &str, namespace: &str) -> Step {
    let message = "No runtime found to support specified framework/version";
    observe::invalid(title, namespace, SERVICE, "NoSupportingRuntime", message)
}
