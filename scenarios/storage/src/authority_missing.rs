//! The ConfigMap with the cluster's certificates is not there, and nothing is deployed any more.

use proofmark_json::json;
use proofmark_kserve::Release;
use proofmark_replay::{Level, Link, Scenario, step};
use proofmark_scenarios_serving::kinds::{CONFIG_MAPS, SERVICES};
use proofmark_scenarios_serving::samples::{configure, namespace, service, sklearn};
use proofmark_scenarios_serving::universe::{CONTROL_PLANE, affected, release, with_control_plane};
use proofmark_scenarios_serving::{NEIGHBOUR, PATIENCE, PROFILE, TEAM, observe};

const SERVICE: &str = "iris";
const AUTHORITIES: &str = "corp-ca";
const COPY: &str = "global-ca-bundle";

/// The scenario.
pub(crate) fn scenario() -> Scenario {
    let lacks = "knows no certificates for the whole cluster";
    Scenario::new(
        "ca-bundle-missing-configmap",
        "No InferenceService is deployed any more since certificates were configured",
        affected("KServe v0.12.0 and newer", Some((Release::V0_12_0Rc0, lacks)), |_| true),
    )
    .family("storage")
    .summary("With `caBundleConfigMapName` set and no such ConfigMap, every InferenceService of the cluster stays without a word.")
    .story(
        "An administrator names the ConfigMap with the company's certificates in inferenceservice-config and creates it in the wrong namespace. \
         From then on new services get no status, no event and no Deployment, whatever their storage is.",
    )
    .cause(
        "The controller copies the certificates into a service's namespace before anything else, and a missing source ends the whole piece of work. \
         Up to v0.16 the status is not written either; the reason stands in the controller's log alone.",
    )
    .remedy("Create the ConfigMap, with the key cabundle.crt, in the namespace of the control plane.")
    .link(Link::pull("kserve/kserve", 3250))
    .profile(PROFILE, Level::Core)
    .universe(with_control_plane)
    .arrange(|target| {
        let named = json!({"caBundleConfigMapName": AUTHORITIES});
        vec![
            namespace(TEAM),
            namespace(NEIGHBOUR),
            configure("the administrator names the ConfigMap corp-ca", target, "storageInitializer", &named),
            step("a user creates the InferenceService iris").create(&SERVICES, service(TEAM, SERVICE, sklearn("s3://models/iris"))),
        ]
    })
    .reproduce(|target| {
        let place = SERVICES.in_namespace(TEAM).named(SERVICE);
        let status = if release(target) < Release::V0_17_0 {
            step("its status is empty").get(place).shows(json!({"status": null}))
        } else {
            step("its status knows nothing").get(place).shows(json!({"status": {"conditions": [
                {"type": "PredictorReady", "status": "Unknown"}, {"type": "Ready", "status": "Unknown"},
            ]}}))
        };
        vec![
            observe::not_deployed("nothing is deployed", TEAM, SERVICE),
            status,
            observe::events("there is no event", TEAM, "InternalError").shows(json!({"messages": []})).either_way(),
        ]
    })
    .fix(|_| {
        let data = json!({"data": {"cabundle.crt": "the company's certificates", "private.key": "not for everybody"}});
        let map = CONFIG_MAPS.object(Some(CONTROL_PLANE), AUTHORITIES, data);
        vec![step("the administrator creates the ConfigMap").create(&CONFIG_MAPS, map)]
    })
    .verify(|_| {
        vec![
            observe::deployed("the controller deploys the service", TEAM, SERVICE).within(PATIENCE),
            step("the certificates are copied")
                .get(CONFIG_MAPS.in_namespace(TEAM).named(COPY))
                .shows(json!({"data": {"cabundle.crt": "the company's certificates"}})),
            observe::pod("the initializer gets them", TEAM, SERVICE)
                .shows(json!({
                    "initContainers": {"storage-initializer": {"mounts": {"cabundle-cert": "/etc/ssl/custom-certs"}}},
                    "volumes": {"cabundle-cert": COPY},
                }))
                .within(PATIENCE),
        ]
    })
    .guard(|_| {
        vec![
            step("nothing else is copied")
                .get(CONFIG_MAPS.in_namespace(TEAM).named(COPY))
                .shows(json!({"data": {"private.key": null}})),
            step("a namespace without services gets no copy").get(CONFIG_MAPS.in_namespace(NEIGHBOUR).named(COPY)).code(404),
        ]
    })
}
