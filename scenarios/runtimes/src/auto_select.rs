//! Since v0.17 the shipped xgboost server offers version 2 of the format only; services that ask for version 1 find no runtime any more.

use proofmark_env::PatchFormat;
use proofmark_kserve::Release;
use proofmark_replay::{Level, Link, Scenario, Step, step};
use proofmark_scenarios_serving::kinds::{RUNTIMES, SERVICES};
use proofmark_scenarios_serving::samples::{namespace, service};
use proofmark_scenarios_serving::universe::{affected, with_control_plane};
use proofmark_scenarios_serving::{NEIGHBOUR, PATIENCE, PROFILE, TEAM, observe};
use serde_json::{Value, json};

const SERVICE: &str = "boosted";

/// The scenario.
pub(crate) fn scenario() -> Scenario {
    Scenario::new(
        "runtime-auto-select-changed",
        "After an upgrade no runtime is found for a format that had one",
        affected("KServe v0.17.0 and newer", None, |release| release >= Release::V0_17_0),
    )
    .family("runtimes")
    .summary("An InferenceService that asks for version 1 of xgboost was served up to KServe v0.16 and finds no runtime from v0.17 on.")
    .story(
        "A user has said for years that his model is xgboost, version 1. KServe is upgraded; the next change of the service makes it InvalidSpec, \
         because no runtime supports the framework or version.",
    )
    .cause(
        "The runtime kserve-xgbserver names version 2 of the format since v0.17.0, and a version must match exactly. kserve-mlserver still names \
         version 1, but speaks protocol v2 only, and a service that names no protocol asks for v1.",
    )
    .remedy("Ask for version 2, whose server reads models of version 1, or bring a ServingRuntime of one's own for version 1.")
    .link(Link {
        title: "kserve-xgbserver of KServe v0.17.0".to_owned(),
        url: "https://github.com/kserve/kserve/blob/v0.17.0/config/runtimes/kserve-xgbserver.yaml".to_owned(),
    })
    .profile(PROFILE, Level::Extended)
    .universe(with_control_plane)
    .arrange(|_| {
        vec![namespace(TEAM), namespace(NEIGHBOUR), step("a user creates the InferenceService boosted").create(&SERVICES, boosted(TEAM))]
    })
    .reproduce(|_| {
        vec![
            observe::not_deployed("nothing is deployed", TEAM, SERVICE),
            none_found("its status says that no runtime was found", TEAM),
            observe::events("so does an event", TEAM, "InternalError").shows(json!({"messages": [
                "no runtime found to support predictor with model type: {xgboost <ptr>}",
            ]})),
        ]
    })
    .fix_variant("version", "the service asks for version 2", |_| {
        let version = json!({"spec": {"predictor": {"model": {"modelFormat": {"version": "2"}}}}});
        let place = SERVICES.in_namespace(TEAM).named(SERVICE);
        vec![step("the user asks for version 2").patch(place, PatchFormat::Merge, version)]
    })
    .fix_variant("own-runtime", "a ServingRuntime in the namespace offers version 1", |_| {
        let spec = json!({
            "supportedModelFormats": [{"name": "xgboost", "version": "1", "autoSelect": true}],
            "protocolVersions": ["v1"],
            "containers": [{"name": "kserve-container", "image": "registry.example.com/team/xgbserver:1", "args": ["--model_name={{.Name}}"]}],
        });
        let runtime = RUNTIMES.object(Some(TEAM), "xgboost-1", json!({"spec": spec}));
        vec![step("the user creates a ServingRuntime for version 1").create(&RUNTIMES, runtime)]
    })
    .verify(|_| vec![observe::deployed("the controller deploys the service", TEAM, SERVICE).within(PATIENCE)])
    .guard(|_| {
        let mut unknown = boosted(TEAM);
        unknown["metadata"]["name"] = json!("unknown");
        unknown["spec"]["predictor"]["model"]["modelFormat"] = json!({"name": "xgboost", "version": "99"});
        vec![
            step("a user asks for a version that nobody offers").create(&SERVICES, unknown),
            observe::not_deployed("that one is not deployed", TEAM, "unknown"),
        ]
    })
}

fn boosted(namespace: &str) -> Value {
    let model = json!({"modelFormat": {"name": "xgboost", "version": "1"}, "storageUri": "s3://models/boosted"});
    service(namespace, SERVICE, model)
}

fn none_found(title: &str, namespace: &str) -> Step {
    let message = "No runtime found to support specified framework/version";
    observe::invalid(title, namespace, SERVICE, "NoSupportingRuntime", message)
}
