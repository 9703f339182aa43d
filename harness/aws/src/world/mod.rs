//! The state of a cloud.
//!
//! Plain data behind one lock: requests read it or write it in one go, so every answer is of one moment. Rooms own their parts
//! ([`crate::iam`], [`crate::s3`], [`crate::kms`]); what several of them need is here.

mod account;
mod cluster;
mod document;
mod entities;
mod organization;
mod pin;
mod session;

pub use account::{Account, AccountId};
pub use cluster::{Association, Cluster};
pub use document::Document;
pub use entities::{
    AccessKey, Group, InstanceProfile, ManagedPolicy, PasswordPolicy, PolicyVersion, Provider, Role, User,
};
pub use organization::{FULL_ACCESS, Organization, OrganizationPolicy, OrganizationalUnit, Parent, PolicyType};
pub use session::Session;

use std::collections::BTreeMap;
use std::sync::Arc;

/// Everything there is.
#[derive(Debug, Default)]
pub struct World {
    /// By id.
    pub accounts: BTreeMap<AccountId, Account>,
    /// Clusters of EKS, by the issuer of their tokens.
    pub clusters: BTreeMap<String, Cluster>,
    /// The organisation that some of the accounts belong to.
    pub organization: Option<Organization>,
    /// Which user a long-term access key belongs to, by key id.
    pub access_keys: BTreeMap<String, (AccountId, String)>,
    /// Temporary credentials, by key id.
    pub sessions: BTreeMap<String, Arc<Session>>,
    /// S3's buckets; their names are unique among all accounts.
    pub buckets: crate::s3::Buckets,
}

impl World {
    /// The account with this id.
    pub fn account(&self, id: &str) -> Option<&Account> {
        self.accounts.get(id)
    }
}
