//! kserve/kserve#3876, the other way: a role in the models' account that the cluster's role may assume.

use proofmark_aws::setup::RoleSpec;
use proofmark_env::{AccountToken, AwsIdentity, ISSUER};
use proofmark_json::{Value, json};
use proofmark_model_loader::Release;
use proofmark_replay::{Level, Link, Load, Profile, Scenario, Step, step};

use crate::cloud::{
    self, BUCKET, FILE, KEY, MODELS, OTHER_ACCOUNT, READ, ROLE, ROLE_ARN, SESSION, URI, WEIGHTS, WORKLOADS, allow,
    identity_side, models_admin, pod, policy, stranger, token, trust, workloads_admin,
};
use crate::initializer::{affected, bucket_denied, in_pod, steps, translates};

/// The role of the models' account.
const THEIRS: &str = "shared-models";
const THEIRS_ARN: &str = "arn:aws:iam::222222222222:role/shared-models";
/// The policy by which the cluster's role may assume it.
const CHAIN: &str = "chain";

/// A configuration that chains the two roles, as a file in the container.
const CONFIG: &str = "/etc/aws/config";
const PROFILES: &str = "[profile cluster]\n\
    role_arn = arn:aws:iam::111111111111:role/model-reader\n\
    web_identity_token_file = /var/run/secrets/eks.amazonaws.com/serviceaccount/token\n\
    [profile models]\n\
    role_arn = arn:aws:iam::222222222222:role/shared-models\n\
    source_profile = cluster\n";

pub(super) fn scenario() -> Scenario {
    Scenario::new(
        "cross-account-assume-role",
        "A role of the models' account cannot be assumed by the storage initializer",
        affected("every release", |_| true),
    )
    .summary("The models' account offers a role to the cluster's role, and no release of KServe can be told to assume it.")
    .story(
        "The team that owns the models shares a role instead of a bucket policy: the cluster's role may assume it, and by hand that works. \
         KServe has no field for a second role. Writing its ARN into the service account's annotation ends with `No OpenIDConnect provider \
         found in your account`; leaving the annotation as it is ends with a refusal by the bucket.",
    )
    .cause(
        "An annotated service account trades its token for exactly one role, in one step, and only in an account that knows the cluster as \
         an OpenID Connect provider. KServe calls AssumeRole nowhere.",
    )
    .remedy(
        "Make the cluster a provider in the models' account and let the role there trust the service account's token; then annotate the \
         service account with that role. Or chain the roles in a profile (role_arn with source_profile) in an image of one's own, or in a \
         ClusterStorageContainer that sets AWS_CONFIG_FILE and AWS_PROFILE: boto3 does the rest.",
    )
    .link(Link::issue("kserve/kserve", 3876))
    .profile(Profile::AwsCrossAccount, Level::Extended)
    .universe(|_| {
        cloud::with(|spec| {
            let role = RoleSpec {
                name: THEIRS.into(),
                trust: policy(&[by_role()]),
                policies: [(READ.into(), identity_side())].into(),
                ..RoleSpec::default()
            };
            spec.accounts.iter_mut().filter(|account| account.id == MODELS).for_each(|account| account.roles.push(role.clone()));
        })
    })
    .arrange(|_| arrange())
    .reproduce(steps(reproduce))
    .fix(|_| fix())
    .verify(steps(verify))
    .guard(|_| guard())
}

fn arrange() -> Vec<Step> {
    let mut steps = cloud::arrange();
    let chain = policy(&[allow("sts:AssumeRole", &[THEIRS_ARN])]);
    steps.push(
        step("the cluster's role may assume the other").by(&workloads_admin()).put_role_policy(ROLE, CHAIN, &chain),
    );
    steps
}

fn reproduce(release: Release) -> Vec<Step> {
    let by_hand = pod().assuming(THEIRS_ARN);
    vec![
        step("by hand, from role to role, the model can be read")
            .by(&by_hand)
            .get_object(BUCKET, KEY)
            .prints(WEIGHTS)
            .either_way(),
        step("the storage initializer stays the cluster's role, which the bucket refuses")
            .load(in_pod(release))
            .gives_up(bucket_denied(release)),
        step("with the other role's ARN in the annotation the token is refused")
            .load(as_theirs(release))
            .gives_up(unknown_provider(release)),
    ]
}

