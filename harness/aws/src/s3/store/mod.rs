//! Buckets and what is in them.

mod bucket;
mod data;
mod object;

pub(crate) use bucket::{Bucket, Ownership, PublicAccess, Versioning};
pub(crate) use data::{Collector, Data};
pub(crate) use object::{Checksum, Content, Headers, Object, Version};

use std::collections::BTreeMap;

/// Every bucket, by name.
#[derive(Debug, Default)]
pub struct Buckets(pub(crate) BTreeMap<String, Bucket>);
