//! kserve/kserve#3462: one key of the storage secret means two things to KServe and to ModelMesh.
//!
//! Both read `storage-config`. ModelMesh takes `certificate` for the text of certificates, KServe up to v0.12.0-rc1 for the path of a file. From v0.12.0 on
//! KServe calls its own key `ca_bundle`. What comes of every way to write an entry is told by [`ENTRIES`], for each reader and release.

use proofmark_aws::setup::{AccountSpec, Spec};
use proofmark_env::{AwsIdentity, CloudPlan, EndpointPlan, Listener, PatchFormat, Plan};
use proofmark_json::{Value, json};
use proofmark_model_loader::Release;
use proofmark_replay::{Affected, Expected, Level, Link, Load, Profile, Pull, Scenario, Step, Target, step};
use proofmark_scenarios_serving::kinds::{CONFIG_MAPS, SECRETS, SERVICES};
use proofmark_scenarios_serving::samples::{namespace, service, stored};
use proofmark_scenarios_serving::universe::with_control_plane;
use proofmark_scenarios_serving::{NEIGHBOUR, PATIENCE, TEAM, observe};

use crate::secret;

/// A storage of the company's own, which an authority of its own vouches for.
const HOST: &str = "minio.example.com";
const ACCOUNT: &str = "111111111111";
const BUCKET: &str = "models";
const PATH: &str = "iris";
const IRIS: &str = include_str!("../../../fixtures/models/iris.json");

/// The ConfigMap with the company's certificate.
const AUTHORITIES: &str = "corp-ca";
/// Where an image could have the certificate; KServe's has nothing there.
const IN_IMAGE: &str = "/etc/pki/company.crt";
/// A path that was put into an entry by mistake.
const ELSEWHERE: &str = "/mnt/x/cabundle.crt";

/// The service that both sides' users share an entry with.
const SERVICE: &str = SHARED;
/// The entry that is KServe's own after the fix.
const OWN: &str = "kserve";
/// An entry without any certificate.
const PLAIN: &str = "plain";

/// How an entry names certificates. Each has a service of the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Entry {
    /// `certificate` has the text.
    Text,
    /// `certificate` has a path.
    Path,
    /// `cabundle_configmap` has the name of a ConfigMap.
    ConfigMap,
    /// The text for ModelMesh and the ConfigMap for KServe.
    Shared,
    /// The ConfigMap, and a path under KServe's newer name.
    Bundle,
}

const SHARED: &str = "shared";

/// Every way to write an entry, and the name of the one that is written so.
const ENTRIES: [(Entry, &str); 5] = [
    (Entry::Text, "text"),
    (Entry::Path, "path"),
    (Entry::ConfigMap, "configmap"),
    (Entry::Shared, SHARED),
    (Entry::Bundle, "bundle"),
];

/// The scenario.
pub(crate) fn scenario() -> Scenario {
    Scenario::new("certificate-field-conflict", "KServe and ModelMesh cannot share a storage secret with a certificate", affected())
        .family("storage")
        .summary("`certificate` in an entry of storage-config is a text to ModelMesh and a path to KServe; no entry serves both.")
        .story(
            "KServe and ModelMesh run side by side and share one entry of storage-config. Its `certificate` is the text of the company's certificate, as \
             ModelMesh wants it, and `cabundle_configmap` names the same for KServe. ModelMesh loads models; KServe's storage initializer fails with \
             `Failed to find ca bundle file(-----BEGIN CERTIFICATE-----...)`.",
        )
        .cause(
            "KServe's initializer takes `certificate` for the path of a bundle and puts it into AWS_CA_BUNDLE, which goes before the mounted ConfigMap. \
             v0.12.0 renamed its key to `ca_bundle`, without an alias: from then on `certificate` means nothing to KServe.",
        )
        .remedy(
            "KServe v0.12.0 or newer. Before, an entry of KServe's own without `certificate`; v0.11 cannot mount certificates and needs them in an image.",
        )
        .link(Link::issue("kserve/kserve", 3462))
        .link(Link::pull("kserve/kserve", 3463))
        .link(Link::issue("kserve/modelmesh-serving", 460))
        .profile(Profile::KserveExtended, Level::Core)
        .universe(universe)
        .arrange(|_| arrange())
        .reproduce(steps(reproduce))
        .fix(steps(fix))
        .verify(steps(verify))
        .guard(steps(guard))
}

fn affected() -> Affected {
    Affected::new("KServe v0.11 and the candidates of v0.12.0", |target| {
        match (initializer(target), target.plan.kserve) {
            (Some(release), _) if release < Release::V0_12 => Expected::Reproduces,
            (Some(_), _) => Expected::Absent,
            (None, Some(release)) => Expected::NotApplicable {
                reason: format!("the storage initializer of KServe {release} is not known here"),
            },
            (None, None) => {
                Expected::NotApplicable { reason: format!("{} brings no known release of KServe", target.name) }
            }
        }
    })
}

fn initializer(target: &Target) -> Option<Release> {
    target.plan.kserve?.version().parse().ok()
}