fn fix() -> Vec<Step> {
    vec![
        step("the models' account accepts the cluster's tokens")
            .by(&models_admin())
            .create_provider(ISSUER, "sts.amazonaws.com"),
        step("its role trusts the service account").by(&models_admin()).update_trust(THEIRS, &both()),
    ]
}

fn verify(release: Release) -> Vec<Step> {
    let chained =
        in_pod(release).file(CONFIG, PROFILES).variable("AWS_CONFIG_FILE", CONFIG).variable("AWS_PROFILE", "models");
    vec![
        step("the service account's token opens the other role")
            .by(&theirs(token()))
            .get_object(BUCKET, KEY)
            .prints(WEIGHTS),
        step("annotated with it, the storage initializer fetches the model")
            .load(as_theirs(release))
            .leaves(&[(FILE, WEIGHTS)]),
        step("so it does with a profile that chains the roles").load(chained).leaves(&[(FILE, WEIGHTS)]),
    ]
}

/// The role of the models' account may be assumed by the cluster's role.
fn by_role() -> Value {
    json!({"Effect": "Allow", "Principal": {"AWS": ROLE_ARN}, "Action": "sts:AssumeRole"})
}

/// ... and by the service account itself.
fn both() -> Value {
    let mut trust = trust(MODELS, Some(cloud::ACCOUNT));
    if let Some(statements) = trust["Statement"].as_array_mut() {
        statements.push(by_role());
    }
    trust
}

fn theirs(token: AccountToken) -> AwsIdentity {
    AwsIdentity::with_token(THEIRS_ARN, token)
}

fn as_theirs(release: Release) -> Load {
    Load::new(release, URI).variable("AWS_DEFAULT_REGION", "us-east-1").as_role(THEIRS_ARN, token())
}

fn unknown_provider(release: Release) -> String {
    let message = format!("No OpenIDConnect provider found in your account for {ISSUER}");
    if translates(release) {
        format!("Storage initialization failed: S3 error [InvalidIdentityToken]: {message}")
    } else {
        format!(
            "botocore.errorfactory.InvalidIdentityTokenException: An error occurred (InvalidIdentityToken) when calling the \
             AssumeRoleWithWebIdentity operation: {message}"
        )
    }
}

fn guard() -> Vec<Step> {
    let other = AccountToken { account: OTHER_ACCOUNT.to_owned(), ..token() };
    vec![
        step("another service account cannot be the role")
            .by(&theirs(other))
            .get_object(BUCKET, KEY)
            .denied("Not authorized to perform sts:AssumeRoleWithWebIdentity"),
        step("nor can somebody of another account")
            .by(&stranger().assuming(THEIRS_ARN))
            .get_object(BUCKET, KEY)
            .denied(format!(
                "User: {} is not authorized to perform: sts:AssumeRole on resource: {THEIRS_ARN}",
                stranger()
            )),
        step("the role reads, and does not write")
            .by(&theirs(token()))
            .put_object(BUCKET, KEY, "other weights")
            .denied(format!(
                "User: arn:aws:sts::{MODELS}:assumed-role/{THEIRS}/model is not authorized to perform: s3:PutObject on resource: \
                 \"arn:aws:s3:::{BUCKET}/{KEY}\" because no identity-based policy allows the s3:PutObject action"
            )),
        step("the cluster's account takes the chain away").by(&workloads_admin()).delete_role_policy(ROLE, CHAIN),
        step("then its role cannot be the other")
            .by(&pod().assuming(THEIRS_ARN))
            .get_object(BUCKET, KEY)
            .denied(format!("User: {SESSION} is not authorized to perform: sts:AssumeRole on resource: {THEIRS_ARN}"))
            .explained(format!(
                "Denied: {SESSION} may not sts:AssumeRole on {THEIRS_ARN} of account {MODELS}; no account {WORKLOADS}'s identity-based policy allows \
                 it; account {MODELS}'s resource-based policy allows it (trust policy of {THEIRS_ARN}, statement 2); across accounts both sides must allow it"
            )),
    ]
}
