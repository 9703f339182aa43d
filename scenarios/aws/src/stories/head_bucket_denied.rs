//! A permission to list one prefix, which is enough until the bucket itself is looked at.

use proofmark_json::{Value, json};
use proofmark_model_loader::Release;
use proofmark_replay::{Level, Link, Profile, Scenario, Step, step};

use crate::cloud::{
    self, BUCKET, BUCKET_ARN, FILE, KEY, READ, ROLE, WEIGHTS, allow, models_admin, pod, policy, workloads_admin,
};
use crate::initializer::{affected, in_pod, steps};

/// A model of somebody else in the same bucket.
const OTHERS: &str = "pricing/model.joblib";

pub(super) fn scenario() -> Scenario {
    Scenario::new(
        "head-bucket-denied-by-prefix-condition",
        "A role that may list one prefix can load no model any more",
        affected("0.17.0 and later", |release| release >= Release::V0_17),
    )
    .summary("Since 0.17 the storage initializer looks at the bucket first; a permission to list only a prefix does not cover that.")
    .story(
        "Several teams share a bucket, and each role may list its own prefix only, by a condition on s3:prefix. After an upgrade to 0.17 or later no \
         model is loaded: `S3 error [403]: Forbidden`. Listing and reading by hand work as before.",
    )
    .cause(
        "HeadBucket needs s3:ListBucket like a list, and has no prefix. A condition that compares an absent key does not hold. Before 0.17 the first \
         request was the list itself.",
    )
    .remedy("Compare with StringLikeIfExists: the condition then holds where no prefix is asked for, and still forbids lists of other prefixes.")
    .link(Link::issue("kserve/kserve", 3925))
    .profile(Profile::AwsCrossAccount, Level::Extended)
    .universe(|_| cloud::universe())
    .arrange(|_| arrange())
    .reproduce(steps(reproduce))
    .fix(|_| fix())
    .verify(steps(verify))
    .guard(|_| guard())
}

fn arrange() -> Vec<Step> {
    let mut steps = cloud::arrange_readable();
    steps.extend([
        step("somebody else's model is in the same bucket").by(&models_admin()).put_object(BUCKET, OTHERS, WEIGHTS),
        step("the role may list and read one prefix only").by(&workloads_admin()).put_role_policy(
            ROLE,
            READ,
            &prefix_only("StringLike"),
        ),
    ]);
    steps
}

fn reproduce(release: Release) -> Vec<Step> {
    vec![
        step("the role lists its prefix").by(&pod()).list_objects(BUCKET, "churn").lists(&[KEY]).either_way(),
        step("it may not look at the bucket").by(&pod()).head_bucket(BUCKET).code(403).either_way(),
        step("the storage initializer ends there")
            .load(in_pod(release))
            .gives_up("Storage initialization failed: S3 error [403]: Forbidden"),
    ]
}

fn fix() -> Vec<Step> {
    let policy = prefix_only("StringLikeIfExists");
    vec![
        step("the condition holds where there is no prefix")
            .by(&workloads_admin())
            .put_role_policy(ROLE, READ, &policy),
    ]
}

fn verify(release: Release) -> Vec<Step> {
    vec![step("the storage initializer fetches the model").load(in_pod(release)).leaves(&[(FILE, WEIGHTS)])]
}

fn guard() -> Vec<Step> {
    vec![
        step("other prefixes cannot be listed").by(&pod()).list_objects(BUCKET, "pricing").denied("Access Denied"),
        step("nor can their models be read").by(&pod()).get_object(BUCKET, OTHERS).denied("Access Denied"),
    ]
}

/// Lists what begins with `churn`, reads what is below it.
fn prefix_only(operator: &str) -> Value {
    let mut list = allow("s3:ListBucket", &[BUCKET_ARN]);
    list["Condition"] = json!({operator: {"s3:prefix": "churn*"}});
    policy(&[list, allow("s3:GetObject", &["arn:aws:s3:::trained-models/churn/*"])])
}
