//! kserve/kserve#5516: a variable has a value in a ClusterStorageContainer and a reference from the credentials.

use proofmark_env::PatchFormat;
use proofmark_kserve::Release;
use proofmark_replay::{Level, Link, Scenario, step};
use proofmark_scenarios_serving::kinds::{ACCOUNTS, SECRETS, SERVICES, STORAGE_CONTAINERS};
use proofmark_scenarios_serving::samples::{namespace, service, sklearn};
use proofmark_scenarios_serving::universe::{affected, with_control_plane};
use proofmark_scenarios_serving::{PATIENCE, PROFILE, SOON, TEAM, observe};
use serde_json::json;

const SERVICE: &str = "iris";
const CONTAINER: &str = "default";

/// The scenario.
pub(crate) fn scenario() -> Scenario {
    let lacks = "knows no ClusterStorageContainers";
    Scenario::new(
        "env-merge-conflict",
        "No pod is admitted because a variable has a value and a reference",
        affected("KServe v0.12.0 to v0.19.0", Some((Release::V0_12_0Rc0, lacks)), |release| release < Release::V0_20_0),
    )
    .family("storage")
    .summary("A variable that a ClusterStorageContainer sets and a secret fills as well makes every pod invalid.")
    .story(
        "An administrator sets AWS_ACCESS_KEY_ID in the ClusterStorageContainer as a fallback. A team brings a secret of its own. Its pods are \
         refused: a variable may not have a value and a reference at once, says an event of the ReplicaSet.",
    )
    .cause(
        "The storage container is merged into the initializer as a strategic merge patch, variable by variable, and of a variable field by field. \
         `value` of one side and `valueFrom` of the other both stay.",
    )
    .remedy("Take the variable out of the ClusterStorageContainer; v0.20.0 lets the container's variable take the place of the other as a whole.")
    .link(Link::issue("kserve/kserve", 5516))
    .link(Link::pull("kserve/kserve", 5541))
    .link(Link::issue("kserve/kserve", 4761))
    .profile(PROFILE, Level::Extended)
    .universe(with_control_plane)
    .arrange(|_| {
        let keys = json!({"stringData": {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI"}});
        let own = json!({"secrets": [{"name": "team-s3"}]});
        let mut iris = service(TEAM, SERVICE, sklearn("s3://models/iris"));
        iris["spec"]["predictor"]["serviceAccountName"] = json!("team");
        let env = json!([{"name": "AWS_ACCESS_KEY_ID", "value": "fallback"}]);
        let place = STORAGE_CONTAINERS.cluster_wide().named(CONTAINER);
        vec![
            step("the administrator sets a fallback in the storage container")
                .patch(place, PatchFormat::Merge, json!({"spec": {"container": {"env": env}}})),
            namespace(TEAM),
            step("a user creates a secret with keys").create(&SECRETS, SECRETS.object(Some(TEAM), "team-s3", keys)),
            step("a service account with the secret").create(&ACCOUNTS, ACCOUNTS.object(Some(TEAM), "team", own)),
            step("and an InferenceService that runs as it").create(&SERVICES, iris),
        ]
    })
    .reproduce(|_| {
        let why = "spec.initContainers[0].env[0].valueFrom: Invalid value: \"\": may not be specified when `value` is not empty";
        vec![
            observe::pod("there is no pod", TEAM, SERVICE).shows(json!({"pods": 0})),
            observe::events("the ReplicaSet's event says why", TEAM, "FailedCreate")
                .shows(json!({"messages": [format!("Error creating: Pod \"<pod>\" is invalid: {why}")]}))
                .within(SOON),
        ]
    })
    .fix(|_| {
        let place = STORAGE_CONTAINERS.cluster_wide().named(CONTAINER);
        let patch = json!({"spec": {"container": {"env": null}}});
        vec![step("the administrator takes the fallback away").patch(place, PatchFormat::Merge, patch)]
    })
    .verify(|_| {
        vec![observe::initializer("a pod gets the storage initializer", TEAM, SERVICE, json!({
            "env": {"AWS_SECRET_ACCESS_KEY": "team-s3/AWS_SECRET_ACCESS_KEY"},
        }))
        .within(PATIENCE)]
    })
    .guard(|_| {
        vec![
            step("a service without credentials").create(&SERVICES, service(TEAM, "other", sklearn("s3://models/other"))),
            observe::initializer("gets none of the secret", TEAM, "other", json!({"env": {"AWS_SECRET_ACCESS_KEY": null}}))
                .within(PATIENCE),
        ]
    })
}
