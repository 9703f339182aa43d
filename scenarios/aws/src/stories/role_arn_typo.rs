//! kserve/kserve#4192: one colon too many in the example for IAM roles.

use proofmark_json::{Value, json};
use proofmark_model_loader::Release;
use proofmark_replay::{Level, Link, Load, Profile, Scenario, Step, step};

use crate::cloud::{self, ACCOUNT, FILE, NAMESPACE, ROLE_ARN, SERVICE_ACCOUNTS, URI, WEIGHTS};
use crate::initializer::{affected, in_pod, steps, without_credentials};

/// What stands in the example, as YAML reads it.
const TYPO: &str = "eks.amazonaws.com/role-arn:";
/// A mistake that is a name like any other.
const MISSPELT: &str = "eks.amazonaws.com/rolearn";

pub(super) fn scenario() -> Scenario {
    Scenario::new(
        "role-arn-typo",
        "A misspelt role annotation leaves the storage initializer without credentials",
        affected("every release", |_| true),
    )
    .summary("`eks.amazonaws.com/role-arn::` from the example is refused; other misspellings are taken, and nobody looks at them.")
    .story(
        "The example for IAM roles writes `eks.amazonaws.com/role-arn:: arn:aws:iam::...`. The API server refuses that key. Who corrects it to \
         another wrong name gets no error at all: the pod starts without a role, and the storage initializer ends with `Unable to locate \
         credentials`, or with the refusal of the node's own role.",
    )
    .cause("The pod identity webhook and KServe look for one exact name. An annotation that nobody reads is no mistake to the API server.")
    .remedy("Write `eks.amazonaws.com/role-arn`, with one colon behind it, and look whether the pod has AWS_ROLE_ARN.")
    .link(Link::issue("kserve/kserve", 4192))
    .profile(Profile::AwsCrossAccount, Level::Extended)
    .universe(|_| cloud::universe())
    .arrange(|_| arrange())
    .reproduce(steps(reproduce))
    .fix(|_| fix())
    .verify(steps(verify))
    .guard(steps(guard))
}

fn arrange() -> Vec<Step> {
    let mut steps = vec![cloud::namespace()];
    steps.extend(cloud::bucket());
    steps.extend(cloud::both_sides(ROLE_ARN));
    steps
}

fn reproduce(release: Release) -> Vec<Step> {
    vec![
        step("the example's service account is refused")
            .create(&SERVICE_ACCOUNTS, account(TYPO))
            .fails(422, "Invalid", REFUSED),
        step("another mistake is taken").create(&SERVICE_ACCOUNTS, account(MISSPELT)).either_way(),
        step("the storage initializer has no credentials")
            .load(without_role(release))
            .gives_up(without_credentials(release)),
    ]
}

fn fix() -> Vec<Step> {
    let named = SERVICE_ACCOUNTS.in_namespace(NAMESPACE).named(ACCOUNT);
    vec![
        step("the service account gets the annotation by its name")
            .update(named, account("eks.amazonaws.com/role-arn")),
    ]
}

fn verify(release: Release) -> Vec<Step> {
    vec![step("the storage initializer fetches the model").load(in_pod(release)).leaves(&[(FILE, WEIGHTS)])]
}

fn guard(release: Release) -> Vec<Step> {
    vec![
        step("a pod without a role still has no credentials")
            .load(without_role(release))
            .gives_up(without_credentials(release)),
    ]
}

const REFUSED: &str = "ServiceAccount \"model-reader\" is invalid: metadata.annotations: Invalid value: \"eks.amazonaws.com/role-arn:\": name part must \
    consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or \
    '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

fn account(key: &str) -> Value {
    let mut account = SERVICE_ACCOUNTS.object(Some(NAMESPACE), ACCOUNT, json!({}));
    account["metadata"]["annotations"] = json!({key: ROLE_ARN});
    account
}

/// What the pod gets when no webhook knows the annotation: a region, and nothing to identify itself with.
fn without_role(release: Release) -> Load {
    Load::new(release, URI).variable("AWS_DEFAULT_REGION", "us-east-1")
}
