//! Watches: cursors into a resource's event log.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;
use proofmark_latest as latest;

use super::versions::Change;

/// How many changes a resource remembers for watches that begin in the past (as many as kube-apiserver's watch cache at most).
const KEPT: usize = 100_000;
/// And how many bytes of text their objects may have together. An object in memory is several times as large as its text.
const KEPT_TEXT: usize = 128 << 20;

/// A resource's changes in order, and how its watchers are woken.
#[derive(Debug)]
pub(super) struct Log {
    inner: Mutex<Inner>,
    wake: latest::Sender<u64>,
}

#[derive(Debug)]
struct Inner {
    /// Changes up to this revision are forgotten.
    compacted: u64,
    changes: VecDeque<Change>,
    /// How many bytes of text the changed objects have.
    text: usize,
}

impl Log {
    /// An empty log whose changes up to a revision are forgotten.
    pub(super) fn new(compacted: u64) -> Self {
        Self { inner: Mutex::new(Inner { compacted, changes: VecDeque::new(), text: 0 }), wake: latest::Sender::new(0) }
    }

    pub(super) fn push(&self, change: Change) {
        let revision = change.revision;
        {
            let mut inner = self.inner.lock();
            inner.text += change.text;
            inner.changes.push_back(change);
            while inner.changes.len() > KEPT || inner.text > KEPT_TEXT {
                let Some(old) = inner.changes.pop_front() else { break };
                inner.text -= old.text;
                inner.compacted = old.revision;
            }
        }
        self.wake.send_replace(revision);
    }

    pub(super) fn compact(&self, revision: u64) {
        let mut inner = self.inner.lock();
        inner.compacted = revision;
        inner.changes.retain(|c| c.revision > revision);
        inner.text = inner.changes.iter().map(|change| change.text).sum();
    }

    /// The changes after `revision`, or where history begins if that is later.
    pub(super) fn after(&self, revision: u64) -> Result<Vec<Change>, Compacted> {
        let inner = self.inner.lock();
        if revision < inner.compacted {
            return Err(Compacted { oldest: inner.compacted });
        }
        let from = inner.changes.partition_point(|c| c.revision <= revision);
        Ok(inner.changes.range(from..).cloned().collect())
    }
}

/// The history that a watch asked for is no longer kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Compacted {
    /// The revision from which history is kept.
    pub(crate) oldest: u64,
}

/// A place in a resource's history, moving forward.
#[derive(Debug)]
pub(crate) struct Cursor {
    log: Arc<Log>,
    revision: u64,
    wake: latest::Receiver<u64>,
}

impl Cursor {
    pub(super) fn new(log: Arc<Log>, revision: u64) -> Self {
        let wake = log.wake.subscribe();
        Self { log, revision, wake }
    }

    /// Waits for the next changes: at least one, in order, each exactly once.
    pub(crate) async fn next(&mut self) -> Result<Vec<Change>, Compacted> {
        loop {
            self.wake.mark_unchanged();
            let changes = self.log.after(self.revision)?;
            if let Some(last) = changes.last() {
                self.revision = last.revision;
                return Ok(changes);
            }
            if self.wake.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proofmark_json::json;

    use super::super::{Object, Precondition, Store};
    use super::{Change, Compacted, KEPT_TEXT, Log};

    #[tokio::test]
    async fn a_cursor_sees_every_change_once_and_in_order() {
        let store = Arc::new(Store::new());
        let pods: Arc<str> = "/registry/pods".into();
        let mut cursor = store.watch(&pods, 0);
        let writer = tokio::spawn({
            let (store, pods) = (store.clone(), pods.clone());
            async move {
                for n in 0..500 {
                    store.put(&pods, &format!("n/{n}"), json!({"metadata": {}}), Precondition::Absent).unwrap();
                    tokio::task::yield_now().await;
                }
            }
        });
        let mut seen = Vec::new();
        while seen.len() < 500 {
            seen.extend(cursor.next().await.unwrap().into_iter().map(|c| c.revision));
        }
        writer.await.unwrap();
        assert!(seen.windows(2).all(|w| w[0] < w[1]));
        assert_eq!(seen.len(), 500);
    }

    #[tokio::test]
    async fn history_that_was_compacted_is_gone() {
        let store = Store::new();
        let pods: Arc<str> = "/registry/pods".into();
        let object = store.put(&pods, "n/a", json!({"metadata": {}}), Precondition::Absent).unwrap();
        store.compact();
        assert_eq!(store.watch(&pods, 0).next().await.unwrap_err(), Compacted { oldest: object.revision });
    }

    #[test]
    fn history_is_bounded_by_its_text() {
        let log = Log::new(0);
        for revision in 1..=3 {
            let new = Arc::new(Object::new(revision, json!({"metadata": {}})));
            log.push(Change { revision, old: None, new, deleted: false, place: "n/a".into(), text: KEPT_TEXT / 2 });
        }
        assert_eq!(log.after(0).unwrap_err(), Compacted { oldest: 1 });
        assert_eq!(log.after(1).unwrap().len(), 2);
    }
}