fn steps(steps: impl Fn(Release) -> Vec<Step>) -> impl Fn(&Target) -> Vec<Step> {
    move |target| initializer(target).map(&steps).unwrap_or_default()
}

/// KServe with a node, and the company's storage.
fn universe(target: &Target) -> Plan {
    let account = AccountSpec { id: ACCOUNT.into(), ..AccountSpec::default() };
    let endpoint = EndpointPlan { host: HOST.into(), port: 443, listener: Listener::PrivateAuthority };
    let accounts = Spec { accounts: vec![account], organization: None };
    let cloud = CloudPlan { accounts, endpoints: vec![endpoint], ..CloudPlan::default() };
    Plan { cloud: Some(cloud), nodes: 1, ..with_control_plane(target) }
}

/// What an entry holds, beside address and keys.
fn certificates(entry: Entry) -> Value {
    let text = Listener::private_authority();
    match entry {
        Entry::Text => json!({"certificate": text}),
        Entry::Path => json!({"certificate": IN_IMAGE}),
        Entry::ConfigMap => json!({"cabundle_configmap": AUTHORITIES}),
        Entry::Shared => json!({"cabundle_configmap": AUTHORITIES, "certificate": text}),
        Entry::Bundle => json!({"cabundle_configmap": AUTHORITIES, "ca_bundle": ELSEWHERE}),
    }
}

/// An entry for the company's storage with these members.
fn entry(members: &Value) -> Value {
    let mut entry = secret::s3();
    let keys = json!({"bucket": BUCKET, "endpoint_url": format!("https://{HOST}"), "access_key_id": ACCOUNT, "secret_access_key": "test"});
    for (key, value) in [&keys, members].into_iter().filter_map(Value::as_object).flatten() {
        entry[key] = value.clone();
    }
    entry
}

fn arrange() -> Vec<Step> {
    let company = AwsIdentity::root(ACCOUNT);
    let authorities = json!({"data": {"cabundle.crt": Listener::private_authority()}});
    let mut entries: Vec<_> = ENTRIES.iter().map(|(way, name)| (*name, entry(&certificates(*way)))).collect();
    entries.push((PLAIN, entry(&json!({}))));
    vec![
        step("the company's storage has a bucket").by(&company).create_bucket(BUCKET),
        step("with a model in it").by(&company).put_object(BUCKET, &format!("{PATH}/model.joblib"), IRIS),
        namespace(TEAM),
        namespace(NEIGHBOUR),
        step("a ConfigMap has the company's certificate")
            .create(&CONFIG_MAPS, CONFIG_MAPS.object(Some(TEAM), AUTHORITIES, authorities)),
        secret::create(&entries),
        served("an InferenceService loads by the shared entry", SERVICE),
    ]
}

fn served(title: &str, name: &str) -> Step {
    step(title).create(&SERVICES, service(TEAM, name, stored(name, PATH)))
}

fn reproduce(release: Release) -> Vec<Step> {
    let mut steps = vec![
        ended("the storage initializer takes the text for a path", SERVICE, Err(as_path(release, Entry::Shared))),
        pulled("ModelMesh loads by the same entry", SHARED).leaves(&[("iris/model.joblib", IRIS)]).either_way(),
    ];
    for (way, name) in ENTRIES {
        if way != Entry::Shared {
            steps.push(served(&format!("an InferenceService loads by the entry {name}"), name).either_way());
            steps.push(ended(&format!("what comes of {name} for KServe"), name, kserve(release, way)).either_way());
            steps.push(by_modelmesh(&format!("what comes of {name} for ModelMesh"), way, name).either_way());
        }
    }
    let image = step("a path is good where an image has the file").load(in_image(release)).either_way();
    steps.push(match release < Release::V0_12 {
        true => image.leaves(&[("model.joblib", IRIS)]),
        false => image.gives_up(not_verified(release)),
    });
    steps
}

fn fix(release: Release) -> Vec<Step> {
    let (what, members) = match release {
        Release::V0_11 => ("a path into an image", json!({"certificate": IN_IMAGE})),
        _ => ("the ConfigMap alone", certificates(Entry::ConfigMap)),
    };
    let place = SERVICES.in_namespace(TEAM).named(SERVICE);
    let patch = json!({"spec": {"predictor": {"model": {"storage": {"key": OWN}}}}});
    vec![
        secret::change(&format!("KServe gets an entry of its own, with {what}"), &[(OWN, entry(&members))]),
        step("the InferenceService names it").patch(place, PatchFormat::Merge, patch),
    ]
}

fn verify(release: Release) -> Vec<Step> {
    let mut steps = match release {
        // Nothing can be mounted there: an image that has the certificate is all there is.
        Release::V0_11 => vec![
            observe::initializer(
                "the initializer gets the entry",
                TEAM,
                SERVICE,
                json!({"env": {"STORAGE_CONFIG": format!("{}/{OWN}", secret::NAME)}}),
            )
            .within(PATIENCE),
            step("in an image with the certificate it loads").load(in_image(release)).leaves(&[("model.joblib", IRIS)]),
        ],
        _ => vec![
            initialized("the storage initializer loads the model", SERVICE, Ok(())),
            step("and it is served")
                .get(SERVICES.in_namespace(TEAM).named(SERVICE))
                .shows(json!({"status": {"modelStatus": {"transitionStatus": "UpToDate"}}}))
                .within(PATIENCE),
        ],
    };
    steps.push(pulled("ModelMesh loads by its entry", SHARED).leaves(&[("iris/model.joblib", IRIS)]));
    steps
}

