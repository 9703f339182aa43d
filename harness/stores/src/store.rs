//! A store by its address.

use std::fmt;

/// A store that speaks S3.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Store {
    /// What people call it: `MinIO`
    pub name: String,
    /// `http://127.0.0.1:9000`; buckets are in the path.
    pub url: String,
    /// `us-east-1`
    pub region: String,
    /// The access key of whoever may do everything.
    pub access_key_id: String,
    /// Its secret.
    pub secret_access_key: String,
    /// What it can do.
    pub abilities: Vec<Ability>,
}

/// What a store can do beyond keeping objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ability {
    /// It refuses requests whose signature is wrong or missing.
    Signatures,
    /// It takes keys with `..` in them, as S3 does.
    AnyKey,
    /// Policies of buckets decide about whom they name.
    BucketPolicies,
    /// It has accounts that do not trust each other.
    Accounts,
    /// It trades tokens of OpenID Connect issuers for roles.
    WebIdentity,
    /// It asks a key's own policy before it reads.
    Keys,
}

impl fmt::Display for Ability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Signatures => "check signatures",
            Self::AnyKey => "take keys with `..`",
            Self::BucketPolicies => "decide by the policies of buckets",
            Self::Accounts => "keep accounts apart",
            Self::WebIdentity => "trade tokens for roles",
            Self::Keys => "decide by the policies of keys",
        })
    }
}

impl Store {
    /// A store at an address. It is taken for one that checks signatures, and for nothing more.
    pub fn at(url: impl Into<String>, access_key_id: impl Into<String>, secret_access_key: impl Into<String>) -> Self {
        let url = url.into();
        Self {
            name: format!("the store at {url}"),
            url,
            region: "us-east-1".to_owned(),
            access_key_id: access_key_id.into(),
            secret_access_key: secret_access_key.into(),
            abilities: vec![Ability::Signatures],
        }
    }

    /// Whether it can do this.
    pub fn can(&self, ability: Ability) -> bool {
        self.abilities.contains(&ability)
    }

    /// The first of these that it cannot do.
    pub fn lacks(&self, needed: &[Ability]) -> Option<Ability> {
        needed.iter().copied().find(|ability| !self.can(*ability))
    }
}
