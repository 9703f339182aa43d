//! Objects that pass between a server and its clients in one process as they are: neither written as JSON nor read again.
//!
//! A client in the server's process puts [`Welcome`] into the extensions of a request. The server may then leave the body of a good answer empty and put
//! [`Handed`] into the extensions of the response. Neither must: a client reads the body where nothing was handed over, and a server that never heard
//! of this, or stands behind a socket, sees nothing of it. Requests, permissions and answers are the same; only their form is skipped.
//!
//! What is handed over may hold more than was asked for: whole objects where `PartialObjectMetadata` would do, and items of lists that say what they are.
//!
//! A client to which something was handed over knows that the server is in its process. It may then leave the bodies of its requests empty, too, and put
//! [`Offered`] into their extensions.

use std::pin::Pin;
use std::sync::Arc;

use futures_util::Stream;
use parking_lot::Mutex;
use proofmark_json::Value;

/// Says in a request that its sender takes objects as they are.
#[derive(Debug, Clone, Copy)]
pub struct Welcome;

/// What a request holds in place of a body of JSON.
#[derive(Debug, Clone)]
pub struct Offered(pub Value);

/// What a response holds in place of a body.
#[derive(Debug, Clone)]
pub enum Handed {
    /// One object.
    Object(Arc<Value>),
    /// A whole collection.
    List(Arc<Collection>),
    /// What happens to a collection.
    Watch(Events),
}

/// The objects of a collection at one moment.
#[derive(Debug)]
pub struct Collection {
    /// The resourceVersion of the list.
    pub resource_version: String,
    /// The objects, in their order.
    pub items: Vec<Arc<Value>>,
}

/// One thing that happens to a collection.
#[derive(Debug, Clone)]
pub enum Event {
    /// It came, or was there when the watch began.
    Added(Arc<Value>),
    /// It changed.
    Modified(Arc<Value>),
    /// It went; this is how it was last.
    Deleted(Arc<Value>),
    /// Nothing up to this resourceVersion is missing.
    Bookmark(String),
    /// Why the watch ends: a `Status`.
    Error(Arc<Value>),
}

type Boxed = Pin<Box<dyn Stream<Item = Event> + Send>>;

/// The events of a watch. Extensions must be clonable, so clones share one stream, which the first to take it has.
#[derive(Clone)]
pub struct Events(Arc<Mutex<Option<Boxed>>>);

impl Events {
    /// Wraps a stream.
    pub fn new(events: impl Stream<Item = Event> + Send + 'static) -> Self {
        Self(Arc::new(Mutex::new(Some(Box::pin(events)))))
    }

    /// The stream; none if somebody has it already.
    pub fn take(&self) -> Option<impl Stream<Item = Event> + Send + use<>> {
        self.0.lock().take()
    }
}

impl std::fmt::Debug for Events {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Events")
    }
}
