//! An entry of the storage secret holds something that is no text.

use proofmark_replay::{Level, Link, Scenario, step};
use proofmark_scenarios_serving::kinds::SERVICES;
use proofmark_scenarios_serving::samples::{namespace, service, stored};
use proofmark_scenarios_serving::universe::{affected, with_control_plane};
use proofmark_scenarios_serving::{PATIENCE, PROFILE, SOON, TEAM, observe};
use serde_json::{Value, json};

use crate::{pod_refused, secret};

const SERVICE: &str = "iris";

/// The scenario.
pub(crate) fn scenario() -> Scenario {
    Scenario::new(
        "non-string-storage-config",
        "An InferenceService waits for ever because a storage entry says false instead of \"false\"",
        affected("every release", None, |_| true),
    )
    .family("storage")
    .summary("`\"verify_ssl\": false` in a storage entry is valid JSON, and no pod of the service is admitted.")
    .story(
        "A user turns the verification of certificates off for a storage of his own, with `\"verify_ssl\": false`. His services stay Pending. The \
         ReplicaSet's event calls the JSON invalid, which every JSON checker denies.",
    )
    .cause("The entry is read as a map from texts to texts: a boolean, a number or a nested object is an error, not a value.")
    .remedy("Write every value of the entry as a text: `\"verify_ssl\": \"false\"`.")
    .link(Link {
        title: "Storage credentials in KServe v0.15.2".to_owned(),
        url: "https://github.com/kserve/kserve/blob/v0.15.2/pkg/credentials/service_account_credentials.go".to_owned(),
    })
    .profile(PROFILE, Level::Extended)
    .universe(with_control_plane)
    .arrange(|_| {
        vec![
            namespace(TEAM),
            secret::create(&[("minio", unverified(json!(false))), ("ported", unverified(json!(1)))]),
            step("and an InferenceService that names it").create(&SERVICES, service(TEAM, SERVICE, stored("minio", "iris"))),
        ]
    })
    .reproduce(|_| {
        vec![
            observe::pod("there is no pod", TEAM, SERVICE).shows(json!({"pods": 0})),
            observe::events("the ReplicaSet's event says why", TEAM, "FailedCreate")
                .shows(json!({"messages": [pod_refused(&unfit("minio", "bool"))]}))
                .within(SOON),
        ]
    })
    .fix(|_| vec![secret::change("the user writes false as a text", &[("minio", unverified(json!("false")))])])
    .verify(|_| {
        vec![observe::initializer("a pod gets the storage initializer", TEAM, SERVICE, json!({
            "args": ["s3://models/iris", "/mnt/models"], "env": {"STORAGE_CONFIG": "storage-config/minio"},
        }))
        .within(PATIENCE)]
    })
    .guard(|_| {
        vec![
            step("another service names the entry with a number").create(&SERVICES, service(TEAM, "other", stored("ported", "x"))),
            observe::pod("that one gets no pod", TEAM, "other").shows(json!({"pods": 0})).stays(),
        ]
    })
}

fn unverified(verify: Value) -> Value {
    let mut entry = secret::s3();
    entry["verify_ssl"] = verify;
    entry
}

fn unfit(key: &str, kind: &str) -> String {
    let why = format!("json: cannot unmarshal {kind} into Go value of type string");
    format!("invalid json encountered in key {key} of storage secret {}: {why}", secret::NAME)
}
