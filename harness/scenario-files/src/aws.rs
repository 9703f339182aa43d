//! Requests to AWS: how they are written, and what is wrong with them before anything is played.
//!
//! The accounts of `universe.cloud` are what `proofmark aws` reads from a file. Roles and accounts that requests name must be among them, and policies must be
//! such as AWS takes. What somebody may do is not judged here: that is what a scenario shows.

use std::collections::BTreeSet;

use proofmark_aws::setup::Spec;
use proofmark_aws_policy::{Kind, Policy};
use proofmark_env::{AccountToken, AwsIdentity};
use proofmark_json::Value;
use proofmark_replay::Step;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_saphyr::{Location, Spanned};

use crate::problem::place;
use crate::step::{Compiler, Turn};

/// Who asks AWS: one of the three.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct AwsWho {
    /// The root user of an account, by its twelve digits.
    pub(crate) root: Option<String>,
    /// A user, by an access key.
    pub(crate) user: Option<AwsUser>,
    /// The ARN of a role. With `serviceAccount` a token of the cluster opens it (IRSA); with `by` another one of these does.
    pub(crate) role: Option<String>,
    /// The service account whose token opens the role: `namespace/name`.
    pub(crate) service_account: Option<String>,
    /// Who assumes the role.
    pub(crate) by: Option<Box<AwsWho>>,
}

/// A user of an account.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct AwsUser {
    /// The user's ARN.
    pub(crate) arn: String,
    /// The id of the access key.
    pub(crate) access_key: String,
    /// The secret that goes with it.
    pub(crate) secret: String,
}

/// A request to AWS. Policies are written as YAML.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub(crate) enum AwsRequest {
    /// Makes a bucket, in the account of whoever asks.
    CreateBucket {
        /// Its name.
        bucket: String,
    },
    /// Writes an object.
    PutObject {
        /// The bucket.
        bucket: String,
        /// The key.
        key: String,
        /// The content.
        content: String,
    },
    /// Reads an object.
    GetObject {
        /// The bucket.
        bucket: String,
        /// The key.
        key: String,
    },
    /// Deletes an object.
    DeleteObject {
        /// The bucket.
        bucket: String,
        /// The key.
        key: String,
    },
    /// Asks whether there is a bucket.
    HeadBucket {
        /// The bucket.
        bucket: String,
    },
    /// Lists objects.
    ListObjects {
        /// The bucket.
        bucket: String,
        /// How their keys begin.
        #[serde(default)]
        prefix: String,
    },
    /// Gives a bucket a policy in place of the one that it has.
    PutBucketPolicy {
        /// The bucket.
        bucket: String,
        /// The policy.
        #[schemars(with = "serde_json::Value")]
        policy: Value,
    },
    /// Takes a bucket's policy away.
    DeleteBucketPolicy {
        /// The bucket.
        bucket: String,
    },
    /// Gives a role of the own account an inline policy in place of the one with that name.
    PutRolePolicy {
        /// The role's name.
        role: String,
        /// The policy's name.
        name: String,
        /// The policy.
        #[schemars(with = "serde_json::Value")]
        policy: Value,
    },
    /// Takes an inline policy away from a role of the own account.
    DeleteRolePolicy {
        /// The role's name.
        role: String,
        /// The policy's name.
        name: String,
    },
    /// Says who may assume a role of the own account.
    UpdateTrust {
        /// The role's name.
        role: String,
        /// The trust policy.
        #[schemars(with = "serde_json::Value")]
        policy: Value,
    },
    /// Reads a role of the own account.
    GetRole {
        /// The role's name.
        role: String,
    },
    /// Gives a key of KMS a policy in place of the one that it has.
    PutKeyPolicy {
        /// The key's alias: `alias/models`.
        key: String,
        /// The policy.
        #[schemars(with = "serde_json::Value")]
        policy: Value,
    },
    /// Assumes a role.
    AssumeRole {
        /// The role's ARN.
        role: String,
        /// The session's name.
        session: String,
    },
    /// Asks who one is.
    CallerIdentity {},
}

/// The accounts and roles that there are.
#[derive(Debug, Default)]
pub(crate) struct Accounts {
    ids: BTreeSet<String>,
    /// Names.
    roles: BTreeSet<String>,
    /// ARNs.
    arns: BTreeSet<String>,
}

impl Accounts {
    pub(crate) fn of(spec: &Spec) -> Self {
        let roles = || spec.accounts.iter().flat_map(|account| account.roles.iter().map(move |role| (account, role)));
        Self {
            ids: spec.accounts.iter().map(|account| account.id.clone()).collect(),
            roles: roles().map(|(_, role)| role.name.clone()).collect(),
            arns: roles().map(|(account, role)| format!("arn:aws:iam::{}:role/{}", account.id, role.name)).collect(),
        }
    }
}

