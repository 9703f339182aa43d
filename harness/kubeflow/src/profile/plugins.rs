//! Plugins of a Profile: they tie the service account `default-editor` to an identity in a cloud.
//!
//! Both write an annotation, which the cloud's own webhook or metadata server reads. What both do besides, changing the cloud's IAM, needs
//! credentials: those for AWS are in the settings, and there are none for Google. Without them it fails, and with it the reconcile, in the
//! words of the cloud's own library.

use proofmark_controllers::kit::{Api, Error, object};
use proofmark_json::{Value, json};

use super::children::{ACCOUNTS, EDITOR};
use super::iam::Aws;
use super::trust;

const AWS: &str = "AwsIamForServiceAccount";
const GCP: &str = "WorkloadIdentity";

/// Why a plugin could not do its work.
#[derive(Debug, thiserror::Error)]
pub(super) enum PluginError {
    #[error("request failed: {0}")]
    Request(#[from] Error),
    #[error("failed to setup service account because awsIamRole is empty")]
    NoRole,
    #[error(
        "NoCredentialProviders: no valid providers in chain. Deprecated.\n\tFor verbose messaging see aws.Config.CredentialsChainVerboseErrors"
    )]
    NoAwsCredentials,
    #[error(
        "google: could not find default credentials. See https://cloud.google.com/docs/authentication/external/set-up-adc for more information"
    )]
    NoGoogleCredentials,
    #[error("{0} is not a valid GCP service account.")]
    NoGoogleAccount(String),
    #[error("{0}")]
    Iam(String),
}

/// A plugin that the controller knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Plugin {
    Aws { role: String, annotate_only: bool },
    WorkloadIdentity { account: String },
}

/// The plugins of a Profile that the controller knows. One whose settings cannot be read keeps all of them from being used.
pub(super) fn read(plugins: &[Value]) -> Vec<Plugin> {
    let known = plugins.iter().filter_map(|plugin| match object::text(plugin, "/kind") {
        AWS => Some(aws(plugin)),
        GCP => Some(workload_identity(plugin)),
        _ => None,
    });
    known.collect::<Option<_>>().unwrap_or_default()
}

fn aws(plugin: &Value) -> Option<Plugin> {
    let annotate_only = setting(plugin, "annotateOnly").map_or(Some(false), Value::as_bool)?;
    Some(Plugin::Aws { role: text(plugin, "awsIamRole")?, annotate_only })
}

fn workload_identity(plugin: &Value) -> Option<Plugin> {
    Some(Plugin::WorkloadIdentity { account: text(plugin, "gcpServiceAccount")? })
}

fn setting<'a>(plugin: &'a Value, key: &str) -> Option<&'a Value> {
    plugin.get("spec")?.get(key).filter(|value| !value.is_null())
}

/// A text, empty when it is absent; `None` when it is something else.
fn text(plugin: &Value, key: &str) -> Option<String> {
    setting(plugin, key).map_or(Some(""), Value::as_str).map(str::to_owned)
}

/// The plugin that a Profile without one gets when the controller has a default Google service account.
pub(super) fn default_workload_identity(plugins: &[Value], account: &str) -> Option<Value> {
    let present = plugins.iter().any(|plugin| object::text(plugin, "/kind") == GCP);
    (!present).then(|| json!({"kind": GCP, "spec": {"gcpServiceAccount": account}}))
}

impl Plugin {
    /// Ties the service account to the identity.
    pub(super) async fn apply(&self, api: &Api, aws: Option<&Aws>, namespace: &str) -> Result<(), PluginError> {
        match self {
            Self::Aws { role, .. } if role.is_empty() => Err(PluginError::NoRole),
            Self::Aws { role, annotate_only } => {
                annotate(api, namespace, "eks.amazonaws.com/role-arn", Some(role)).await?;
                if *annotate_only {
                    Ok(())
                } else {
                    rewrite(aws, role, |policy| trust::admit(policy, &account(namespace))).await
                }
            }
            Self::WorkloadIdentity { account } => {
                annotate(api, namespace, "iam.gke.io/gcp-service-account", Some(account)).await?;
                Err(google(account))
            }
        }
    }

    /// Unties it.
    pub(super) async fn revoke(&self, api: &Api, aws: Option<&Aws>, namespace: &str) -> Result<(), PluginError> {
        match self {
            Self::Aws { role, annotate_only } => {
                annotate(api, namespace, "eks.amazonaws.com/role-arn", None).await?;
                let dismiss = |policy: &Value| Some(trust::dismiss(policy, &account(namespace)));
                if *annotate_only { Ok(()) } else { rewrite(aws, role, dismiss).await }
            }
            Self::WorkloadIdentity { account } => Err(google(account)),
        }
    }
}

/// Why nothing comes of a Google service account: a name that is none is told before credentials are looked for.
fn google(account: &str) -> PluginError {
    if account.ends_with(".iam.gserviceaccount.com") {
        PluginError::NoGoogleCredentials
    } else {
        PluginError::NoGoogleAccount(account.to_owned())
    }
}

/// How tokens name the editor's service account.
fn account(namespace: &str) -> String {
    format!("system:serviceaccount:{namespace}:{EDITOR}")
}

/// Edits a role's trust policy; `edit` gives none where nothing is to change.
async fn rewrite(aws: Option<&Aws>, role_arn: &str, edit: impl Fn(&Value) -> Option<Value>) -> Result<(), PluginError> {
    let iam = aws.ok_or(PluginError::NoAwsCredentials)?.iam();
    let role = role_arn.rsplit('/').next().unwrap_or_default();
    let document = iam.trust_policy(role).await.map_err(PluginError::Iam)?;
    // IAM keeps no document that is not JSON.
    let policy = proofmark_json::from_str(&document).unwrap_or_default();
    match edit(&policy) {
        Some(edited) => iam.set_trust_policy(role, edited.to_string()).await.map_err(PluginError::Iam),
        None => Ok(()),
    }
}

/// Sets an annotation of the editor's service account, or takes it away.
async fn annotate(api: &Api, namespace: &str, key: &str, value: Option<&str>) -> Result<(), Error> {
    let mut account = api.get(&ACCOUNTS, namespace, EDITOR).await?;
    if object::annotation(&account, key) == value {
        return Ok(());
    }
    match (value, account["metadata"]["annotations"].as_object_mut()) {
        (Some(value), _) => account["metadata"]["annotations"][key] = json!(value),
        (None, Some(annotations)) => drop(annotations.shift_remove(key)),
        (None, None) => {}
    }
    api.update(&ACCOUNTS, &account).await.map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plugins_are_read_all_or_none() {
        let aws = json!({"kind": AWS, "spec": {"awsIamRole": "r", "annotateOnly": true}});
        let unknown = json!({"kind": "Other", "spec": {"awsIamRole": 1}});
        let read_aws = Plugin::Aws { role: "r".to_owned(), annotate_only: true };
        assert_eq!(read(&[unknown.clone(), aws.clone()]), [read_aws]);
        let broken = json!({"kind": AWS, "spec": {"awsIamRole": 1}});
        assert_eq!(read(&[aws, broken]), []);
    }

    #[test]
    fn a_default_identity_yields_to_a_chosen_one() {
        let chosen = json!({"kind": GCP, "spec": {"gcpServiceAccount": "mine"}});
        assert_eq!(default_workload_identity(std::slice::from_ref(&chosen), "other"), None);
        let added = default_workload_identity(&[], "other").expect("none there");
        assert_eq!(read(&[added]), [Plugin::WorkloadIdentity { account: "other".to_owned() }]);
    }
}
