//! Buckets and what is in them.

mod acl;
mod bucket;
mod data;
mod encryption;
mod object;
mod upload;

pub(crate) use acl::{Acl, Grantee, Permission};
pub(crate) use bucket::{Bucket, Ownership, PublicAccess, Versioning};
pub(crate) use data::{Collector, Data};
pub(crate) use encryption::{DefaultEncryption, Encryption};
pub(crate) use object::{Checksum, Content, Headers, Object, Version};
pub(crate) use upload::{Part, Upload};

use std::collections::BTreeMap;

/// Every bucket, by name.
#[derive(Debug, Default)]
pub struct Buckets(pub(crate) BTreeMap<String, Bucket>);