impl Compiler<'_> {
    /// Who asks AWS.
    pub(crate) fn aws_who(&mut self, at: Location, who: &AwsWho) -> Option<AwsIdentity> {
        match who {
            AwsWho { root: Some(account), user: None, role: None, service_account: None, by: None } => {
                self.known_account(at, account);
                Some(AwsIdentity::root(account))
            }
            AwsWho { root: None, user: Some(user), role: None, service_account: None, by: None } => {
                let AwsUser { arn, access_key, secret } = user;
                Some(AwsIdentity::User { arn: arn.clone(), key: access_key.clone(), secret: secret.clone() })
            }
            AwsWho { root: None, user: None, role: Some(role), service_account: Some(account), by: None } => {
                self.known_role(at, role);
                let Some((namespace, account)) = account.split_once('/') else {
                    self.complain(at, "a service account is written as `namespace/name`");
                    return None;
                };
                Some(AwsIdentity::with_token(role, AccountToken::of(namespace, account)))
            }
            AwsWho { root: None, user: None, role: Some(role), service_account: None, by: Some(by) } => {
                self.known_role(at, role);
                Some(self.aws_who(at, by)?.assuming(role))
            }
            _ => {
                self.complain(
                    at,
                    "in AWS one is a `root`, a `user`, or a `role` with a `serviceAccount` or `by` another",
                );
                None
            }
        }
    }

    /// What is asked.
    pub(crate) fn aws_request(&mut self, said: &Spanned<AwsRequest>) -> Turn {
        let at = place(said);
        match &said.value {
            AwsRequest::PutBucketPolicy { policy, .. } | AwsRequest::PutKeyPolicy { policy, .. } => {
                self.policy(at, policy, Kind::Resource);
            }
            AwsRequest::PutRolePolicy { role, policy, .. } => {
                self.known_role(at, role);
                self.policy(at, policy, Kind::Identity);
            }
            AwsRequest::UpdateTrust { role, policy } => {
                self.known_role(at, role);
                self.policy(at, policy, Kind::Trust);
            }
            AwsRequest::DeleteRolePolicy { role, .. } => self.known_role(at, role),
            // Whether there is what these name is for the scenario to show.
            _ => {}
        }
        let request = said.value.clone();
        Box::new(move |step| asked(step, &request))
    }

    fn policy(&mut self, at: Location, policy: &Value, kind: Kind) {
        if let Err(why) = Policy::parse(&policy.to_string(), kind) {
            self.complain(at, format!("AWS would refuse this policy: {why}"));
        }
    }

    fn known_account(&mut self, at: Location, id: &str) {
        let known = &self.accounts().ids;
        let message =
            (!known.contains(id)).then(|| format!("unknown account {id}; `universe.cloud` has {}", listed(known)));
        message.into_iter().for_each(|message| self.complain(at, message));
    }

    /// A role by its name or its ARN.
    fn known_role(&mut self, at: Location, role: &str) {
        let known = if role.starts_with("arn:") { &self.accounts().arns } else { &self.accounts().roles };
        let message =
            (!known.contains(role)).then(|| format!("unknown role {role}; `universe.cloud` has {}", listed(known)));
        message.into_iter().for_each(|message| self.complain(at, message));
    }
}

fn asked(step: Step, request: &AwsRequest) -> Step {
    use AwsRequest as Ask;
    match request {
        Ask::CreateBucket { bucket } => step.create_bucket(bucket),
        Ask::PutObject { bucket, key, content } => step.put_object(bucket, key, content),
        Ask::GetObject { bucket, key } => step.get_object(bucket, key),
        Ask::DeleteObject { bucket, key } => step.delete_object(bucket, key),
        Ask::HeadBucket { bucket } => step.head_bucket(bucket),
        Ask::ListObjects { bucket, prefix } => step.list_objects(bucket, prefix),
        Ask::PutBucketPolicy { bucket, policy } => step.put_bucket_policy(bucket, policy),
        Ask::DeleteBucketPolicy { bucket } => step.delete_bucket_policy(bucket),
        Ask::PutRolePolicy { role, name, policy } => step.put_role_policy(role, name, policy),
        Ask::DeleteRolePolicy { role, name } => step.delete_role_policy(role, name),
        Ask::UpdateTrust { role, policy } => step.update_trust(role, policy),
        Ask::GetRole { role } => step.get_role(role),
        Ask::PutKeyPolicy { key, policy } => step.put_key_policy(key, policy),
        Ask::AssumeRole { role, session } => step.assume_role(role, session),
        Ask::CallerIdentity {} => step.caller_identity(),
    }
}

fn listed(known: &BTreeSet<String>) -> String {
    if known.is_empty() { "none".to_owned() } else { known.iter().map(String::as_str).collect::<Vec<_>>().join(", ") }
}
