//! kserve/kserve#2137: pods of some namespaces get no storage initializer.

use proofmark_env::PatchFormat;
use proofmark_replay::{Level, Link, Scenario, step};
use proofmark_scenarios_serving::kinds::{NAMESPACES, PODS, SERVICES};
use proofmark_scenarios_serving::samples::{namespace, service, sklearn};
use proofmark_scenarios_serving::universe::{CONTROL_PLANE, affected, with_control_plane};
use proofmark_scenarios_serving::{PATIENCE, PROFILE, TEAM, observe};
use serde_json::json;

const SERVICE: &str = "iris";
const LABEL: &str = "control-plane";

/// The scenario.
pub(crate) fn scenario() -> Scenario {
    Scenario::new(
        "control-plane-namespace",
        "A model server starts without its model",
        affected("every release", None, |_| true),
    )
    .family("storage")
    .summary("In a namespace with the label `control-plane` pods get no storage initializer, and servers find no model.")
    .story(
        "A user deploys his first InferenceService into the namespace kserve, or into one that some operator labelled. Deployment and pod come up, \
         and the server ends with `No such file or directory: /mnt/models`. The pod has no init container.",
    )
    .cause(
        "So that the control plane can start without itself, the pod webhook leaves namespaces alone that have the label control-plane, whatever \
         its value. Other operators use the same label.",
    )
    .remedy("Deploy into a namespace without the label, or take the label away and let the pods be made again.")
    .link(Link::issue("kserve/kserve", 2137))
    .link(Link::issue("kserve/kserve", 3499))
    .profile(PROFILE, Level::Core)
    .universe(with_control_plane)
    .arrange(|_| {
        let label = json!({"metadata": {"labels": {LABEL: "some-operator"}}});
        vec![
            namespace(TEAM),
            step("an operator labels it").patch(NAMESPACES.cluster_wide().named(TEAM), PatchFormat::Merge, label),
            step("a user creates the InferenceService iris").create(&SERVICES, service(TEAM, SERVICE, sklearn("s3://models/iris"))),
        ]
    })
    .reproduce(|_| {
        vec![
            observe::pod("its pod has no storage initializer", TEAM, SERVICE).shows(json!({
                "initContainers": {"storage-initializer": null},
                "containers": {"kserve-container": {"mounts": {"kserve-provision-location": null}}},
            })),
        ]
    })
    .fix(|_| {
        let label = json!({"metadata": {"labels": {LABEL: null}}});
        vec![
            step("the label is taken away").patch(NAMESPACES.cluster_wide().named(TEAM), PatchFormat::Merge, label),
            step("and the pods are made again").delete_all(PODS.in_namespace(TEAM)),
        ]
    })
    .verify(|_| {
        vec![
            observe::initializer("its pod has the storage initializer", TEAM, SERVICE, json!({
                "args": ["s3://models/iris", "/mnt/models"], "mounts": {"kserve-provision-location": "/mnt/models"},
            }))
            .within(PATIENCE),
            observe::pod("and the server sees the model", TEAM, SERVICE)
                .shows(json!({"containers": {"kserve-container": {"mounts": {"kserve-provision-location": "/mnt/models"}}}})),
        ]
    })
    .guard(|_| {
        vec![
            step("a service in the control plane's own namespace")
                .create(&SERVICES, service(CONTROL_PLANE, SERVICE, sklearn("s3://models/iris"))),
            observe::pod("still gets no initializer", CONTROL_PLANE, SERVICE)
                .shows(json!({"initContainers": {"storage-initializer": null}}))
                .within(PATIENCE),
        ]
    })
}
