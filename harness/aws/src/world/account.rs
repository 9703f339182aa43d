//! Accounts.

use super::{Group, InstanceProfile, ManagedPolicy, PasswordPolicy, Provider, Role, User};
use proofmark_aws_sigv4::sha256_hex;
use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::fmt;

/// Twelve digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId(String);

impl AccountId {
    /// Reads an account's id; none unless it is twelve digits.
    pub fn parse(text: &str) -> Option<Self> {
        (text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())).then(|| Self(text.to_owned()))
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for AccountId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An account and what belongs to it.
#[derive(Debug)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// `models-team`
    pub name: String,
    /// Its name in URLs for signing in, unlike any other account's.
    pub alias: Option<String>,
    /// What passwords of its users must be like, if anybody said so.
    pub password_policy: Option<PasswordPolicy>,
    /// How S3's access control lists name it: 64 hexadecimal digits.
    pub canonical_id: String,
    /// By name.
    pub users: BTreeMap<String, User>,
    /// By name.
    pub groups: BTreeMap<String, Group>,
    /// By name.
    pub roles: BTreeMap<String, Role>,
    /// By name.
    pub instance_profiles: BTreeMap<String, InstanceProfile>,
    /// The account's own managed policies, by ARN.
    pub policies: BTreeMap<String, ManagedPolicy>,
    /// OpenID Connect providers, by ARN.
    pub providers: BTreeMap<String, Provider>,
    /// Block Public Access of S3 for all buckets of the account, if it is configured.
    pub(crate) public_access: Option<crate::s3::PublicAccess>,
    /// KMS keys and aliases.
    pub keys: crate::kms::Keys,
}

impl Account {
    /// An account with nothing in it. Its canonical id follows from its id.
    pub fn new(id: AccountId) -> Self {
        Self {
            name: format!("account-{id}"),
            alias: None,
            password_policy: None,
            canonical_id: sha256_hex(format!("canonical user of {id}").as_bytes()),
            id,
            users: BTreeMap::new(),
            groups: BTreeMap::new(),
            roles: BTreeMap::new(),
            instance_profiles: BTreeMap::new(),
            policies: BTreeMap::new(),
            providers: BTreeMap::new(),
            public_access: None,
            keys: crate::kms::Keys::default(),
        }
    }
}
