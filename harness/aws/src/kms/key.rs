//! Keys, aliases and grants, as they are kept.

use crate::world::{Document, World};
use jiff::Timestamp;
use std::collections::BTreeMap;

/// Keys and aliases of an account, in every region.
#[derive(Debug, Default)]
pub struct Keys {
    /// By ARN.
    pub keys: BTreeMap<String, Key>,
    /// By the alias' ARN.
    pub aliases: BTreeMap<String, Alias>,
}

/// A symmetric key.
#[derive(Debug)]
pub struct Key {
    /// A UUID.
    pub id: String,
    /// `arn:aws:kms:eu-west-1:111111111111:key/...`
    pub arn: String,
    /// The account that owns it.
    pub account: String,
    /// When it was made.
    pub created: Timestamp,
    /// Words about it.
    pub description: String,
    /// Who may use it: without it, nobody may.
    pub policy: Document,
    /// Whether and how long it can be used.
    pub state: KeyState,
    /// Tags, by key.
    pub tags: BTreeMap<String, String>,
    /// Grants, by id.
    pub grants: BTreeMap<String, Grant>,
    /// Whether AWS made it for a service: `aws/s3`.
    pub managed_by_aws: bool,
    /// Whether it is turned every year.
    pub rotates: bool,
    /// 32 bytes that never leave.
    pub(super) material: [u8; 32],
}

/// Whether a key can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyState {
    /// It can.
    Enabled,
    /// Not for now.
    Disabled,
    /// It goes at this time.
    PendingDeletion(Timestamp),
}

impl KeyState {
    /// `Enabled`, `Disabled`, `PendingDeletion`
    pub fn name(self) -> &'static str {
        match self {
            Self::Enabled => "Enabled",
            Self::Disabled => "Disabled",
            Self::PendingDeletion(_) => "PendingDeletion",
        }
    }
}

/// Another name of a key.
#[derive(Debug, Clone)]
pub struct Alias {
    /// `alias/models`
    pub name: String,
    /// The key's ARN.
    pub key: String,
    /// When it was made.
    pub created: Timestamp,
    /// When it last got another key.
    pub updated: Timestamp,
}

/// A permission that goes with the key, beside its policy.
#[derive(Debug, Clone)]
pub struct Grant {
    /// Its name, if it has one.
    pub name: Option<String>,
    /// What stands for it before it is known everywhere, and names it when it is retired.
    pub token: String,
    /// The ARN of who may.
    pub grantee: String,
    /// The ARN of who may end it.
    pub retiring: Option<String>,
    /// `Decrypt`, `GenerateDataKey`, ...
    pub operations: Vec<String>,
    /// The constraints as they were given.
    pub constraints: Option<proofmark_json::Value>,
    /// The same as a statement that allows.
    pub statement: Document,
    /// When it was made.
    pub created: Timestamp,
    /// Whose account made it.
    pub issued_by: String,
}

impl World {
    /// The key with this ARN, in whichever account.
    pub fn key(&self, arn: &str) -> Option<&Key> {
        let account = proofmark_aws_policy::Arn::parse(arn)?.account;
        self.account(account)?.keys.keys.get(arn)
    }

    pub(super) fn key_mut(&mut self, arn: &str) -> Option<&mut Key> {
        let account = proofmark_aws_policy::Arn::parse(arn)?.account.to_owned();
        self.accounts.get_mut(account.as_str())?.keys.keys.get_mut(arn)
    }
}
