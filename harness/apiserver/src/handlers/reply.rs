//! What a handler answers with, before it is encoded.

use std::sync::Arc;

use bytes::Bytes;
use proofmark_json::Value;
use proofmark_status::Status;

use crate::body::Body;
use crate::resource::{Discovered, Resource};
use crate::store::Object;

/// An answer.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) content: Content,
}

/// What an answer holds.
pub(crate) enum Content {
    /// One object of a resource, as stored or as it would be.
    Object { resource: Arc<Resource>, object: Arc<Object> },
    /// An object of a kind that no resource stores (a review).
    Other(Value),
    /// The Scale of an object; that of a custom resource has columns of its own.
    Scale { value: Value, custom: bool },
    /// A list of a resource.
    List { resource: Arc<Resource>, list: List },
    /// A watch.
    Watch(super::watch::Watch),
    /// What a deletion answers.
    Status(Status),
    /// A document in a form of its own.
    Document { content_type: &'static str, body: Bytes },
    /// The aggregated document of discovery.
    Groups { content_type: &'static str, document: Arc<Discovered> },
    /// Bytes of a type, as they come.
    Stream { content_type: &'static str, body: Body },
    /// A document of discovery, in JSON or YAML.
    Discovery(Value),
}

/// A list at one revision.
pub(crate) struct List {
    pub(crate) items: Vec<Arc<Object>>,
    pub(crate) revision: u64,
    /// Where the next chunk begins.
    pub(crate) next: Option<String>,
    /// How many objects follow; absent when a selector makes it unknown.
    pub(crate) remaining: Option<usize>,
}

impl Reply {
    pub(crate) fn new(status: u16, content: Content) -> Self {
        Self { status, content }
    }

    /// One object of a resource.
    pub(crate) fn object(status: u16, resource: &Arc<Resource>, object: Arc<Object>) -> Self {
        Self::new(status, Content::Object { resource: resource.clone(), object })
    }
}
