//! A storage specification names a key that its secret does not have.

use proofmark_env::PatchFormat;
use proofmark_replay::{Level, Link, Scenario, step};
use proofmark_scenarios_serving::kinds::SERVICES;
use proofmark_scenarios_serving::samples::{namespace, service, stored};
use proofmark_scenarios_serving::universe::{affected, with_control_plane};
use proofmark_scenarios_serving::{PATIENCE, PROFILE, TEAM, observe};
use serde_json::json;

use crate::{pod_refused, secret};

const SERVICE: &str = "iris";

/// The scenario.
pub(crate) fn scenario() -> Scenario {
    Scenario::new(
        "storage-key-missing",
        "An InferenceService waits for ever for a storage key that is misspelt",
        affected("every release", None, |_| true),
    )
    .family("storage")
    .summary("A service names a key that its storage secret lacks; the service only says that it is pending.")
    .story(
        "A user writes `storage.key: minio-prod`, and the secret has `minio`. The service stays Pending without a word. Only an event of the \
         ReplicaSet, two objects further down, says why no pod is made.",
    )
    .cause(
        "The key is looked up when a pod is admitted, by the webhook that adds the storage initializer. Its refusal ends as a FailedCreate event \
         of the ReplicaSet; the controller sees no pod and reports that as pending.",
    )
    .remedy("Name a key that the secret has, or add the key. The ReplicaSet tries again by itself.")
    .link(Link {
        title: "Storage credentials in KServe v0.15.2".to_owned(),
        url: "https://github.com/kserve/kserve/blob/v0.15.2/pkg/credentials/service_account_credentials.go".to_owned(),
    })
    .profile(PROFILE, Level::Core)
    .universe(with_control_plane)
    .arrange(|_| {
        vec![
            namespace(TEAM),
            secret::create(&[("minio", secret::s3())]),
            step("and an InferenceService that names the key minio-prod")
                .create(&SERVICES, service(TEAM, SERVICE, stored("minio-prod", "iris"))),
        ]
    })
    .reproduce(|_| {
        vec![
            step("the service says that its model is pending")
                .get(SERVICES.in_namespace(TEAM).named(SERVICE))
                .shows(json!({"status": {"modelStatus": {"transitionStatus": "InProgress", "states": {"targetModelState": "Pending"}}}})),
            observe::pod("there is no pod", TEAM, SERVICE).shows(json!({"pods": 0})),
            observe::events("the ReplicaSet's event names the key", TEAM, "FailedCreate").shows(json!({"messages": [
                pod_refused("specified storage key minio-prod not found in storage secret storage-config"),
            ]})),
        ]
    })
    .fix_variant("key", "the service names a key that there is", |_| {
        let place = SERVICES.in_namespace(TEAM).named(SERVICE);
        let patch = json!({"spec": {"predictor": {"model": {"storage": {"key": "minio"}}}}});
        vec![step("the user names the key minio").patch(place, PatchFormat::Merge, patch)]
    })
    .fix_variant("secret", "the secret gets the key", |_| {
        vec![secret::change("the user adds the key", &[("minio-prod", secret::s3())])]
    })
    .verify(|_| {
        vec![observe::initializer("a pod gets the storage initializer", TEAM, SERVICE, json!({
            "args": ["s3://models/iris", "/mnt/models"],
        }))
        .within(PATIENCE)]
    })
    .guard(|_| {
        vec![
            step("another service names a third key").create(&SERVICES, service(TEAM, "other", stored("nowhere", "x"))),
            observe::pod("that one gets no pod", TEAM, "other").shows(json!({"pods": 0})).stays(),
        ]
    })
}
