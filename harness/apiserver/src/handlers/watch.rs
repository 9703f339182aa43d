//! Watches: changes of a collection (or of one object) as a stream of events.
//!
//! An object that begins or ceases to match the selectors is ADDED or DELETED to this watcher, whatever really happened to it.
//! Source: `k8s.io/apiserver/pkg/storage/cacher`, KEP-3157 (streaming lists), release 1.35.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use proofmark_json::{Value, json};
use proofmark_status::{Reason, Status};
use tokio::time::Instant;

use super::read::Selection;
use super::reply::Content;
use super::{Reply, Target, body};
use crate::refusal::Refusal;
use crate::request::ListOptions;
use crate::resource::{Resource, read_kept};
use crate::server::{Call, Inner};
use crate::store::{Change, Cursor, Object};

/// How long a watch lasts when the client does not say.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(1800);
/// How often bookmarks come to those who asked for them.
const BOOKMARK_EVERY: Duration = Duration::from_secs(60);

/// An event, before it is encoded.
#[derive(Debug, Clone)]
pub(crate) enum Event {
    Added(Arc<Object>),
    Modified(Arc<Object>),
    Deleted(Arc<Object>),
    /// A revision up to which nothing is missing; whether the initial events end here.
    Bookmark(u64, bool),
    Error(Box<Status>),
}

/// A watch that was opened.
pub(crate) struct Watch {
    server: Arc<Inner>,
    pub(crate) resource: Arc<Resource>,
    selection: Selection,
    namespace: String,
    pending: VecDeque<Event>,
    cursor: Cursor,
    revision: u64,
    bookmarks: bool,
    next_bookmark: Instant,
    ends: Instant,
    over: bool,
    cut: Option<Cut>,
}

/// How a watch ends before its time.
struct Cut {
    /// How many events are still sent.
    after: u64,
    /// The revision before which history is then said to be gone; none: nothing is said.
    gone: Option<u64>,
}

/// Opens a watch.
pub(super) async fn watch(call: &Call<'_>, target: &Target<'_>) -> Result<Reply, Refusal> {
    let options = ListOptions::read(call.exchange.query)?;
    let mut selection = Selection::of(&options, target)?;
    if !target.name.is_empty() {
        selection.name(target.name);
    }
    let from = options.revision().map_err(|why| Refusal::untyped(500, why))?;
    let snapshot = call.server.store.snapshot();
    let mut pending = VecDeque::new();
    // Without a revision, or asked to, a watch begins with what there is.
    let begin_with_state = options.initial_events.unwrap_or(from == 0);
    let start = if begin_with_state || from == 0 { snapshot.revision() } else { from };
    if begin_with_state {
        let there = super::read::select(call, &snapshot, target, &selection, (None, None)).await?;
        pending.extend(there.into_iter().map(|(_, object)| Event::Added(object)));
        if options.initial_events == Some(true) && options.bookmarks {
            pending.push_back(Event::Bookmark(snapshot.revision(), true));
        }
    }
    // Time that was over before it began.
    if options.timeout.is_some_and(|timeout| timeout < 0) {
        let late = Status::new(500, Reason::InternalError, "context deadline exceeded");
        pending = VecDeque::from([Event::Error(Box::new(late))]);
    }
    let seconds = options.timeout.and_then(|t| u64::try_from(t).ok()).filter(|t| *t > 0);
    let watch = Watch {
        cursor: call.server.store.watch(&target.resource.prefix, start),
        server: call.server.clone(),
        resource: target.resource.clone(),
        namespace: target.namespace.to_owned(),
        revision: start,
        ends: Instant::now() + seconds.map_or(DEFAULT_TIMEOUT, Duration::from_secs),
        next_bookmark: Instant::now() + BOOKMARK_EVERY,
        over: false,
        cut: None,
        selection,
        pending,
        bookmarks: options.bookmarks,
    };
    Ok(Reply::new(200, Content::Watch(watch)))
}

impl Watch {
    /// Ends the watch after so many events; with `gone` one more says that history before this revision is gone.
    pub(crate) fn end_after(&mut self, events: u64, gone: Option<u64>) {
        self.cut = Some(Cut { after: events, gone });
    }

    /// The next event; none when the watch is over.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        if let Some(cut) = &mut self.cut {
            match cut.after.checked_sub(1) {
                Some(left) => cut.after = left,
                None => {
                    return Some(Event::Error(Box::new(expired(
                        self.revision,
                        cut.gone.take()?.max(self.revision + 1),
                    ))));
                }
            }
        }
        self.following().await
    }

    async fn following(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.pending.pop_front() {
                self.over |= matches!(event, Event::Error(_));
                return Some(event);
            }
            if self.over {
                return None;
            }
            let bookmark_at = if self.bookmarks { self.next_bookmark } else { self.ends };
            tokio::select! {
                biased;
                changes = self.cursor.next() => match changes {
                    Ok(changes) => self.take(changes).await,
                    Err(compacted) => self.pending.push_back(Event::Error(Box::new(expired(self.revision, compacted.oldest)))),
                },
                () = tokio::time::sleep_until(self.ends.min(bookmark_at)) => {
                    if Instant::now() >= self.ends {
                        return None;
                    }
                    self.next_bookmark = Instant::now() + BOOKMARK_EVERY;
                    return Some(Event::Bookmark(self.revision, false));
                }
            }
        }
    }

    async fn take(&mut self, changes: Vec<Change>) {
        for change in changes {
            // A watch ends where a conversion fails, as it does when the real server's cache does.
            if self.take_one(change).await.is_err() {
                self.over = true;
                return;
            }
        }
    }

    async fn take_one(&mut self, change: Change) -> Result<(), Refusal> {
        self.revision = change.revision;
        let inside = self.namespace.is_empty()
            || !self.resource.namespaced
            || change.place.split_once('/').is_some_and(|(n, _)| n == self.namespace);
        if !inside {
            return Ok(());
        }
        let old = match &change.old {
            Some(old) => Some(read_kept(&self.server, &self.resource, old).await?),
            None => None,
        };
        let new = match change.deleted {
            true => None,
            false => Some(read_kept(&self.server, &self.resource, &change.new).await?),
        };
        let takes = |object: &Arc<Object>| self.selection.takes(&self.resource, &object.value);
        let event = match (old.filter(takes), new.filter(takes)) {
            (None, Some(new)) => Event::Added(new),
            (Some(_), Some(new)) => Event::Modified(new),
            // A watcher learns of an object that left: as it last saw it, at the revision at which it left.
            (Some(old), None) => Event::Deleted(Arc::new(Object::new(change.revision, Value::clone(&old.value)))),
            (None, None) => return Ok(()),
        };
        self.pending.push_back(event);
        Ok(())
    }
}

/// 410 inside a watch that began before history.
fn expired(revision: u64, oldest: u64) -> Status {
    Status::new(410, Reason::Expired, format!("too old resource version: {revision} ({oldest})"))
}

/// The object of a bookmark.
pub(crate) fn bookmark(resource: &Resource, revision: u64, initial_events_end: bool) -> Value {
    let mut object = json!({
        "kind": resource.kind,
        "apiVersion": resource.group_version(),
        "metadata": {"resourceVersion": revision.to_string(), "creationTimestamp": null},
    });
    if initial_events_end {
        object["metadata"]["annotations"] = json!({"k8s.io/initial-events-end": "true"});
    }
    body::complete(resource, &mut object);
    object
}
