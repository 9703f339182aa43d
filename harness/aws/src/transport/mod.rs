//! The cloud behind a socket, with or without TLS.

mod unread;

use crate::service::Peer;
use crate::{Body, Cloud, Service};
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use unread::Rest;

/// How long a client may take for the handshake.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a connection may wait for its next request, and a client take for the head of one.
const IDLE: Duration = Duration::from_secs(180);

/// A bound port.
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    address: SocketAddr,
    tls: Option<Arc<rustls::ServerConfig>>,
    only: Option<Service>,
}

impl Listener {
    /// Binds an address; port 0 takes a free one.
    ///
    /// # Errors
    /// Whatever the operating system says.
    pub async fn bind(address: SocketAddr) -> std::io::Result<Self> {
        let socket = TcpListener::bind(address).await?;
        let address = socket.local_addr()?;
        Ok(Self { socket, address, tls: None, only: None })
    }

    /// Speaks TLS.
    #[must_use]
    pub fn with_tls(mut self, config: Arc<rustls::ServerConfig>) -> Self {
        self.tls = Some(config);
        self
    }

    /// Serves one service, whatever requests mean: an endpoint of S3 takes a call to STS for one to S3, as the real one does.
    #[must_use]
    pub fn only(mut self, service: Service) -> Self {
        self.only = Some(service);
        self
    }

    /// The address that was bound.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until the token is cancelled; then ends every connection.
    pub async fn serve(self, cloud: Cloud, stop: CancellationToken) {
        let connections = TaskTracker::new();
        loop {
            let (stream, peer) = tokio::select! {
                () = stop.cancelled() => break,
                accepted = self.socket.accept() => match accepted {
                    Ok(accepted) => accepted,
                    Err(error) => {
                        // Out of file descriptors, mostly: others may end meanwhile.
                        tracing::warn!(%error, "failed to accept a connection");
                        tokio::time::sleep(Duration::from_millis(50)).await;
                        continue;
                    }
                },
            };
            let peer = Peer { ip: peer.ip(), secure: self.tls.is_some() };
            let connection = accept(cloud.clone(), self.tls.clone(), self.only, stream, peer);
            let stop = stop.clone();
            connections.spawn(async move {
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = connection => {}
                }
            });
        }
        connections.close();
        connections.wait().await;
    }
}

async fn accept(
    cloud: Cloud,
    tls: Option<Arc<rustls::ServerConfig>>,
    only: Option<Service>,
    stream: TcpStream,
    peer: Peer,
) {
    let _ = stream.set_nodelay(true);
    let Some(tls) = tls else { return connection(cloud, only, stream, peer).await };
    match tokio::time::timeout(PATIENCE, TlsAcceptor::from(tls).accept(stream)).await {
        Ok(Ok(stream)) => connection(cloud, only, stream, peer).await,
        Ok(Err(error)) => tracing::debug!(%error, "TLS handshake failed"),
        Err(_) => tracing::debug!("TLS handshake took too long"),
    }
}

async fn connection<S>(cloud: Cloud, only: Option<Service>, stream: S, peer: Peer)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(peer);
        let cloud = cloud.clone();
        async move { Ok::<Response<Body>, Infallible>(answer(&cloud, only, request).await) }
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(IDLE);
    builder.http2().timer(TokioTimer::new());
    if let Err(error) = builder.serve_connection(TokioIo::new(stream), service).await {
        tracing::debug!(error, "connection ended");
    }
}

async fn answer(cloud: &Cloud, only: Option<Service>, request: Request<Incoming>) -> Response<Body> {
    let (rest, waits) = (Rest::default(), unread::waits(&request));
    let request = request.map(|body| rest.watch(body));
    let mut response = match only {
        Some(service) => cloud.answer_as(service, request).await,
        None => cloud.answer(request).await,
    };
    rest.settle(waits, &mut response).await;
    response
}
