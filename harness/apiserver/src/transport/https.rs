//! One port, TLS, HTTP/1.1 and HTTP/2; client certificates are asked for and judged by the server, not by the handshake.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::socket::Socket;
use crate::ApiServer;
use crate::authn::PeerCertificates;
use crate::faults::ConnectionReset;
use crate::service::answer;

/// How long a client may take for the handshake.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a connection may wait for its next request, and a client take for the head of one.
const IDLE: Duration = Duration::from_secs(180);

/// A server that cannot listen.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// The address cannot be bound.
    #[error("failed to listen on {address}")]
    Bind {
        /// The address asked for.
        address: SocketAddr,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The server's certificate could not be made.
    #[error("failed to make the server's certificate")]
    Certificate(#[from] proofmark_identity::CertError),
}

/// A bound port. Bind first, build the server with its address, then [`Listener::serve`].
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    address: SocketAddr,
}

impl Listener {
    /// Binds an address; port 0 takes a free one.
    pub async fn bind(address: SocketAddr) -> Result<Self, TransportError> {
        let fail = |source| TransportError::Bind { address, source };
        let socket = TcpListener::bind(address).await.map_err(fail)?;
        let bound = socket.local_addr().map_err(fail)?;
        Ok(Self { socket, address: bound })
    }

    /// The address that was bound.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until the token is cancelled; then ends every connection, watches included.
    pub async fn serve(self, server: ApiServer, stop: CancellationToken) -> Result<(), TransportError> {
        let ip = self.address.ip().to_string();
        let certificate = server.authority().issue_server(&[&ip], server.now())?;
        let config = Arc::new(server.authority().server_config(&certificate)?);
        let acceptor = TlsAcceptor::from(config);
        let connections = TaskTracker::new();
        loop {
            let stream = tokio::select! {
                () = stop.cancelled() => break,
                accepted = self.socket.accept() => match accepted {
                    Ok((stream, _)) => stream,
                    Err(error) => {
                        // Out of file descriptors, mostly: others may end meanwhile.
                        tracing::warn!(%error, "failed to accept a connection");
                        tokio::time::sleep(Duration::from_millis(50)).await;
                        continue;
                    }
                },
            };
            let (server, acceptor, stop) = (server.clone(), acceptor.clone(), stop.clone());
            let reset = CancellationToken::new();
            connections.spawn(async move {
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = reset.cancelled() => {}
                    () = connection(server, acceptor, stream, reset.clone()) => {}
                }
            });
        }
        connections.close();
        connections.wait().await;
        Ok(())
    }
}

/// Serves one connection. Cancelling `reset`, as a fault does, ends it at once and without an orderly close.
async fn connection(server: ApiServer, acceptor: TlsAcceptor, stream: TcpStream, reset: CancellationToken) {
    let _ = stream.set_nodelay(true);
    let socket = Socket::new(stream, reset.clone());
    let tls = match tokio::time::timeout(PATIENCE, acceptor.accept(socket)).await {
        Ok(Ok(tls)) => tls,
        Ok(Err(error)) => return tracing::debug!(%error, "TLS handshake failed"),
        Err(_) => return tracing::debug!("TLS handshake took too long"),
    };
    let peer = tls.get_ref().1.peer_certificates().map(|chain| chain.iter().map(|c| c.clone().into_owned()).collect());
    let peer = PeerCertificates(peer.unwrap_or_default());
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(peer.clone());
        let (server, reset) = (server.clone(), reset.clone());
        async move {
            match answer(&server, request).await {
                Ok(response) => Ok::<_, Infallible>(response),
                Err(ConnectionReset) => {
                    // Nothing more is written, not even that this request failed.
                    reset.cancel();
                    std::future::pending().await
                }
            }
        }
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(IDLE);
    builder.http2().timer(TokioTimer::new());
    if let Err(error) = builder.serve_connection_with_upgrades(TokioIo::new(tls), service).await {
        tracing::debug!(error, "connection ended");
    }
}
