//! Writes a part while more of it arrives: in pieces, by a thread that may wait for the disk, with at most one piece on its way.

use super::FetchError;
use super::checksum::PartSum;
use super::partial::Partial;
use bytes::Bytes;
use std::io;
use std::sync::Arc;
use tokio::task::{self, JoinHandle};

/// So many bytes are written at once.
const PIECE: usize = 1 << 20;

/// Writes one part. Memory is bounded by two pieces and what the connection brings at once.
pub(super) struct Writer {
    partial: Arc<Partial>,
    /// Where the next piece belongs.
    at: u64,
    waiting: Vec<Bytes>,
    bytes: usize,
    sum: Option<PartSum>,
    under_way: Option<JoinHandle<Result<Option<PartSum>, FetchError>>>,
}

impl Writer {
    /// Begins a part at its place.
    pub(super) fn new(partial: &Arc<Partial>, start: u64, sum: Option<PartSum>) -> Self {
        Self { partial: partial.clone(), at: start, waiting: Vec::new(), bytes: 0, sum, under_way: None }
    }

    /// Takes the next bytes.
    pub(super) async fn write(&mut self, bytes: Bytes) -> Result<(), FetchError> {
        self.bytes += bytes.len();
        self.waiting.push(bytes);
        if self.bytes >= PIECE { self.flush().await } else { Ok(()) }
    }

    /// Waits until everything is written; the checksum of the part.
    pub(super) async fn finish(mut self) -> Result<Option<PartSum>, FetchError> {
        self.flush().await?;
        self.settle().await?;
        Ok(self.sum)
    }

    async fn flush(&mut self) -> Result<(), FetchError> {
        self.settle().await?;
        let (partial, at) = (self.partial.clone(), self.at);
        let (piece, mut sum) = (std::mem::take(&mut self.waiting), self.sum.take());
        self.at += self.bytes as u64;
        self.bytes = 0;
        self.under_way = Some(task::spawn_blocking(move || {
            partial.write(at, &piece)?;
            if let Some(sum) = &mut sum {
                piece.iter().for_each(|bytes| sum.update(bytes));
            }
            Ok(sum)
        }));
        Ok(())
    }

    /// Waits for the piece that is on its way.
    async fn settle(&mut self) -> Result<(), FetchError> {
        let Some(under_way) = self.under_way.take() else { return Ok(()) };
        self.sum = under_way.await.map_err(|why| self.partial.failed(io::Error::other(why)))??;
        Ok(())
    }
}
