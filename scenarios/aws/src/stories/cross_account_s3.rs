//! kserve/kserve#3876: the cluster is in one account, the model in another, and both have to say yes.

use std::time::Duration;

use proofmark_aws::setup::{ControlSpec, OrganizationSpec};
use proofmark_env::{AccountToken, AwsIdentity, ISSUER};
use proofmark_json::json;
use proofmark_model_loader::Release;
use proofmark_replay::{Level, Link, Profile, Scenario, Step, step};

use crate::cloud::{
    self, BUCKET, BUCKET_ARN, FILE, KEY, KMS_KEY, MODELS, OBJECTS_ARN, OTHER_ACCOUNT, READ, ROLE, ROLE_ARN, SESSION,
    STRANGER, WEIGHTS, WORKLOADS, allow_to, both_sides, bucket_side, identity_side, models_admin, pod, policy,
    stranger, token, workloads_admin,
};
use crate::initializer::{affected, bucket_denied, in_pod, steps};

/// An object that the organisation of the cluster's account keeps out of reach.
const RESTRICTED: &str = "restricted/model.joblib";
/// The account that manages that organisation.
const MANAGEMENT: &str = "444444444444";
/// An object that is encrypted with a key of the models' account.
const ENCRYPTED: &str = "encrypted/model.joblib";

pub(super) fn scenario() -> Scenario {
    Scenario::new("cross-account-s3", "A model in another account's bucket cannot be read", affected("every release", |_| true))
        .summary("The storage initializer is refused a bucket of another account although one side allows it: both must.")
        .story(
            "KServe runs on EKS in one account, with IAM roles for service accounts. The model is in a bucket of another account. The \
             role's policy allows it to read the bucket, and the storage initializer ends with `Access Denied`, or since 0.17 with \
             `S3 error [403]: Forbidden`. Allowing it in the bucket's policy alone, which would do within one account, ends the same.",
        )
        .cause(
            "Across accounts a request is decided twice: the caller's account must allow it by the role's own policy, and the \
             bucket's account by the bucket's policy. S3 tells callers of other accounts no reason, so neither side learns which one is missing.",
        )
        .remedy(
            "Allow s3:ListBucket on the bucket and s3:GetObject on its objects twice: in the role's policy, and in the bucket's policy for \
             the role (or for the whole account, which then decides by its own policies). No release of KServe needs to change.",
        )
        .link(Link::issue("kserve/kserve", 3876))
        .profile(Profile::AwsCrossAccount, Level::Core)
        .universe(|_| {
            cloud::with(|accounts| {
                accounts.organization = Some(keeps_out());
            })
        })
        .arrange(|_| arrange())
        .reproduce(steps(reproduce))
        .fix_variant("role", "the bucket names the role", |_| both_sides(ROLE_ARN).into())
        .fix_variant("account", "the bucket names the account", |_| both_sides(&format!("arn:aws:iam::{WORKLOADS}:root")).into())
        .verify(steps(verify))
        .guard(|_| guard())
}

fn arrange() -> Vec<Step> {
    let mut steps = cloud::arrange();
    let models = models_admin();
    steps.push(
        step("another object lies where the cluster's organisation forbids to look")
            .by(&models)
            .put_object(BUCKET, RESTRICTED, WEIGHTS),
    );
    steps.push(step("another one is encrypted").by(&models).put_object_encrypted(
        BUCKET,
        ENCRYPTED,
        WEIGHTS,
        Some(KMS_KEY),
    ));
    steps
}

fn reproduce(release: Release) -> Vec<Step> {
    let fails = |title: &str| step(title).load(in_pod(release)).gives_up(bucket_denied(release));
    vec![
        step("the pod's role is known to AWS")
            .by(&pod())
            .caller_identity()
            .shows(json!({"GetCallerIdentityResponse": {"GetCallerIdentityResult": {"Arn": SESSION}}}))
            .either_way(),
        read("nobody allowed it anything, and it reads nothing").denied("Access Denied").explained(decided(None, None)),
        fails("the storage initializer gives up"),
        step("the cluster's account allows it")
            .by(&workloads_admin())
            .put_role_policy(ROLE, READ, &identity_side())
            .either_way(),
        read("the identity's side alone is not enough").denied("Access Denied").explained(decided(Some(READS), None)),
        fails("the storage initializer gives up as before"),
        step("that is taken back").by(&workloads_admin()).delete_role_policy(ROLE, READ).either_way(),
        step("the bucket's account allows it")
            .by(&models_admin())
            .put_bucket_policy(BUCKET, &bucket_side(ROLE_ARN))
            .either_way(),
        read("the bucket's side alone is not enough").denied("Access Denied").explained(decided(None, Some(2))),
        fails("the storage initializer gives up all the same"),
        step("that is taken back, too").by(&models_admin()).delete_bucket_policy(BUCKET).either_way(),
    ]
}

fn verify(release: Release) -> Vec<Step> {
    vec![
        read("the pod's role reads the model").prints(WEIGHTS).explained(decided(Some(READS), Some(2))),
        step("it lists the models").by(&pod()).list_objects(BUCKET, "churn/").lists(&[KEY]),
        step("the storage initializer fetches it").load(in_pod(release)).leaves(&[(FILE, WEIGHTS)]),
    ]
}

