//! Naming the type of a storage in the service hides the certificates that its secret names.

use proofmark_env::PatchFormat;
use proofmark_kserve::Release;
use proofmark_replay::{Level, Link, Scenario, step};
use proofmark_scenarios_serving::kinds::{CONFIG_MAPS, SERVICES};
use proofmark_scenarios_serving::samples::{namespace, service, stored};
use proofmark_scenarios_serving::universe::{affected, with_control_plane};
use proofmark_scenarios_serving::{PATIENCE, PROFILE, TEAM, observe};
use serde_json::{Value, json};

use crate::secret;

const SERVICE: &str = "iris";
const PLAIN: &str = "plain";
const AUTHORITIES: &str = "corp-ca";

/// The scenario.
pub(crate) fn scenario() -> Scenario {
    let lacks = "mounts no certificates for the storage initializer";
    Scenario::new(
        "parameters-hide-cabundle",
        "Certificates of a storage are not mounted once the service names the storage's type",
        affected("KServe v0.12.0 and newer", Some((Release::V0_12_0Rc0, lacks)), |_| true),
    )
    .family("storage")
    .summary("With `storage.parameters.type` in the service, `cabundle_configmap` of the storage secret is silently ignored.")
    .story(
        "A storage secret names the ConfigMap with the company's certificates, and everybody uses it. One service states the type of the storage \
         as well, which the API offers. Its storage initializer fails with CERTIFICATE_VERIFY_FAILED; those of the others load.",
    )
    .cause(
        "The entry of the secret is read by the control plane only to learn the type, and only if the service does not state it. The name of \
         the ConfigMap is learnt on the same occasion, so it stays unknown, while the entry as a whole still reaches the initializer.",
    )
    .remedy("Leave the type out of the service. Where it is needed, annotate the secret or set the ConfigMap for the whole cluster.")
    .link(Link::pull("kserve/kserve", 3250))
    .profile(PROFILE, Level::Extended)
    .universe(with_control_plane)
    .arrange(|_| {
        let mut entry = secret::s3();
        entry["cabundle_configmap"] = json!(AUTHORITIES);
        let map = CONFIG_MAPS.object(Some(TEAM), AUTHORITIES, json!({"data": {"cabundle.crt": "the company's certificates"}}));
        let mut typed = stored("minio", "iris");
        typed["storage"]["parameters"] = json!({"type": "s3", "bucket": "models"});
        vec![
            namespace(TEAM),
            step("a user creates the ConfigMap corp-ca").create(&CONFIG_MAPS, map),
            secret::create(&[("minio", entry), (PLAIN, secret::s3())]),
            step("and an InferenceService that states the type").create(&SERVICES, service(TEAM, SERVICE, typed)),
        ]
    })
    .reproduce(|_| {
        vec![
            observe::initializer("the initializer gets the entry", TEAM, SERVICE, json!({
                "env": {"STORAGE_CONFIG": "storage-config/minio"},
            }))
            .either_way(),
            mounted("and no certificates", SERVICE, false),
        ]
    })
    .fix(|_| {
        let place = SERVICES.in_namespace(TEAM).named(SERVICE);
        let patch = json!({"spec": {"predictor": {"model": {"storage": {"parameters": {"type": null}}}}}});
        vec![step("the user leaves the type out").patch(place, PatchFormat::Merge, patch)]
    })
    .verify(|_| vec![mounted("the initializer gets the certificates", SERVICE, true).within(PATIENCE)])
    .guard(|_| {
        vec![
            observe::pod("the server gets none", TEAM, SERVICE)
                .shows(json!({"containers": {"kserve-container": {"mounts": {"cabundle-cert": null}}}})),
            step("a service of an entry without certificates").create(&SERVICES, service(TEAM, PLAIN, stored(PLAIN, "x"))),
            mounted("gets none either", PLAIN, false).within(PATIENCE),
        ]
    })
}

fn mounted(title: &str, service: &'static str, mounted: bool) -> proofmark_replay::Step {
    let shown = |value: Value| if mounted { value } else { Value::Null };
    observe::pod(title, TEAM, service).shows(json!({
        "initContainers": {"storage-initializer": {
            "env": {"AWS_CA_BUNDLE_CONFIGMAP": shown(json!(AUTHORITIES)), "CA_BUNDLE_CONFIGMAP_NAME": shown(json!(AUTHORITIES))},
            "mounts": {"cabundle-cert": shown(json!("/etc/ssl/custom-certs"))},
        }},
        "volumes": {"cabundle-cert": shown(json!(AUTHORITIES))},
    }))
}
