//! What IAM keeps in an account.

use super::Document;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// An IAM user.
#[derive(Debug, Clone)]
pub struct User {
    /// Unique in the account, whatever the path.
    pub name: String,
    /// `/` or `/division/`
    pub path: String,
    /// `AIDA...`
    pub id: String,
    /// When it was made.
    pub created: Timestamp,
    /// Tags, by key.
    pub tags: BTreeMap<String, String>,
    /// Inline policies, by name.
    pub inline: BTreeMap<String, Document>,
    /// ARNs of managed policies.
    pub attached: BTreeSet<String>,
    /// The ARN of the managed policy that is its permissions boundary.
    pub boundary: Option<String>,
    /// Names of its groups.
    pub groups: BTreeSet<String>,
    /// Long-term access keys, by id.
    pub access_keys: BTreeMap<String, AccessKey>,
}

/// A user's long-term access key.
#[derive(Debug, Clone)]
pub struct AccessKey {
    /// The secret.
    pub secret: String,
    /// Whether it is `Active`; `Inactive` keys are refused like unknown ones.
    pub active: bool,
    /// When it was made.
    pub created: Timestamp,
}

/// What passwords must be like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasswordPolicy {
    /// The fewest characters.
    pub shortest: i64,
    /// A symbol is needed.
    pub symbols: bool,
    /// A digit is needed.
    pub numbers: bool,
    /// An upper-case letter is needed.
    pub uppercase: bool,
    /// A lower-case letter is needed.
    pub lowercase: bool,
    /// Users may change their own passwords.
    pub users_change_their_own: bool,
    /// So many days a password is good for; for ever unless told.
    pub days: Option<i64>,
    /// So many earlier passwords may not be used again.
    pub remembered: Option<i64>,
    /// Who lets a password expire needs an administrator.
    pub hard_expiry: bool,
}

/// A group of users.
#[derive(Debug, Clone)]
pub struct Group {
    /// Unique in the account.
    pub name: String,
    /// `/`
    pub path: String,
    /// `AGPA...`
    pub id: String,
    /// When it was made.
    pub created: Timestamp,
    /// Inline policies, by name.
    pub inline: BTreeMap<String, Document>,
    /// ARNs of managed policies.
    pub attached: BTreeSet<String>,
}

/// A role.
#[derive(Debug, Clone)]
pub struct Role {
    /// Unique in the account, whatever the path.
    pub name: String,
    /// `/` or `/service-role/`
    pub path: String,
    /// `AROA...`: another one when a role is deleted and made again.
    pub id: String,
    /// When it was made.
    pub created: Timestamp,
    /// Who may assume it. Users and roles in it are pinned to their unique ids when it is saved.
    pub trust: Document,
    /// Words about it.
    pub description: String,
    /// The longest session, in seconds: 3,600 to 43,200.
    pub max_session_seconds: i64,
    /// Tags, by key.
    pub tags: BTreeMap<String, String>,
    /// Inline policies, by name.
    pub inline: BTreeMap<String, Document>,
    /// ARNs of managed policies.
    pub attached: BTreeSet<String>,
    /// The ARN of the managed policy that is its permissions boundary.
    pub boundary: Option<String>,
}

/// A managed policy.
#[derive(Debug, Clone)]
pub struct ManagedPolicy {
    /// Its name.
    pub name: String,
    /// `/`
    pub path: String,
    /// `ANPA...`
    pub id: String,
    /// When it was made.
    pub created: Timestamp,
    /// Words about it.
    pub description: String,
    /// Tags, by key.
    pub tags: BTreeMap<String, String>,
    /// By number: `v1`, `v2`, ...; at most five.
    pub versions: BTreeMap<u32, PolicyVersion>,
    /// The number of the version that counts.
    pub default_version: u32,
    /// The highest number that a version had; numbers are not used again.
    pub last_version: u32,
}

impl ManagedPolicy {
    /// The document that counts.
    pub fn document(&self) -> Option<&Document> {
        self.versions.get(&self.default_version).map(|version| &version.document)
    }
}

/// One version of a managed policy.
#[derive(Debug, Clone)]
pub struct PolicyVersion {
    /// The document.
    pub document: Document,
    /// When it was made.
    pub created: Timestamp,
}

/// An OpenID Connect provider that an account trusts.
#[derive(Debug, Clone)]
pub struct Provider {
    /// `https://oidc.example.com/id/1`, without a slash at the end.
    pub url: String,
    /// The audiences that it accepts.
    pub client_ids: BTreeSet<String>,
    /// SHA-1 digests of certificates in the chain of the issuer's server.
    pub thumbprints: Vec<String>,
    /// When it was made.
    pub created: Timestamp,
    /// Tags, by key.
    pub tags: BTreeMap<String, String>,
}

/// What an EC2 instance carries its role in.
#[derive(Debug, Clone)]
pub struct InstanceProfile {
    /// Unique in the account.
    pub name: String,
    /// `/`
    pub path: String,
    /// `AIPA...`
    pub id: String,
    /// When it was made.
    pub created: Timestamp,
    /// The name of its role; at most one.
    pub role: Option<String>,
    /// Tags, by key.
    pub tags: BTreeMap<String, String>,
}
