//! An empty CA bundle that switches the verification of certificates off.

use proofmark_env::Listener;
use proofmark_json::json;
use proofmark_model_loader::Release;
use proofmark_replay::{Level, Link, Load, Profile, Scenario, Step, step};

use crate::cloud::{self, BUCKET, FILE, MODELS, URI, WEIGHTS, stranger};
use crate::initializer::{affected, steps, translates};

/// A storage of one's own, with a certificate of the company's authority.
const HOST: &str = "minio.example.com";
/// Where the company's authority is mounted.
const BUNDLE: &str = "/etc/ssl/custom-certs/cabundle.crt";

pub(super) fn scenario() -> Scenario {
    Scenario::new(
        "tls-silently-off",
        "An empty CA bundle in storage-config switches TLS verification off",
        affected("every release", |_| true),
    )
    .summary("`\"ca_bundle\": \"\"` in an entry of storage-config (`certificate` before 0.12) lets the storage initializer trust whatever certificate a server shows.")
    .story(
        "A storage of the company's own has a certificate of its own authority. An entry of storage-config leaves `ca_bundle` empty, perhaps to be \
         filled in later, and everything works. It works with any certificate: whoever can answer in the storage's place receives the signed \
         requests and hands out models. In 0.11 every entry without a `certificate` does this.",
    )
    .cause(
        "The entry becomes the variable AWS_CA_BUNDLE with an empty value. KServe takes that for unset, botocore takes it for the path of a bundle, \
         and what is empty is false: the certificate is not verified.",
    )
    .remedy("Name the bundle: a mounted file, by cabundle_configmap or AWS_CA_BUNDLE. Or take the member out of the entry (0.12 and later).")
    .link(Link::issue("kserve/kserve", 1935))
    .link(Link::issue("kserve/kserve", 3462))
    .profile(Profile::KserveCore, Level::Core)
    .universe(|_| cloud::listening(HOST, &[(443, Listener::PrivateAuthority)]))
    .arrange(|_| cloud::bucket())
    .reproduce(steps(reproduce))
    .fix(|_| vec![step("the entry names the company's bundle, or none")])
    .verify(steps(verify))
    .guard(|_| guard())
}

fn reproduce(release: Release) -> Vec<Step> {
    vec![
        step("without an entry the certificate is refused")
            .load(by_variables(release))
            .gives_up(not_verified(release))
            .either_way(),
        step("with an empty bundle it is not looked at").load(by_entry(release, Some(""))).leaves(&[(FILE, WEIGHTS)]),
    ]
}

fn verify(release: Release) -> Vec<Step> {
    let verified = by_variables(release).authority_file(BUNDLE).variable("AWS_CA_BUNDLE", BUNDLE);
    let mut steps = vec![
        step("with the company's authority the model is fetched, and verified")
            .load(verified)
            .leaves(&[(FILE, WEIGHTS)]),
    ];
    if release >= Release::V0_12Rc0 {
        steps.push(
            step("an entry without the member verifies").load(by_entry(release, None)).gives_up(not_verified(release)),
        );
    }
    steps
}

fn guard() -> Vec<Step> {
    vec![step("nobody else reads it").by(&stranger()).get_object(BUCKET, cloud::KEY).denied("Access Denied")]
}

fn by_variables(release: Release) -> Load {
    Load::new(release, URI)
        .with_keys(MODELS, "test")
        .variable("AWS_DEFAULT_REGION", "us-east-1")
        .variable("AWS_ENDPOINT_URL", format!("https://{HOST}"))
}

/// By an entry of storage-config, as KServe hands it to the container.
fn by_entry(release: Release, bundle: Option<&str>) -> Load {
    let mut entry = json!({
        "type": "s3",
        "access_key_id": MODELS,
        "secret_access_key": "test",
        "region": "us-east-1",
        "endpoint_url": format!("https://{HOST}"),
    });
    if let Some(bundle) = bundle {
        entry[if release < Release::V0_12 { "certificate" } else { "ca_bundle" }] = bundle.into();
    }
    Load::new(release, URI).variable("STORAGE_CONFIG", entry.to_string())
}

fn not_verified(release: Release) -> String {
    let query = if translates(release) { "" } else { "?prefix=churn&encoding-type=url" };
    let words = format!(
        "SSL validation failed for https://{HOST}/{BUCKET}{query} [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: unable to get \
         local issuer certificate (_ssl.c:1006)"
    );
    if translates(release) {
        format!("Unexpected error during storage initialization: {words}")
    } else {
        format!("botocore.exceptions.SSLError: {words}")
    }
}
