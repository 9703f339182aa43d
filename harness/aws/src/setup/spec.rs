//! What a cloud shall hold, as data: scenarios build it, files spell it in YAML or JSON.

use proofmark_json::Value;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Accounts, and the organisation above them.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Spec {
    /// The accounts.
    pub accounts: Vec<AccountSpec>,
    /// The organisation that some of them belong to.
    pub organization: Option<OrganizationSpec>,
}

/// An account.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct AccountSpec {
    /// Twelve digits.
    pub id: String,
    /// `models-team`
    pub name: Option<String>,
    /// Managed policies.
    pub policies: Vec<PolicySpec>,
    /// OpenID Connect providers.
    pub providers: Vec<ProviderSpec>,
    /// Groups.
    pub groups: Vec<GroupSpec>,
    /// Users.
    pub users: Vec<UserSpec>,
    /// Roles.
    pub roles: Vec<RoleSpec>,
    /// Keys of KMS.
    pub keys: Vec<KeySpec>,
    /// Clusters of EKS.
    pub clusters: Vec<ClusterSpec>,
}

/// A cluster of EKS whose pods get roles without annotations (EKS Pod Identity).
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ClusterSpec {
    /// Its name.
    pub name: String,
    /// Who issues its tokens: `https://oidc.example.com/id/1`
    pub issuer: String,
    /// Which service accounts have roles.
    pub associations: Vec<AssociationSpec>,
}

/// A role for the pods of a service account.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct AssociationSpec {
    /// The service account's namespace.
    pub namespace: String,
    /// Its name.
    pub service_account: String,
    /// The ARN of a role that trusts `pods.eks.amazonaws.com`.
    pub role_arn: String,
    /// The ARN of a role that the first one assumes for the pods.
    pub target_role_arn: Option<String>,
}

/// A key of KMS.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct KeySpec {
    /// How it is found, because nobody knows its id beforehand: `alias/models`
    pub alias: String,
    /// Its policy; unless told, it leaves everything to the account's own policies.
    pub policy: Option<Value>,
}

/// A managed policy.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct PolicySpec {
    /// Its name.
    pub name: String,
    /// `/` unless told.
    pub path: Option<String>,
    /// The document.
    pub document: Value,
}

/// An OpenID Connect provider.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ProviderSpec {
    /// `https://oidc.example.com/id/1`
    pub url: String,
    /// The audiences that it accepts.
    pub client_ids: Vec<String>,
    /// SHA-1 digests of certificates in the chain of the issuer's server.
    pub thumbprints: Vec<String>,
}

/// What users, groups and roles hold.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct GroupSpec {
    /// Its name.
    pub name: String,
    /// Inline policies by name.
    pub policies: BTreeMap<String, Value>,
    /// ARNs of managed policies.
    pub attached: Vec<String>,
}

/// A user.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct UserSpec {
    /// Its name.
    pub name: String,
    /// `/` unless told.
    pub path: Option<String>,
    /// Inline policies by name.
    pub policies: BTreeMap<String, Value>,
    /// ARNs of managed policies.
    pub attached: Vec<String>,
    /// The ARN of its permissions boundary.
    pub boundary: Option<String>,
    /// Tags.
    pub tags: BTreeMap<String, String>,
    /// Names of its groups.
    pub groups: Vec<String>,
    /// Access keys, at most two.
    pub access_keys: Vec<AccessKeySpec>,
}

/// An access key that is known beforehand.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AccessKeySpec {
    /// `AKIA...`: 16 characters or more, unlike any other key's.
    pub id: String,
    /// The secret.
    pub secret: String,
}

/// A role.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct RoleSpec {
    /// Its name.
    pub name: String,
    /// `/` unless told.
    pub path: Option<String>,
    /// Who may assume it. It may name users and roles of any account here.
    pub trust: Value,
    /// Inline policies by name.
    pub policies: BTreeMap<String, Value>,
    /// ARNs of managed policies.
    pub attached: Vec<String>,
    /// The ARN of its permissions boundary.
    pub boundary: Option<String>,
    /// Tags.
    pub tags: BTreeMap<String, String>,
    /// The longest session in seconds, 3,600 unless told.
    pub max_session_duration: Option<i64>,
}

/// The organisation.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct OrganizationSpec {
    /// The account that owns it.
    pub management: String,
    /// Member accounts that hang from the root.
    pub accounts: Vec<String>,
    /// Its units, parents before children.
    pub units: Vec<UnitSpec>,
    /// Service control policies.
    pub service_control: Vec<ControlSpec>,
    /// Resource control policies.
    pub resource_control: Vec<ControlSpec>,
}

/// A unit of an organisation.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct UnitSpec {
    /// Its name, unlike any other unit's.
    pub name: String,
    /// The unit that it hangs from; the root unless told.
    pub parent: Option<String>,
    /// Member accounts that hang from it.
    pub accounts: Vec<String>,
}

/// A policy of an organisation.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ControlSpec {
    /// Its name.
    pub name: String,
    /// The document.
    pub document: Value,
    /// What it is attached to: `Root`, names of units, ids of accounts.
    pub targets: Vec<String>,
    /// Whether it takes the place of the policy that allows everything.
    pub instead_of_full_access: bool,
}
