//! kserve/kserve#3900: the container of a ClusterStorageContainer has another name than the one that is looked for.

use proofmark_kserve::Release;
use proofmark_replay::{Level, Link, Profile, Scenario, Step, step};
use proofmark_scenarios_serving::kinds::{SERVICES, STORAGE_CONTAINERS};
use proofmark_scenarios_serving::samples::{namespace, service, sklearn};
use proofmark_scenarios_serving::universe::{affected, with_control_plane};
use proofmark_scenarios_serving::{PATIENCE, SOON, TEAM, observe};
use serde_json::{Value, json};

const SERVICE: &str = "registered";
const CONTAINER: &str = "model-registry";
const IMAGE: &str = "registry.example.com/team/model-registry-initializer:1";

/// The scenario.
pub(crate) fn scenario() -> Scenario {
    let lacks = "knows no ClusterStorageContainers";
    Scenario::new(
        "duplicate-volume",
        "No pod is admitted because a storage container has a name of its own",
        affected("KServe v0.12.0 and newer", Some((Release::V0_12_0Rc0, lacks)), |_| true),
    )
    .family("storage")
    .summary("A ClusterStorageContainer whose container is not called storage-initializer is added twice, and no pod is valid.")
    .story(
        "A team brings an initializer of its own for model-registry:// and gives its container a name that says so. Every pod of such a service is \
         refused: the volume kserve-provision-location is there twice, and so is the mount at /mnt/models.",
    )
    .cause(
        "The pod webhook may be asked more than once for a pod, because it says so (reinvocationPolicy: IfNeeded) and others change the pod after it. \
         It recognises its own work by the init container's name, storage-initializer, and does it again under any other.",
    )
    .remedy("Call the container of every ClusterStorageContainer storage-initializer.")
    .link(Link::issue("kserve/kserve", 3900))
    .profile(Profile::KserveExtended, Level::Core)
    .universe(with_control_plane)
    .arrange(|_| {
        vec![
            namespace(TEAM),
            storage_container("the administrator creates a storage container", "model-registry-initializer"),
            step("a user creates an InferenceService that it loads")
                .create(&SERVICES, service(TEAM, SERVICE, sklearn("model-registry://iris/1"))),
        ]
    })
    .reproduce(|_| {
        vec![
            observe::pod("there is no pod", TEAM, SERVICE).shows(json!({"pods": 0})),
            observe::events("the ReplicaSet's event says why", TEAM, "FailedCreate").shows(json!({"messages": [
                "Error creating: Pod \"<pod>\" is invalid: [spec.volumes[2].name: Duplicate value: \"kserve-provision-location\", \
                 spec.containers[0].volumeMounts[2].mountPath: Invalid value: \"/mnt/models\": must be unique, \
                 spec.initContainers[1].name: Duplicate value: \"model-registry-initializer\"]",
            ]})).within(SOON),
        ]
    })
    .fix(|_| {
        let place = STORAGE_CONTAINERS.cluster_wide().named(CONTAINER);
        vec![
            step("the administrator deletes it").delete(place),
            storage_container("and creates it with the name that is looked for", "storage-initializer"),
        ]
    })
    .verify(|_| {
        vec![observe::initializer("a pod gets the team's initializer", TEAM, SERVICE, json!({
            "args": ["model-registry://iris/1", "/mnt/models"], "mounts": {"kserve-provision-location": "/mnt/models"},
        }))
        .within(PATIENCE)]
    })
    .guard(|_| {
        vec![
            step("a service of another storage").create(&SERVICES, service(TEAM, "other", sklearn("s3://models/other"))),
            observe::initializer("gets the usual one", TEAM, "other", json!({"args": ["s3://models/other", "/mnt/models"]}))
                .within(PATIENCE),
        ]
    })
}

fn storage_container(title: &str, name: &str) -> Step {
    let object: Value = STORAGE_CONTAINERS.object(
        None,
        CONTAINER,
        json!({"spec": {
            "container": {"name": name, "image": IMAGE},
            "supportedUriFormats": [{"prefix": "model-registry://"}],
        }}),
    );
    step(title).create(&STORAGE_CONTAINERS, object)
}
