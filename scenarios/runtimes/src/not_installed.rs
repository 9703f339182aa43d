//! kserve/kserve#2109: KServe is installed from one file, its runtimes from another, and nobody applied the other.

use proofmark_json::{Value, json};
use proofmark_replay::{Level, Link, Scenario, Step, Target, step};
use proofmark_scenarios_serving::kinds::{CLUSTER_RUNTIMES, SERVICES};
use proofmark_scenarios_serving::samples::{namespace, service, sklearn};
use proofmark_scenarios_serving::universe::{affected, release, shipped, with_control_plane};
use proofmark_scenarios_serving::{PATIENCE, PROFILE, SOON, TEAM, observe};

const RUNTIME: &str = "kserve-sklearnserver";
const SERVICE: &str = "iris";
const OTHER: &str = "boosted";
const OTHER_RUNTIME: &str = "kserve-xgbserver";

/// The scenario.
pub(crate) fn scenario() -> Scenario {
    Scenario::new(
        "runtimes-not-installed",
        "An InferenceService waits for a runtime that nobody installed",
        affected("every release", None, |_| true),
    )
    .family("runtimes")
    .summary("KServe runs, its shipped runtimes are missing, and every InferenceService that names one is InvalidSpec.")
    .story(
        "A user names the runtime kserve-sklearnserver, as the documentation does. His service never gets an address; an event says that there is \
         no runtime of that name, and its status that the runtime is waited for.",
    )
    .cause(
        "kserve.yaml holds the control plane alone. The ClusterServingRuntimes come from a file of their own (kserve-runtimes.yaml, later \
         kserve-cluster-resources.yaml), which was not applied.",
    )
    .remedy("Apply the release's runtimes. The controller does not watch them: a waiting service goes on with its next attempt.")
    .link(Link::issue("kserve/kserve", 2109))
    .profile(PROFILE, Level::Core)
    .universe(with_control_plane)
    .arrange(|_| {
        vec![
            step("KServe is installed without its runtimes").delete_all(CLUSTER_RUNTIMES.cluster_wide()),
            namespace(TEAM),
            step("a user creates the InferenceService iris").create(&SERVICES, waiting(SERVICE, "sklearn", RUNTIME)),
        ]
    })
    .reproduce(|_| {
        vec![
            observe::not_deployed("nothing is deployed", TEAM, SERVICE),
            refused("its status says that the runtime is waited for", SERVICE).within(SOON),
            observe::events("an event names the runtime", TEAM, "InternalError")
                .shows(json!({"messages": [missing(RUNTIME)]})),
        ]
    })
    .fix(|target| vec![install(target, RUNTIME)])
    .verify(|_| {
        vec![
            observe::deployed("the controller deploys the service", TEAM, SERVICE).within(PATIENCE),
            step("the runtime's server runs in it").get(observe::deployment(TEAM, SERVICE)).shows(json!({
                "spec": {"template": {"spec": {"containers": [{"name": "kserve-container", "args": [
                    "--model_name=iris", "--model_dir=/mnt/models", "--http_port=8080",
                ]}]}}},
            })),
        ]
    })
    .guard(|_| {
        vec![
            step("a user names a runtime that is still missing").create(&SERVICES, waiting(OTHER, "xgboost", OTHER_RUNTIME)),
            observe::not_deployed("that one is not deployed", TEAM, OTHER),
            refused("and waits", OTHER),
        ]
    })
}

fn waiting(name: &str, format: &str, runtime: &str) -> Value {
    let mut model = sklearn("s3://models/iris");
    model["modelFormat"]["name"] = json!(format);
    model["runtime"] = json!(runtime);
    service(TEAM, name, model)
}

fn refused(title: &str, name: &str) -> Step {
    observe::invalid(title, TEAM, name, "RuntimeNotRecognized", "Waiting for runtime to become available")
}

fn missing(runtime: &str) -> String {
    format!("No ServingRuntimes or ClusterServingRuntimes with the name: {runtime}")
}

fn install(target: &Target, runtime: &str) -> Step {
    let object = shipped(release(target), "ClusterServingRuntime", runtime);
    step(format!("the administrator applies the release's {runtime}")).create(&CLUSTER_RUNTIMES, object)
}
