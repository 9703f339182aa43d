//! A runtime that is switched off cannot be named.

use proofmark_env::PatchFormat;
use proofmark_replay::{Level, Link, Scenario, step};
use proofmark_scenarios_serving::kinds::{CLUSTER_RUNTIMES, SERVICES};
use proofmark_scenarios_serving::samples::{namespace, service, sklearn};
use proofmark_scenarios_serving::universe::{affected, with_control_plane};
use proofmark_scenarios_serving::{PATIENCE, PROFILE, TEAM, observe};
use serde_json::json;

const RUNTIME: &str = "kserve-sklearnserver";
const SERVICE: &str = "iris";

/// The scenario.
pub(crate) fn scenario() -> Scenario {
    Scenario::new(
        "disabled-runtime",
        "An InferenceService names a runtime that is switched off",
        affected("every release", None, |_| true),
    )
    .family("runtimes")
    .summary("A runtime with `disabled: true` is listed like any other, and services that name it are InvalidSpec.")
    .story(
        "A user finds kserve-sklearnserver with kubectl and names it. His service is not deployed; the event and the status say that the runtime \
         is disabled, which only a column of the list had shown.",
    )
    .cause("Somebody set `disabled` on the runtime, to keep it from being chosen. A disabled runtime cannot be named either.")
    .remedy("Enable the runtime, or name another one.")
    .link(Link {
        title: "ServingRuntime API of KServe v0.15.2".to_owned(),
        url: "https://github.com/kserve/kserve/blob/v0.15.2/pkg/apis/serving/v1alpha1/servingruntime_types.go".to_owned(),
    })
    .profile(PROFILE, Level::Extended)
    .universe(with_control_plane)
    .arrange(|_| {
        let mut model = sklearn("s3://models/iris");
        model["runtime"] = json!(RUNTIME);
        let off = json!({"spec": {"disabled": true}});
        let place = |name: &str| CLUSTER_RUNTIMES.cluster_wide().named(name);
        vec![
            step("the administrator disables kserve-sklearnserver").patch(place(RUNTIME), PatchFormat::Merge, off.clone()),
            step("and kserve-xgbserver").patch(place("kserve-xgbserver"), PatchFormat::Merge, off),
            namespace(TEAM),
            step("a user creates the InferenceService iris").create(&SERVICES, service(TEAM, SERVICE, model)),
        ]
    })
    .reproduce(|_| {
        vec![
            observe::not_deployed("nothing is deployed", TEAM, SERVICE),
            observe::invalid("its status says why", TEAM, SERVICE, "RuntimeDisabled", "Specified runtime is disabled"),
            observe::events("so does an event", TEAM, "InternalError")
                .shows(json!({"messages": [format!("specified runtime {RUNTIME} is disabled")]})),
        ]
    })
    .fix_variant("enable", "the runtime is enabled", |_| {
        let on = json!({"spec": {"disabled": false}});
        let place = CLUSTER_RUNTIMES.cluster_wide().named(RUNTIME);
        vec![step("the administrator enables it").patch(place, PatchFormat::Merge, on)]
    })
    .fix_variant("another", "the service names another runtime", |_| {
        let model = json!({"spec": {"predictor": {"model": {"runtime": "kserve-mlserver"}}}});
        let place = SERVICES.in_namespace(TEAM).named(SERVICE);
        vec![step("the user names kserve-mlserver").patch(place, PatchFormat::Merge, model)]
    })
    .verify(|_| vec![observe::deployed("the controller deploys the service", TEAM, SERVICE).within(PATIENCE)])
    .guard(|_| {
        let mut model = sklearn("s3://models/boosted");
        model["modelFormat"]["name"] = json!("xgboost");
        model["runtime"] = json!("kserve-xgbserver");
        vec![
            step("a user names the other disabled runtime").create(&SERVICES, service(TEAM, "boosted", model)),
            observe::invalid(
                "that one stays disabled",
                TEAM,
                "boosted",
                "RuntimeDisabled",
                "Specified runtime is disabled",
            )
            .within(PATIENCE),
        ]
    })
}
