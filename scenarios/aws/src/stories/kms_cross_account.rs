//! kserve/kserve#2003: a model that is encrypted with a key of KMS, across accounts.

use proofmark_json::Value;
use proofmark_model_loader::Release;
use proofmark_replay::{Level, Link, Profile, Scenario, Step, step};

use crate::cloud::{
    self, BUCKET, FILE, KEY, KMS_KEY, ROLE, ROLE_ARN, SESSION, WEIGHTS, allow, key_policy, models_admin, pod, policy,
    stranger, workloads_admin,
};
use crate::initializer::{affected, in_pod, steps, translates};

/// The inline policy that lets the role decrypt with keys of the models' account.
const DECRYPT: &str = "decrypt-models";
/// An object under the key that AWS manages, which nobody of another account can ever use.
const MANAGED: &str = "managed/model.joblib";

pub(super) fn scenario() -> Scenario {
    Scenario::new("kms-cross-account", "An encrypted model of another account cannot be read", affected("every release", |_| true))
        .summary("Bucket and role allow reading, and a model encrypted with KMS still cannot be read: the key has two sides of its own.")
        .story(
            "Both accounts allow the role to read the bucket, and it lists the model. The bucket encrypts with a key of KMS, and the \
             storage initializer ends with `An error occurred (403) when calling the HeadObject operation: Forbidden`, which names neither the \
             key nor the missing permission.",
        )
        .cause(
            "S3 decrypts on behalf of the reader: the role needs kms:Decrypt by its own policy, and the key's policy must let the other account's \
             role in. A HEAD is answered without a body, so the reason is lost. The key that AWS manages (aws/s3) has a policy that no \
             other account can enter.",
        )
        .remedy(
            "Encrypt with a key of one's own; let its policy allow kms:Decrypt to the role of the other account, and allow the same in the role's \
             policy on the key's ARN.",
        )
        .link(Link::issue("kserve/kserve", 2003))
        .profile(Profile::AwsCrossAccount, Level::Extended)
        .universe(|_| cloud::universe())
        .arrange(|_| arrange())
        .reproduce(steps(reproduce))
        .fix(|_| vec![let_in(), decrypts()])
        .verify(steps(verify))
        .guard(|_| guard())
}

fn arrange() -> Vec<Step> {
    let mut steps = cloud::arrange_readable();
    let models = models_admin();
    steps.extend([
        step("the model is encrypted with a key of the models' account").by(&models).put_object_encrypted(
            BUCKET,
            KEY,
            WEIGHTS,
            Some(KMS_KEY),
        ),
        step("another one with the key that AWS manages")
            .by(&models)
            .put_object_encrypted(BUCKET, MANAGED, WEIGHTS, None),
    ]);
    steps
}

fn reproduce(release: Release) -> Vec<Step> {
    let fails = |title: &str| step(title).load(in_pod(release)).gives_up(head_denied(release));
    let closed = |title: &str| step(title).by(&pod()).get_object(BUCKET, KEY).denied(foreign_key());
    vec![
        step("the role lists the model").by(&pod()).list_objects(BUCKET, "churn").lists(&[KEY]).either_way(),
        closed("it cannot read it: the key is closed to it"),
        fails("the storage initializer is refused without a reason"),
        let_in().either_way(),
        closed("the key's side alone is not enough")
            .decided_by("no account 111111111111's identity-based policy allows it"),
        fails("the storage initializer gives up as before"),
        step("that is taken back").by(&models_admin()).put_key_policy(KMS_KEY, &key_policy(&[])).either_way(),
        decrypts().either_way(),
        closed("the role's side alone is not enough")
            .decided_by("no account 222222222222's resource-based policy allows it"),
        fails("the storage initializer gives up all the same"),
        step("that is taken back, too").by(&workloads_admin()).delete_role_policy(ROLE, DECRYPT).either_way(),
    ]
}

fn verify(release: Release) -> Vec<Step> {
    vec![
        step("the role reads the model").by(&pod()).get_object(BUCKET, KEY).prints(WEIGHTS),
        step("the storage initializer fetches it").load(in_pod(release)).leaves(&[(FILE, WEIGHTS)]),
    ]
}

fn let_in() -> Step {
    step("the key's policy lets the role in").by(&models_admin()).put_key_policy(KMS_KEY, &key_policy(&[ROLE_ARN]))
}

fn decrypts() -> Step {
    step("the role's policy allows it to decrypt").by(&workloads_admin()).put_role_policy(ROLE, DECRYPT, &decrypt())
}

/// In policies a key has its ARN, not its alias.
fn decrypt() -> Value {
    policy(&[allow("kms:Decrypt", &["arn:aws:kms:us-east-1:222222222222:key/*"])])
}

/// How S3 words that a key of another account is closed.
fn foreign_key() -> String {
    format!(
        "User: {SESSION} is not authorized to perform: kms:Decrypt on the resource associated with this ciphertext because the resource does not \
         exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access"
    )
}

fn head_denied(release: Release) -> String {
    let words = "An error occurred (403) when calling the HeadObject operation: Forbidden";
    if translates(release) {
        format!("Storage initialization failed: Failed to download 1 files: {KEY}: {words}")
    } else {
        format!("botocore.exceptions.ClientError: {words}")
    }
}

fn guard() -> Vec<Step> {
    vec![
        step("what AWS' own key encrypts stays closed").by(&pod()).get_object(BUCKET, MANAGED).denied(foreign_key()),
        step("the role reads, and does not write")
            .by(&pod())
            .put_object(BUCKET, KEY, "other weights")
            .denied("Access Denied"),
        step("somebody of another account has neither").by(&stranger()).get_object(BUCKET, KEY).denied("Access Denied"),
    ]
}
