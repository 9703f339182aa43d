//! The body of an answer, as it arrives.

use super::pool::Lent;
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::{Body as _, Incoming};
use std::time::Duration;

/// The body of an answer.
#[derive(Debug)]
pub struct Body {
    incoming: Incoming,
    read_timeout: Option<Duration>,
    received: u64,
    expected: Option<u64>,
    /// The connection, where it is to be kept.
    lent: Option<Lent>,
}

/// Why a body did not arrive as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum BodyError {
    /// The connection ended too soon.
    Incomplete {
        /// Bytes that came.
        received: u64,
        /// Bytes that the headers promised, if they did.
        expected: Option<u64>,
    },
    /// Nothing came for too long.
    TimedOut,
}

impl Body {
    pub(super) fn new(
        incoming: Incoming,
        expected: Option<u64>,
        read_timeout: Option<Duration>,
        lent: Option<Lent>,
    ) -> Self {
        let mut body = Self { incoming, read_timeout, received: 0, expected, lent };
        body.release();
        body
    }

    /// Gives the connection back when nothing more comes on it.
    fn release(&mut self) {
        if self.incoming.is_end_stream()
            && let Some(lent) = self.lent.take()
        {
            lent.give_back();
        }
    }

    /// The next bytes; nothing at the end.
    pub(crate) async fn chunk(&mut self) -> Result<Option<Bytes>, BodyError> {
        loop {
            let frame = match self.read_timeout {
                Some(limit) => {
                    tokio::time::timeout(limit, self.incoming.frame()).await.map_err(|_| BodyError::TimedOut)?
                }
                None => self.incoming.frame().await,
            };
            match frame {
                None => {
                    self.release();
                    return Ok(None);
                }
                Some(Err(_)) => return Err(BodyError::Incomplete { received: self.received, expected: self.expected }),
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        self.received += data.len() as u64;
                        self.release();
                        return Ok(Some(data));
                    }
                }
            }
        }
    }

    /// All of it.
    pub(crate) async fn bytes(mut self) -> Result<Bytes, BodyError> {
        let mut all = BytesMut::new();
        while let Some(chunk) = self.chunk().await? {
            all.extend_from_slice(&chunk);
        }
        Ok(all.freeze())
    }
}
