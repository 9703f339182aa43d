//! kserve/kserve#5162: the storage initializer is killed for its memory, and the setting that should help does not.

use proofmark_env::PatchFormat;
use proofmark_json::json;
use proofmark_kserve::Release;
use proofmark_replay::{Level, Link, Profile, Scenario, step};
use proofmark_scenarios_serving::kinds::{PODS, SERVICES, STORAGE_CONTAINERS};
use proofmark_scenarios_serving::samples::{configure, namespace, service, sklearn};
use proofmark_scenarios_serving::universe::{affected, with_control_plane};
use proofmark_scenarios_serving::{PATIENCE, TEAM, observe};

const SERVICE: &str = "large";

/// The scenario.
pub(crate) fn scenario() -> Scenario {
    Scenario::new(
        "oom-initializer",
        "Raising the storage initializer's memory changes nothing",
        affected("KServe v0.12.0 and newer", None, |release| release >= Release::V0_12_0Rc0),
    )
    .family("storage")
    .summary("The memory limit in inferenceservice-config is beaten by that of the shipped ClusterStorageContainer.")
    .story(
        "The storage initializer of a large model is OOMKilled. The administrator raises memoryLimit in inferenceservice-config, as the documentation \
         says, and has the pods made again. The init container still has 1Gi and is killed again.",
    )
    .cause(
        "The shipped ClusterStorageContainer `default` claims s3://, gs:// and the like and has resources of its own, which are merged over those of \
         the configuration. There is no setting for a single service.",
    )
    .remedy("Raise the limit in the ClusterStorageContainer, or bring one of one's own for the large models' storage.")
    .link(Link::issue("kserve/kserve", 5162))
    .link(Link::issue("kserve/kserve", 5326))
    .profile(Profile::KserveExtended, Level::Extended)
    .universe(with_control_plane)
    .arrange(|target| {
        vec![
            configure("the administrator raises the memory limit", target, "storageInitializer", &json!({"memoryLimit": "8Gi"})),
            namespace(TEAM),
            step("a user creates the InferenceService large").create(&SERVICES, service(TEAM, SERVICE, sklearn("s3://models/large"))),
        ]
    })
    .reproduce(|_| vec![observe::initializer("its initializer still gets 1Gi", TEAM, SERVICE, json!({"limits": {"memory": "1Gi"}}))])
    .fix(|_| {
        let place = STORAGE_CONTAINERS.cluster_wide().named("default");
        let patch = json!({"spec": {"container": {"resources": {"limits": {"memory": "8Gi"}}}}});
        vec![
            step("the administrator raises it in the storage container").patch(place, PatchFormat::Merge, patch),
            step("and has the pods made again").delete_all(PODS.in_namespace(TEAM)),
        ]
    })
    .verify(|_| vec![observe::initializer("its initializer gets 8Gi", TEAM, SERVICE, json!({"limits": {"memory": "8Gi"}})).within(PATIENCE)])
    .guard(|_| {
        vec![observe::initializer("its processors are limited as before", TEAM, SERVICE, json!({"limits": {"cpu": "1"}}))]
    })
}
