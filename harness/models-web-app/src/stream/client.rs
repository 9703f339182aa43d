//! A client's part of a stream.

use futures_util::{Stream, stream};
use tokio::sync::mpsc::Receiver;
use tokio::time::timeout;

use super::PAUSE;

/// The frames of a queue, with a heartbeat after each silence.
pub(super) fn stream(frames: Receiver<String>) -> impl Stream<Item = String> + Send {
    stream::unfold(frames, |mut frames| async {
        let frame = match timeout(PAUSE, frames.recv()).await {
            Ok(frame) => frame?,
            Err(_) => ": heartbeat\n\n".to_owned(),
        };
        Some((frame, frames))
    })
}
