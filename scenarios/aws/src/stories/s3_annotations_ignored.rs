//! kserve/kserve#2990: annotations for S3 on a service account, which nobody reads there.

use proofmark_env::{Listener, Plan};
use proofmark_json::{Value, json};
use proofmark_kserve::Flavor;
use proofmark_model_loader::Release;
use proofmark_replay::{Level, Link, Load, Profile, Resource, Scenario, Step, Target, step};

use crate::cloud::{self, ACCOUNT, FILE, MODELS, NAMESPACE, SERVICE_ACCOUNTS, URI, WEIGHTS};
use crate::initializer::{affected, steps, without_credentials};

/// The service whose pods these are.
const SERVICE: &str = "churn";
const PODS: Resource = Resource::new("", "v1", "pods", "Pod");
const SECRETS: Resource = Resource::new("", "v1", "secrets", "Secret");
const SECRET: &str = "minio";

/// A storage of one's own beside the models.
const HOST: &str = "minio.fraud.svc.cluster.local";
const PORT: u16 = 9000;

pub(super) fn scenario() -> Scenario {
    Scenario::new(
        "s3-annotations-ignored",
        "S3 annotations on a service account are ignored",
        affected("every release", |_| true),
    )
    .summary("The endpoint of a storage of one's own, annotated on the service account, reaches no pod: the initializer asks AWS instead.")
    .story(
        "A service account has `serving.kserve.io/s3-endpoint`, `s3-usehttps: \"0\"` and `s3-region` for a MinIO. The pod's storage initializer has none \
         of it in its environment, asks AWS and ends with `Unable to locate credentials`.",
    )
    .cause(
        "KServe reads these annotations from the Secret that holds the keys. On a service account it reads them only beside \
         `eks.amazonaws.com/role-arn`, because only then there is no Secret.",
    )
    .remedy("Write the annotations on the Secret with the keys, and name the Secret in the service account.")
    .link(Link::issue("kserve/kserve", 2990))
    .profile(Profile::KserveCore, Level::Extended)
    .universe(universe)
    .arrange(|_| arrange())
    .reproduce(steps(reproduce))
    .fix(|_| fix())
    .verify(steps(verify))
    .guard(steps(guard))
}

fn arrange() -> Vec<Step> {
    let mut steps = vec![
        cloud::namespace(),
        step("the service account has the annotations")
            .create(&SERVICE_ACCOUNTS, annotated(SERVICE_ACCOUNTS.object(Some(NAMESPACE), ACCOUNT, json!({})))),
    ];
    steps.extend(cloud::bucket());
    steps
}

fn reproduce(release: Release) -> Vec<Step> {
    vec![
        pod("a pod of the predictor is created", "before", &json!({"name": "storage-initializer"})),
        step("its initializer knows no endpoint").newest_pod(NAMESPACE, SERVICE).shows(json!({
            "initContainers": {"storage-initializer": {"env": {"S3_ENDPOINT": null, "AWS_ENDPOINT_URL": null}}},
        })),
        step("so it asks AWS, and has no credentials")
            .load(Load::new(release, URI))
            .gives_up(without_credentials(release)),
    ]
}

fn fix() -> Vec<Step> {
    let secret = json!({"stringData": {"AWS_ACCESS_KEY_ID": MODELS, "AWS_SECRET_ACCESS_KEY": "test"}});
    let named = json!({"secrets": [{"name": SECRET}]});
    vec![
        step("the Secret with the keys has the annotations")
            .create(&SECRETS, annotated(SECRETS.object(Some(NAMESPACE), SECRET, secret))),
        step("the service account names it").update(
            SERVICE_ACCOUNTS.in_namespace(NAMESPACE).named(ACCOUNT),
            SERVICE_ACCOUNTS.object(Some(NAMESPACE), ACCOUNT, named),
        ),
    ]
}

fn verify(release: Release) -> Vec<Step> {
    let env = json!([
        {"name": "AWS_ACCESS_KEY_ID", "valueFrom": {"secretKeyRef": {"name": SECRET, "key": "AWS_ACCESS_KEY_ID"}}},
        {"name": "AWS_SECRET_ACCESS_KEY", "valueFrom": {"secretKeyRef": {"name": SECRET, "key": "AWS_SECRET_ACCESS_KEY"}}},
        {"name": "S3_USE_HTTPS", "value": "0"},
        {"name": "S3_ENDPOINT", "value": format!("{HOST}:{PORT}")},
        {"name": "AWS_ENDPOINT_URL", "value": format!("http://{HOST}:{PORT}")},
        {"name": "AWS_DEFAULT_REGION", "value": "us-east-1"},
    ]);
    vec![
        pod(
            "the initializer of a new pod has keys and endpoint",
            "after",
            &json!({"name": "storage-initializer", "env": env}),
        ),
        step("with them it fetches the model").load(minio(release)).leaves(&[(FILE, WEIGHTS)]),
    ]
}

fn guard(release: Release) -> Vec<Step> {
    let strange = minio(release).with_keys("AKIANOBODYNOBODYNOBO", "secret");
    let words = "The AWS Access Key Id you provided does not exist in our records.";
    vec![step("other keys open nothing").load(strange).gives_up(crate::initializer::refused(
        release,
        "ListObjects",
        "InvalidAccessKeyId",
        words,
        "S3 error [403]: Forbidden",
    ))]
}

/// The target's KServe with its webhooks, and a storage of one's own.
fn universe(target: &Target) -> Plan {
    let plan = cloud::listening(HOST, &[(PORT, Listener::Plain)]);
    Plan { kserve: target.plan.kserve, control_plane: Some(Flavor::Standalone), cloud: plan.cloud, ..Plan::default() }
}

fn annotated(mut object: Value) -> Value {
    object["metadata"]["annotations"] = json!({
        "serving.kserve.io/s3-endpoint": format!("{HOST}:{PORT}"),
        "serving.kserve.io/s3-usehttps": "0",
        "serving.kserve.io/s3-region": "us-east-1",
    });
    object
}

/// A pod as KServe's controller makes them, and what its webhook makes of the initializer.
fn pod(title: &str, name: &str, initializer: &Value) -> Step {
    let mut pod = PODS.object(
        Some(NAMESPACE),
        name,
        json!({"spec": {
            "serviceAccountName": ACCOUNT,
            "containers": [{"name": "kserve-container", "image": "registry.example.com/server:1"}],
        }}),
    );
    pod["metadata"]["labels"] = json!({"serving.kserve.io/inferenceservice": SERVICE});
    pod["metadata"]["annotations"] = json!({"internal.serving.kserve.io/storage-initializer-sourceuri": URI});
    step(title).create(&PODS, pod).shows(json!({"spec": {"initContainers": [initializer]}}))
}

/// What the variables of that pod come to.
fn minio(release: Release) -> Load {
    Load::new(release, URI)
        .with_keys(MODELS, "test")
        .variable("S3_USE_HTTPS", "0")
        .variable("S3_ENDPOINT", format!("{HOST}:{PORT}"))
        .variable("AWS_ENDPOINT_URL", format!("http://{HOST}:{PORT}"))
        .variable("AWS_DEFAULT_REGION", "us-east-1")
}
