//! HTTP as a client: one request, one answer, over any kind of connection.
//!
//! A [`Network`] gives connections: sockets ([`Sockets`]), or pipes inside a process. Everything above it (TLS, HTTP/1.1, proxies, time-outs) is the
//! same for both, so that a loader in a simulated pod does what it does on a machine. Failures keep what the libraries of the original tell apart.

mod body;
mod client;
mod pool;
mod proxy;
mod sockets;
mod tls;
mod url;
mod verifier;

pub use body::Body;
pub(crate) use body::BodyError;
pub(crate) use client::{Client, Request, Response};
pub(crate) use pool::Pool;
pub use sockets::Sockets;
pub(crate) use tls::{BundleError, NameCheck, Trust, bundle, certificates};
pub use url::Url;

use std::future::Future;
use std::pin::Pin;
use tokio::io::{AsyncRead, AsyncWrite};

/// A connection.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A connection that is being made.
pub type Connecting<'a> = Pin<Box<dyn Future<Output = Result<Box<dyn Stream>, ConnectError>> + Send + 'a>>;

/// What gives connections.
pub trait Network: Send + Sync {
    /// Connects to a port of a host, which is a name or an address.
    fn connect<'a>(&'a self, host: &'a str, port: u16) -> Connecting<'a>;
}

/// Why there is no connection.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConnectError {
    /// Nobody has that name.
    #[error("the name cannot be resolved")]
    UnknownName,
    /// Any other failure, with Linux' number for it: 111 is refused.
    #[error("error number {0}")]
    System(i32),
    /// Nothing came within the time for it.
    #[error("timed out")]
    TimedOut,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NetError {
    /// No connection to the host.
    #[error("no connection: {0}")]
    Connect(ConnectError),
    /// No connection to the proxy, which has this URL.
    #[error("no connection to the proxy {0}: {1}")]
    Proxy(Url, ConnectError),
    /// The proxy answered a request for a tunnel with this status.
    #[error("the proxy {0} answered {1}")]
    Tunnel(Url, u16),
    /// TLS did not come about.
    #[error("TLS failed: {0:?}")]
    Tls(TlsError),
    /// The connection was closed before there was an answer.
    #[error("the connection was closed")]
    Closed,
    /// There was no answer within the time for it.
    #[error("no answer in time")]
    ReadTimeout,
    /// What came is no HTTP, or the request cannot be sent.
    #[error("no HTTP: {0}")]
    Protocol(String),
}

/// Why TLS did not come about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TlsError {
    /// The CA bundle cannot be used.
    Bundle(BundleError),
    /// The certificate was refused; OpenSSL's word for it.
    Refused(String),
    /// The certificate is good, but for other names.
    OtherNames(Vec<String>),
    /// The other side does not speak TLS, or not in a way that we do; OpenSSL's words for it.
    Protocol(&'static str),
}
