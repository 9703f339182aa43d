//! What the stories have in common: a cluster of one account, models in another, a stranger.
//!
//! The cluster runs in [`WORKLOADS`]. Its pods act as [`ROLE`], by tokens of one service account (IRSA). The models are in [`BUCKET`], which
//! belongs to [`MODELS`]. Who may do what there is each story's own affair, so neither side allows anything in the beginning.

use proofmark_aws::setup::{AccessKeySpec, AccountSpec, KeySpec, ProviderSpec, RoleSpec, Spec, UserSpec};
use proofmark_env::{AccountToken, AwsIdentity, CloudPlan, EndpointPlan, ISSUER, Listener, Plan};
use proofmark_json::{Value, json};
use proofmark_replay::{Resource, Step, step};

/// The account of the cluster.
pub(crate) const WORKLOADS: &str = "111111111111";
/// The account of the team that trains models.
pub(crate) const MODELS: &str = "222222222222";
/// The account of somebody else.
pub(crate) const STRANGER: &str = "333333333333";

/// The role of the cluster's pods, and its ARN.
pub(crate) const ROLE: &str = "model-reader";
pub(crate) const ROLE_ARN: &str = "arn:aws:iam::111111111111:role/model-reader";
/// How AWS calls a session of it.
pub(crate) const SESSION: &str = "arn:aws:sts::111111111111:assumed-role/model-reader/model";
/// The inline policy of that role that stories give and take.
pub(crate) const READ: &str = "read-models";

/// The service account that may be that role.
pub(crate) const NAMESPACE: &str = "fraud";
pub(crate) const ACCOUNT: &str = "model-reader";
/// Another service account of the same namespace.
pub(crate) const OTHER_ACCOUNT: &str = "default";

/// The bucket of the models, one of them, and where it lies.
pub(crate) const BUCKET: &str = "trained-models";
pub(crate) const KEY: &str = "churn/model.joblib";
pub(crate) const URI: &str = "s3://trained-models/churn";
pub(crate) const WEIGHTS: &str = "weights of churn";
/// How its file is called below the destination.
pub(crate) const FILE: &str = "model.joblib";
/// A key of KMS that belongs to the models' account.
pub(crate) const KMS_KEY: &str = "alias/models";

/// The stranger's key.
const STRANGER_KEY: [&str; 2] = ["AKIASTRANGERSTRANGER", "strangers-secret"];

/// The universe: a cluster without anything installed, and the three accounts.
pub(crate) fn universe() -> Plan {
    with(|_| {})
}

/// The same, with changes.
pub(crate) fn with(change: impl FnOnce(&mut Spec)) -> Plan {
    let mut accounts = accounts();
    change(&mut accounts);
    Plan { cloud: Some(CloudPlan { accounts, ..CloudPlan::default() }), ..Plan::default() }
}

/// The same, where another address leads to S3, too.
pub(crate) fn listening(host: &str, ports: &[(u16, Listener)]) -> Plan {
    let mut plan = universe();
    let endpoint =
        |(port, listener): &(u16, Listener)| EndpointPlan { host: host.into(), port: *port, listener: *listener };
    plan.cloud.iter_mut().for_each(|cloud| cloud.endpoints = ports.iter().map(endpoint).collect());
    plan
}

fn accounts() -> Spec {
    let reader = RoleSpec { name: ROLE.into(), trust: trust(WORKLOADS, Some(ACCOUNT)), ..RoleSpec::default() };
    let workloads = AccountSpec {
        id: WORKLOADS.into(),
        name: Some("workloads".into()),
        providers: vec![provider()],
        roles: vec![reader],
        ..AccountSpec::default()
    };
    let key = KeySpec { alias: KMS_KEY.into(), policy: Some(key_policy(&[])) };
    let models =
        AccountSpec { id: MODELS.into(), name: Some("models".into()), keys: vec![key], ..AccountSpec::default() };
    let [id, secret] = STRANGER_KEY.map(str::to_owned);
    let anything = policy(&[allow("s3:*", &["*"])]);
    let eve = UserSpec {
        name: "eve".into(),
        policies: [("anything".into(), anything)].into(),
        access_keys: vec![AccessKeySpec { id, secret }],
        ..UserSpec::default()
    };
    let stranger = AccountSpec { id: STRANGER.into(), users: vec![eve], ..AccountSpec::default() };
    Spec { accounts: vec![workloads, models, stranger], organization: None }
}

/// The cluster as an OpenID Connect provider of an account.
pub(crate) fn provider() -> ProviderSpec {
    ProviderSpec { url: ISSUER.into(), client_ids: vec!["sts.amazonaws.com".into()], ..ProviderSpec::default() }
}

/// The ARN of that provider in an account.
pub(crate) fn provider_arn(account: &str) -> String {
    format!("arn:aws:iam::{account}:oidc-provider/{}", issuer())
}

/// The issuer as conditions name it.
pub(crate) fn issuer() -> &'static str {
    ISSUER.trim_start_matches("https://")
}

