//! What the API server asks of the nodes that run pods.
//!
//! A real API server opens a connection to the kubelet of the pod's node. Here whoever simulates the nodes implements [`Kubelet`] and hands it
//! to [`crate::ApiServer::serve_nodes`]; without one such requests are answered with 501 `not simulated`.

use std::pin::Pin;

use bytes::Bytes;
use futures_util::Stream;
use jiff::Timestamp;
use proofmark_json::Value;

/// Text of a log as it comes; ends with the log.
pub type LogStream = Pin<Box<dyn Stream<Item = Bytes> + Send>>;

/// Which lines of a log are wanted (`PodLogOptions`; the container is named besides).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LogOptions {
    /// Go on with what is still to be written.
    pub follow: bool,
    /// The run before the present one.
    pub previous: bool,
    /// Nothing older than this.
    pub since: Option<Timestamp>,
    /// Each line with its time in front.
    pub timestamps: bool,
    /// No more than so many lines, the last ones.
    pub tail_lines: Option<u64>,
    /// No more than so many bytes.
    pub limit_bytes: Option<u64>,
    /// What the process wrote to.
    pub streams: LogStreams,
}

/// What a process wrote to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogStreams {
    /// Both, in order.
    #[default]
    All,
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// Why a node cannot do what is asked, in the kubelet's words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KubeletError {
    /// 400: it makes no sense in the container's present state.
    #[error("{0}")]
    BadRequest(String),
    /// 404: the node does not know the pod or its container.
    #[error("{0}")]
    NotFound(String),
}

/// The nodes of a cluster, seen from the API server.
pub trait Kubelet: Send + Sync {
    /// The log of a container. `pod` is the pod as stored, which has been assigned to a node, and has a container of this name.
    ///
    /// # Errors
    /// When there is no such log.
    fn logs(&self, pod: &Value, container: &str, options: &LogOptions) -> Result<LogStream, KubeletError>;
}
