//! Answers that clients in this process get as objects, see [`proofmark_handover`].

use std::borrow::Cow;
use std::sync::Arc;

use futures_util::stream;
use http::{Response, StatusCode};
use proofmark_handover::{Collection, Event, Events, Handed};
use proofmark_json::Value;

use crate::body::Body;
use crate::handlers::{self, Content, Reply, Watch};
use crate::resource::{Resource, shown};
use crate::store::Object;

/// Hands an answer over.
///
/// # Errors
/// The answer itself, if it has to be written: a document, a list in chunks.
pub(crate) fn hand_over(reply: Reply) -> Result<Response<Body>, Box<Reply>> {
    let Reply { status, content } = reply;
    let handed = match content {
        Content::Object { resource, object } => Handed::Object(as_shown(&resource, &object)),
        Content::Other(value) | Content::Scale { value, .. } => Handed::Object(Arc::new(value)),
        Content::Status(status) => Handed::Object(Arc::new(status.to_value())),
        Content::List { resource, list } if list.next.is_none() => Handed::List(Arc::new(Collection {
            resource_version: list.revision.to_string(),
            items: list.items.iter().map(|object| as_shown(&resource, object)).collect(),
        })),
        Content::Groups { document, .. } => Handed::Object(document.value.clone()),
        Content::Watch(watch) => Handed::Watch(Events::new(events(watch))),
        content => return Err(Box::new(Reply { status, content })),
    };
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.extensions_mut().insert(handed);
    Ok(response)
}

fn as_shown(resource: &Resource, object: &Object) -> Arc<Value> {
    match shown(resource, &object.value) {
        Cow::Borrowed(_) => object.value.clone(),
        Cow::Owned(value) => Arc::new(value),
    }
}

fn events(watch: Watch) -> impl futures_util::Stream<Item = Event> {
    stream::unfold(watch, |mut watch| async move {
        let event = watch.next().await?;
        let shown = |object: &Object| as_shown(&watch.resource, object);
        let event = match event {
            handlers::Event::Added(object) => Event::Added(shown(&object)),
            handlers::Event::Modified(object) => Event::Modified(shown(&object)),
            handlers::Event::Deleted(object) => Event::Deleted(shown(&object)),
            handlers::Event::Bookmark(revision, _) => Event::Bookmark(revision.to_string()),
            handlers::Event::Error(status) => Event::Error(Arc::new(status.to_value())),
        };
        Some((event, watch))
    })
}