fn guard(release: Release) -> Vec<Step> {
    let mut steps = vec![
        by_modelmesh("ModelMesh believes nobody without a certificate", Entry::ConfigMap, PLAIN),
        step("the company's certificate is in no other namespace")
            .get(CONFIG_MAPS.in_namespace(NEIGHBOUR).named(AUTHORITIES))
            .code(404),
    ];
    // v0.11 believes everybody then: that is another story.
    if release > Release::V0_11 {
        steps.push(served("an InferenceService of an entry without one", PLAIN));
        steps.push(initialized("is refused, too", PLAIN, Err(not_verified(release))));
    }
    steps
}

/// What an entry comes to for KServe.
fn kserve(release: Release, entry: Entry) -> Result<(), String> {
    match (release < Release::V0_12, entry) {
        (true, Entry::Text | Entry::Path | Entry::Shared) => Err(as_path(release, entry)),
        // v0.11 knows neither key; the empty bundle that it makes of that switches verification off.
        (true, Entry::ConfigMap | Entry::Bundle) | (false, Entry::ConfigMap | Entry::Shared) => Ok(()),
        (false, Entry::Text | Entry::Path) => Err(not_verified(release)),
        (false, Entry::Bundle) => Err(not_found(release, ELSEWHERE)),
    }
}

/// What is said of a certificate, or of a path, that names no file: by KServe where it looks for the file itself, else by botocore.
fn as_path(release: Release, entry: Entry) -> String {
    if release > Release::V0_11 && entry == Entry::Shared {
        return not_found(release, &Listener::private_authority());
    }
    format!("botocore.exceptions.SSLError: {} [Errno 2] No such file or directory", request_failed(release))
}

fn not_found(release: Release, path: &str) -> String {
    let words = format!("Failed to find ca bundle file({path}).");
    if release.behaviour().tells_failures {
        format!("Storage initialization failed: {words}")
    } else {
        format!("RuntimeError: {words}")
    }
}

fn not_verified(release: Release) -> String {
    let why = "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: unable to get local issuer certificate (_ssl.c:1006)";
    let words = format!("{} {why}", request_failed(release));
    if release.behaviour().tells_failures {
        format!("Unexpected error during storage initialization: {words}")
    } else {
        format!("botocore.exceptions.SSLError: {words}")
    }
}

/// The first request of a release, which fails.
fn request_failed(release: Release) -> String {
    let query = if release.behaviour().modern_s3 { String::new() } else { format!("?prefix={PATH}&encoding-type=url") };
    format!("SSL validation failed for https://{HOST}/{BUCKET}{query}")
}

/// How a service's storage initializer ends.
fn initialized(title: &str, service: &'static str, ended: Result<(), String>) -> Step {
    tried(title, service, ended).within(PATIENCE)
}

/// The same of its first try, which nobody has mended yet.
fn ended(title: &str, service: &'static str, ended: Result<(), String>) -> Step {
    tried(title, service, ended).answered_within(PATIENCE)
}

fn tried(title: &str, service: &'static str, ended: Result<(), String>) -> Step {
    let shows = match ended {
        Ok(()) => json!({"exit": 0}),
        Err(words) => json!({"exit": 1, "words": words}),
    };
    observe::initialized(title, TEAM, service).shows(shows)
}

/// The storage initializer in an image that has the company's certificate, by an entry with its path.
fn in_image(release: Release) -> Load {
    Load::new(release, format!("s3://{BUCKET}/{PATH}"))
        .authority_file(IN_IMAGE)
        .variable("STORAGE_CONFIG", entry(&certificates(Entry::Path)).to_string())
}

fn pulled(title: &str, name: &str) -> Step {
    step(title).pull(Pull::new(SECRETS.in_namespace(TEAM).named(secret::NAME), name, PATH))
}

/// What an entry comes to for ModelMesh, which knows `certificate` and nothing else of these.
fn by_modelmesh(title: &str, entry: Entry, name: &str) -> Step {
    let step = pulled(title, name);
    match entry {
        Entry::Text | Entry::Shared => step.leaves(&[("iris/model.joblib", IRIS)]),
        // It takes the models of everybody with it.
        Entry::Path => step.shows(
            json!({"exit": 2, "words": "panic: LoadCustomCABundleError: failed to load custom CA bundle PEM file"}),
        ),
        Entry::ConfigMap | Entry::Bundle => {
            let url = format!("https://{HOST}/{BUCKET}?list-type=2&max-keys=100&prefix={PATH}");
            step.gives_up(format!(
                "Failed to pull model from storage due to error: unable to list objects in bucket '{BUCKET}': RequestError: send request failed\ncaused by: \
                 Get \"{url}\": tls: failed to verify certificate: x509: certificate signed by unknown authority"
            ))
        }
    }
}
