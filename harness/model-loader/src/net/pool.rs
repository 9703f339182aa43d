//! Connections that are kept for the next request to the same place.
//!
//! A connection is lent to one request. It comes back when the answer has been read to its end; a body that is dropped before closes it.

use bytes::Bytes;
use http_body_util::Full;
use hyper::client::conn::http1::SendRequest;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// The side of a connection that requests go into.
pub(super) type Sender = SendRequest<Full<Bytes>>;

/// Connections that wait. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct Pool(Arc<Mutex<BTreeMap<String, Vec<Sender>>>>);

impl Pool {
    /// A connection to a place that takes another request, if one is kept.
    pub(super) async fn take(&self, place: &str) -> Option<Sender> {
        loop {
            let mut sender = self.0.lock().unwrap_or_else(PoisonError::into_inner).get_mut(place)?.pop()?;
            // Servers close connections that have waited for too long.
            if sender.ready().await.is_ok() {
                return Some(sender);
            }
        }
    }

    fn put(&self, place: String, sender: Sender) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(place).or_default().push(sender);
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").finish_non_exhaustive()
    }
}

/// A connection that goes back when the answer on it has been read.
pub(super) struct Lent {
    pub(super) pool: Pool,
    pub(super) place: String,
    pub(super) sender: Sender,
}

impl Lent {
    /// Gives the connection back.
    pub(super) fn give_back(self) {
        self.pool.put(self.place, self.sender);
    }
}

impl fmt::Debug for Lent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lent").field("place", &self.place).finish_non_exhaustive()
    }
}