/// What decides when both sides are asked: the statement of the role's policy, and that of the bucket's policy.
fn decided(identity: Option<&str>, resource: Option<u8>) -> String {
    let verdict = if identity.is_some() && resource.is_some() { "Allowed" } else { "Denied" };
    let may = if verdict == "Allowed" { "may" } else { "may not" };
    let note = if identity.is_some() == resource.is_some() { "" } else { ONE_SIDE };
    let identity = match identity {
        Some(statement) => format!("account {WORKLOADS}'s identity-based policy allows it ({statement})"),
        None => format!("no account {WORKLOADS}'s identity-based policy allows it"),
    };
    let resource = match resource {
        Some(statement) => {
            format!(
                "account {MODELS}'s resource-based policy allows it (bucket policy of {BUCKET}, statement {statement})"
            )
        }
        None => format!("no account {MODELS}'s resource-based policy allows it"),
    };
    format!(
        "{verdict}: {SESSION} {may} s3:GetObject on arn:aws:s3:::{BUCKET}/{KEY} of account {MODELS}; {ORGANIZATION}; {identity}; {resource}{note}"
    )
}

/// How a decision ends that one of two accounts is against.
const ONE_SIDE: &str = "; across accounts both sides must allow it";

/// What the organisation of the cluster's account says: nothing against it.
const ORGANIZATION: &str = "account 111111111111's service control policy allows it (FullAWSAccess (p-FullAWSAccess) on 111111111111, statement 1)";
/// How the record names the statement that allows reading.
const READS: &str = "role/model-reader: inline policy read-models, statement 2";

fn read(title: &str) -> Step {
    step(title).by(&pod()).get_object(BUCKET, KEY)
}

/// The organisation of the cluster's account: nobody in it reads what is restricted.
fn keeps_out() -> OrganizationSpec {
    let deny = json!({"Sid": "KeepOut", "Effect": "Deny", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::*/restricted/*"});
    let control = ControlSpec {
        name: "keep-out".to_owned(),
        document: policy(&[deny]),
        targets: vec![WORKLOADS.to_owned()],
        ..ControlSpec::default()
    };
    OrganizationSpec {
        management: MANAGEMENT.to_owned(),
        accounts: vec![WORKLOADS.to_owned()],
        service_control: vec![control],
        ..OrganizationSpec::default()
    }
}

fn guard() -> Vec<Step> {
    let role = |token| AwsIdentity::with_token(ROLE_ARN, token);
    let elsewhere = format!("arn:aws:iam::{MODELS}:role/{ROLE}");
    let brief = AccountToken { lasts: minutes(10), ..token() }.aged(minutes(11));
    let other = AccountToken { account: OTHER_ACCOUNT.to_owned(), ..token() };
    let forbid = json!({"Sid": "NotThis", "Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": OBJECTS_ARN});
    let reading = |title: &str, who: &AwsIdentity, key: &str| step(title).by(who).get_object(BUCKET, key);
    vec![
        reading("another service account of the namespace cannot be the role", &role(other), KEY)
            .denied("Not authorized to perform sts:AssumeRoleWithWebIdentity"),
        reading("nor can a token that is not meant for AWS", &role(token().for_audience("kubernetes")), KEY)
            .fails(400, "InvalidIdentityToken", "Incorrect token audience"),
        reading("nor one that has expired", &role(brief), KEY).fails_as(400, "ExpiredTokenException"),
        reading("a session of a quarter of an hour ends", &pod().lasting(minutes(15)).aged(minutes(16)), KEY)
            .fails(400, "ExpiredToken", "The provided token has expired."),
        reading("the models' account knows nothing of the cluster", &AwsIdentity::with_token(elsewhere, token()), KEY)
            .fails(400, "InvalidIdentityToken", format!("No OpenIDConnect provider found in your account for {ISSUER}")),
        reading("nobody else's account was let in", &stranger(), KEY).denied("Access Denied").explained(format!(
            "Denied: {} may not s3:GetObject on arn:aws:s3:::{BUCKET}/{KEY} of account {MODELS}; account {STRANGER}'s identity-based \
             policy allows it (user/eve: inline policy anything, statement 1); no account {MODELS}'s resource-based policy allows it{ONE_SIDE}",
            stranger()
        )),
        reading("nor was everybody", &AwsIdentity::Anonymous, KEY).denied("Access Denied"),
        step("the role may read, not write").by(&pod()).put_object(BUCKET, KEY, "other weights").denied("Access Denied"),
        reading("what the organisation of the cluster's account forbids stays out of reach", &pod(), RESTRICTED)
            .denied("Access Denied")
            .decided_by(format!("account {WORKLOADS}'s service control policy denies it (keep-out")),
        reading("what is encrypted with a key of the models' account stays closed", &pod(), ENCRYPTED).denied(format!(
            "User: {SESSION} is not authorized to perform: kms:Decrypt on the resource associated with this ciphertext because the resource does not \
             exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access"
        )),
        step("the models' account forbids what it allowed")
            .by(&models_admin())
            .put_bucket_policy(BUCKET, &policy(&[allow_to(ROLE_ARN, "s3:*", &[BUCKET_ARN, OBJECTS_ARN]), forbid])),
        reading("that is stronger than what both allow", &pod(), KEY).denied("Access Denied").decided_by(FORBIDDEN),
    ]
}

/// What the bucket's policy says in the end.
const FORBIDDEN: &str =
    "account 222222222222's resource-based policy denies it (bucket policy of trained-models, statement NotThis)";

fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(minutes * 60)
}
