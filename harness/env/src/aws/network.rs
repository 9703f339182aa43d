//! Connections to the cloud, for programs that speak HTTP themselves.
//!
//! Every name below `amazonaws.com` leads to the cloud, over TLS on port 443 and without on port 80. Certificates are made for the name that is
//! asked for, by an authority that the programs' machines are told to trust. Connections are pipes within the process.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use proofmark_aws::{Cloud, Peer};
use proofmark_identity::Authority;
use proofmark_model_loader::net::{ConnectError, Connecting, Network, Stream};
use rustls::ServerConfig;
use rustls::pki_types::CertificateDer;
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream};
use tokio_rustls::TlsAcceptor;

use super::record::Kept;
use crate::recorder::Recorder;

/// As much as one side may send before the other reads.
const PIPE: usize = 256 * 1024;
/// Linux' number for a refused connection.
const REFUSED: i32 = 111;

/// Connections to a cloud.
pub struct CloudNetwork {
    kept: Kept,
    authority: Authority,
    /// What each name shows, made when it is first asked for.
    certificates: Mutex<BTreeMap<String, Arc<ServerConfig>>>,
}

impl CloudNetwork {
    /// Connections to a cloud. Must be called inside a tokio runtime.
    pub fn new(cloud: Cloud) -> Self {
        Self::recorded(Kept { cloud, recorder: Recorder::starting_now() })
    }

    pub(super) fn recorded(kept: Kept) -> Self {
        Self { kept, authority: Authority::simulator(), certificates: Mutex::default() }
    }

    /// The authorities that a machine must trust to speak TLS with the cloud.
    pub fn authorities(&self) -> Vec<CertificateDer<'static>> {
        vec![self.authority.certificate_der().clone()]
    }

    fn knows(&self, host: &str) -> bool {
        self.kept.cloud.settings().domains.iter().any(|domain| host.ends_with(&format!(".{domain}")))
    }

    fn certificate(&self, host: &str) -> Option<Arc<ServerConfig>> {
        let mut made = self.certificates.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(config) = made.get(host) {
            return Some(config.clone());
        }
        let issued = self.authority.issue_host(host, self.kept.cloud.now()).ok()?;
        let config = Arc::new(issued.server_config().ok()?);
        made.insert(host.to_owned(), config.clone());
        Some(config)
    }
}

impl Network for CloudNetwork {
    fn connect<'a>(&'a self, host: &'a str, port: u16) -> Connecting<'a> {
        Box::pin(async move {
            if !self.knows(host) {
                return Err(ConnectError::UnknownName);
            }
            let tls = match port {
                80 => None,
                443 => Some(self.certificate(host).ok_or(ConnectError::System(REFUSED))?),
                _ => return Err(ConnectError::System(REFUSED)),
            };
            let (here, there) = tokio::io::duplex(PIPE);
            tokio::spawn(accept(self.kept.clone(), tls, there));
            Ok(Box::new(here) as Box<dyn Stream>)
        })
    }
}

/// The cloud's end of a connection. What ends badly ends for the program as well, which says so in its own words.
async fn accept(kept: Kept, tls: Option<Arc<ServerConfig>>, stream: DuplexStream) {
    match tls {
        None => serve(kept, false, stream).await,
        Some(config) => {
            if let Ok(stream) = TlsAcceptor::from(config).accept(stream).await {
                serve(kept, true, stream).await;
            }
        }
    }
}

async fn serve(kept: Kept, secure: bool, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
    let peer = Peer { ip: IpAddr::V4(Ipv4Addr::LOCALHOST), secure };
    let service = service_fn(move |request| answer(kept.clone(), peer, request));
    // An error says that the program hung up.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn answer(kept: Kept, peer: Peer, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (mut parts, body) = request.into_parts();
    parts.extensions.insert(peer);
    let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    Ok(kept.answer(None, parts, body).await.0.map(Full::new))
}
