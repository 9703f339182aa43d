//! Temporary credentials.

use super::{AccountId, Document};
use jiff::Timestamp;
use proofmark_aws_policy::Principal;
use std::collections::{BTreeMap, BTreeSet};

/// What an access key that begins with `ASIA` stands for.
#[derive(Debug, Clone)]
pub struct Session {
    /// The role's session, the user or the root user that it acts as.
    pub principal: Principal,
    /// The account of it.
    pub account: AccountId,
    /// The secret.
    pub secret: String,
    /// The token that goes with the key.
    pub token: String,
    /// When it began: `aws:TokenIssueTime`.
    pub issued: Timestamp,
    /// When it ends.
    pub expires: Timestamp,
    /// Policies given when it was made, inline and managed: the session may do what both they and the role's policies allow.
    pub policies: Option<Vec<(String, Document)>>,
    /// Session tags, which shadow the role's own.
    pub tags: BTreeMap<String, String>,
    /// The keys of those tags that go on to the next role of a chain.
    pub transitive: BTreeSet<String>,
    /// `sts:SourceIdentity`
    pub source_identity: Option<String>,
    /// The OpenID Connect provider's ARN, for sessions that came from a token.
    pub federated_provider: Option<String>,
    /// Keys of that provider which stay in the session: `host/path:sub`, `host/path:aud`.
    pub federated_keys: BTreeMap<String, String>,
    /// Whether the session was made by another session of a role: chains end after one hour.
    pub chained: bool,
}