/// Who may assume a role of an account with a token of the cluster: this service account, or every one.
pub(crate) fn trust(account: &str, only: Option<&str>) -> Value {
    let mut equals = json!({format!("{}:aud", issuer()): "sts.amazonaws.com"});
    if let Some(only) = only {
        equals[format!("{}:sub", issuer())] = subject(only).into();
    }
    policy(&[json!({
        "Effect": "Allow",
        "Principal": {"Federated": provider_arn(account)},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": equals},
    })])
}

/// A service account as tokens name it.
pub(crate) fn subject(account: &str) -> String {
    format!("system:serviceaccount:{NAMESPACE}:{account}")
}

/// A policy.
pub(crate) fn policy(statements: &[Value]) -> Value {
    json!({"Version": "2012-10-17", "Statement": statements})
}

/// A statement of an identity's policy.
pub(crate) fn allow(action: &str, resources: &[&str]) -> Value {
    json!({"Effect": "Allow", "Action": action, "Resource": resources})
}

/// A statement of a resource's policy.
pub(crate) fn allow_to(principal: &str, action: &str, resources: &[&str]) -> Value {
    json!({"Effect": "Allow", "Principal": {"AWS": principal}, "Action": action, "Resource": resources})
}

/// What the role may do by its own policy: list the bucket and read what is in it.
pub(crate) fn identity_side() -> Value {
    policy(&[allow("s3:ListBucket", &[BUCKET_ARN]), allow("s3:GetObject", &[OBJECTS_ARN])])
}

/// What the bucket's policy lets a principal do: the same.
pub(crate) fn bucket_side(principal: &str) -> Value {
    policy(&[allow_to(principal, "s3:ListBucket", &[BUCKET_ARN]), allow_to(principal, "s3:GetObject", &[OBJECTS_ARN])])
}

/// The bucket, and everything in it.
pub(crate) const BUCKET_ARN: &str = "arn:aws:s3:::trained-models";
pub(crate) const OBJECTS_ARN: &str = "arn:aws:s3:::trained-models/*";

/// The policy of the models' key: its account manages it, and these may decrypt with it.
pub(crate) fn key_policy(readers: &[&str]) -> Value {
    let mut statements = vec![allow_to(&format!("arn:aws:iam::{MODELS}:root"), "kms:*", &["*"])];
    statements.extend(readers.iter().map(|reader| allow_to(reader, "kms:Decrypt", &["*"])));
    policy(&statements)
}

/// The administrators of the two accounts.
pub(crate) fn workloads_admin() -> AwsIdentity {
    AwsIdentity::root(WORKLOADS)
}
pub(crate) fn models_admin() -> AwsIdentity {
    AwsIdentity::root(MODELS)
}

/// Somebody of another account, who may do everything there.
pub(crate) fn stranger() -> AwsIdentity {
    let [key, secret] = STRANGER_KEY.map(str::to_owned);
    AwsIdentity::User { arn: format!("arn:aws:iam::{STRANGER}:user/eve"), key, secret }
}

/// The token of the service account that may be the role.
pub(crate) fn token() -> AccountToken {
    AccountToken::of(NAMESPACE, ACCOUNT)
}

/// The role, by that token: what runs in the pod.
pub(crate) fn pod() -> AwsIdentity {
    AwsIdentity::with_token(ROLE_ARN, token())
}

const NAMESPACES: Resource = Resource::new("", "v1", "namespaces", "Namespace");
pub(crate) const SERVICE_ACCOUNTS: Resource = Resource::new("", "v1", "serviceaccounts", "ServiceAccount");

/// The namespace.
pub(crate) fn namespace() -> Step {
    step("the namespace is created").create(&NAMESPACES, NAMESPACES.object(None, NAMESPACE, json!({})))
}

/// The bucket with its model.
pub(crate) fn bucket() -> Vec<Step> {
    let models = models_admin();
    vec![
        step("the models' account has a bucket").by(&models).create_bucket(BUCKET),
        step("a model is in it").by(&models).put_object(BUCKET, KEY, WEIGHTS),
    ]
}

/// The same world, in which both sides allow the role to read the bucket.
pub(crate) fn arrange_readable() -> Vec<Step> {
    let mut steps = arrange();
    steps.extend(both_sides(ROLE_ARN));
    steps
}

/// Both sides allow it: the role's account the role, the bucket's account whomever its policy names.
pub(crate) fn both_sides(principal: &str) -> [Step; 2] {
    [
        step("the cluster's account allows its role to read the bucket").by(&workloads_admin()).put_role_policy(
            ROLE,
            READ,
            &identity_side(),
        ),
        step("the models' account allows it, too")
            .by(&models_admin())
            .put_bucket_policy(BUCKET, &bucket_side(principal)),
    ]
}

/// The namespace with its service account, which names the role, and the bucket with its model.
pub(crate) fn arrange() -> Vec<Step> {
    let mut account = SERVICE_ACCOUNTS.object(Some(NAMESPACE), ACCOUNT, json!({}));
    account["metadata"]["annotations"] = json!({"eks.amazonaws.com/role-arn": ROLE_ARN});
    let mut steps = vec![
        namespace(),
        step("the service account of the predictor names its role").create(&SERVICE_ACCOUNTS, account),
    ];
    steps.extend(bucket());
    steps
}
