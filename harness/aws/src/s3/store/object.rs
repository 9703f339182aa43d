//! Objects and their versions.

use super::{Acl, Data, Encryption};
use crate::world::AccountId;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;

/// One version of a key.
#[derive(Debug, Clone)]
pub(crate) struct Version {
    /// None where versioning is not enabled: the version `null`.
    pub(crate) id: Option<String>,
    /// When it was written.
    pub(crate) modified: Timestamp,
    /// An object, or the mark that the key is deleted.
    pub(crate) content: Content,
}

/// What a version is.
#[derive(Debug, Clone)]
pub(crate) enum Content {
    /// An object.
    Object(Arc<Object>),
    /// A delete marker.
    Deleted,
}

impl Version {
    /// The object, unless it is a delete marker.
    pub(crate) fn object(&self) -> Option<&Arc<Object>> {
        match &self.content {
            Content::Object(object) => Some(object),
            Content::Deleted => None,
        }
    }

    /// `null`, or the id.
    pub(crate) fn shown_id(&self) -> &str {
        self.id.as_deref().unwrap_or("null")
    }
}

/// An object.
#[derive(Debug, Clone)]
pub(crate) struct Object {
    /// Its bytes.
    pub(crate) data: Data,
    /// Without quotes.
    pub(crate) etag: String,
    /// What is kept and given back with it.
    pub(crate) headers: Headers,
    /// The checksum, over the whole or of the parts' checksums.
    pub(crate) checksum: Option<Checksum>,
    /// Tags, by key.
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) encryption: Encryption,
    /// The account that it belongs to.
    pub(crate) owner: AccountId,
    /// Counts unless the bucket's ownership controls say otherwise.
    pub(crate) acl: Acl,
    /// The sizes of the parts that it was uploaded in; empty unless it was.
    pub(crate) parts: Vec<u64>,
}

/// Headers that belong to the object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Headers {
    pub(crate) cache_control: Option<String>,
    pub(crate) content_disposition: Option<String>,
    pub(crate) content_encoding: Option<String>,
    pub(crate) content_language: Option<String>,
    pub(crate) content_type: Option<String>,
    pub(crate) expires: Option<String>,
    pub(crate) storage_class: Option<String>,
    pub(crate) website_redirect: Option<String>,
    /// `x-amz-meta-*`, without that.
    pub(crate) metadata: BTreeMap<String, String>,
}

/// A checksum: an algorithm (`CRC32`, `CRC32C`, `CRC64NVME`, `SHA1`, `SHA256`) and its value in base64.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Checksum {
    pub(crate) algorithm: String,
    pub(crate) value: String,
    /// Whether it is a checksum of the parts' checksums (`COMPOSITE`) and not of the bytes (`FULL_OBJECT`).
    pub(crate) composite: bool,
}
