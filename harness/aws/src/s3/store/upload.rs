//! Uploads in parts that are not yet objects.

use super::{Acl, Checksum, Data, Encryption, Headers};
use crate::world::AccountId;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// An upload.
#[derive(Debug, Clone)]
pub(crate) struct Upload {
    pub(crate) key: String,
    pub(crate) initiated: Timestamp,
    pub(crate) initiator: AccountId,
    /// What the object will have.
    pub(crate) owner: AccountId,
    pub(crate) acl: Acl,
    pub(crate) headers: Headers,
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) encryption: Encryption,
    /// The algorithm of the parts' checksums.
    pub(crate) algorithm: &'static str,
    /// Whether the client chose the algorithm.
    pub(crate) chosen: bool,
    /// Whether the object's checksum will be one of the parts' checksums.
    pub(crate) composite: bool,
    /// By number.
    pub(crate) parts: BTreeMap<i32, Part>,
}

/// A part that has arrived.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    pub(crate) data: Data,
    pub(crate) md5: [u8; 16],
    pub(crate) checksum: Checksum,
    pub(crate) modified: Timestamp,
}
