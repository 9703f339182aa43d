//! Connections to the cloud, for programs that speak HTTP themselves.
//!
//! Every name below `amazonaws.com` leads to the cloud, over TLS on port 443 and without on port 80, and so does the address of the agent that EKS Pod
//! Identity has on each node; further addresses lead to S3. Certificates are
//! made for the name that is asked for, by an authority that the programs' machines are told to trust, or by a private one. Connections are
//! pipes within the process.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex, PoisonError};

use http::{Request, Response};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use proofmark_aws::{Body, BodyError, Cloud, Peer, Service, full};
use proofmark_identity::Authority;
use proofmark_model_loader::net::{ConnectError, Connecting, Network, Stream};
use rustls::ServerConfig;
use rustls::pki_types::CertificateDer;
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream};
use tokio_rustls::TlsAcceptor;

use super::record::{Kept, redirect};
use super::{EndpointPlan, Listener};

/// As much as one side may send before the other reads.
const PIPE: usize = 256 * 1024;
/// Where the agent of EKS Pod Identity listens on every node.
const AGENT: &str = "169.254.170.23";
/// Linux' number for a refused connection.
const REFUSED: i32 = 111;

/// Connections to a cloud.
pub struct CloudNetwork {
    door: Door,
    endpoints: Vec<EndpointPlan>,
    authority: Authority,
    /// The authority of endpoints that nobody trusts by himself.
    private: Authority,
    /// What each name shows, made when it is first asked for.
    certificates: Mutex<BTreeMap<String, Arc<ServerConfig>>>,
}

/// What is at the other end of a connection.
#[derive(Debug, Clone)]
enum End {
    /// The service that requests mean, or one only.
    Cloud(Option<Service>),
    /// 301 to the same address over TLS.
    Redirect,
}

/// What requests go through.
#[derive(Clone)]
enum Door {
    /// Straight to the cloud.
    Open(Cloud),
    /// Past a recorder, which keeps whole exchanges.
    Watched(Kept),
}

impl Door {
    fn cloud(&self) -> &Cloud {
        match self {
            Self::Open(cloud) => cloud,
            Self::Watched(kept) => &kept.cloud,
        }
    }
}

impl CloudNetwork {
    /// Connections to a cloud, of which nothing is kept.
    pub fn new(cloud: Cloud) -> Self {
        Self::through(Door::Open(cloud), &[])
    }

    /// Connections whose exchanges are kept.
    pub(super) fn recorded(kept: Kept, endpoints: &[EndpointPlan]) -> Self {
        Self::through(Door::Watched(kept), endpoints)
    }

    fn through(door: Door, endpoints: &[EndpointPlan]) -> Self {
        let (authority, private) = (Authority::simulator(), Authority::private_simulator());
        Self { door, endpoints: endpoints.to_vec(), authority, private, certificates: Mutex::default() }
    }

    /// The authorities that a machine must trust to speak TLS with the cloud.
    pub fn authorities(&self) -> Vec<CertificateDer<'static>> {
        vec![self.authority.certificate_der().clone()]
    }

    /// Whether a host is the cloud's.
    pub fn knows(&self, host: &str) -> bool {
        host == AGENT || self.door.cloud().settings().domains.iter().any(|domain| host.ends_with(&format!(".{domain}")))
    }

    /// What is at an address, and the authority that vouches for it; an address without TLS needs none.
    fn at(&self, host: &str, port: u16) -> Result<(End, Option<&Authority>), ConnectError> {
        if let Some(endpoint) = self.endpoints.iter().find(|endpoint| endpoint.host == host && endpoint.port == port) {
            let s3 = End::Cloud(Some(Service::S3));
            return match endpoint.listener {
                Listener::Plain => Ok((s3, None)),
                Listener::Redirect => Ok((End::Redirect, None)),
                Listener::PrivateAuthority => Ok((s3, Some(&self.private))),
            };
        }
        let known = self.knows(host);
        match port {
            _ if !known && self.endpoints.iter().all(|endpoint| endpoint.host != host) => {
                Err(ConnectError::UnknownName)
            }
            80 if known => Ok((End::Cloud(None), None)),
            443 if known => Ok((End::Cloud(None), Some(&self.authority))),
            _ => Err(ConnectError::System(REFUSED)),
        }
    }

    fn certificate(&self, authority: &Authority, host: &str) -> Option<Arc<ServerConfig>> {
        let mut made = self.certificates.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(config) = made.get(host) {
            return Some(config.clone());
        }
        let issued = authority.issue_host(host, self.door.cloud().now()).ok()?;
        let config = Arc::new(issued.server_config().ok()?);
        made.insert(host.to_owned(), config.clone());
        Some(config)
    }
}

impl Network for CloudNetwork {
    fn connect<'a>(&'a self, host: &'a str, port: u16) -> Connecting<'a> {
        Box::pin(async move {
            let (end, authority) = self.at(host, port)?;
            let tls = authority
                .map(|authority| self.certificate(authority, host).ok_or(ConnectError::System(REFUSED)))
                .transpose()?;
            let (here, there) = tokio::io::duplex(PIPE);
            tokio::spawn(accept(self.door.clone(), end, tls, there));
            Ok(Box::new(here) as Box<dyn Stream>)
        })
    }
}

/// The other end of a connection. What ends badly ends for the program as well, which says so in its own words.
async fn accept(door: Door, end: End, tls: Option<Arc<ServerConfig>>, stream: DuplexStream) {
    match tls {
        None => serve(door, end, false, stream).await,
        Some(config) => {
            if let Ok(stream) = TlsAcceptor::from(config).accept(stream).await {
                serve(door, end, true, stream).await;
            }
        }
    }
}

async fn serve(door: Door, end: End, secure: bool, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
    let peer = Peer { ip: IpAddr::V4(Ipv4Addr::LOCALHOST), secure };
    let service = service_fn(move |request| answer(door.clone(), end.clone(), peer, request));
    // An error says that the program hung up.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn answer(
    door: Door,
    end: End,
    peer: Peer,
    mut request: Request<Incoming>,
) -> Result<Response<Body>, Infallible> {
    request.extensions_mut().insert(peer);
    let kept = match door {
        Door::Watched(kept) => kept,
        Door::Open(cloud) => {
            let request = request.map(|body| body.map_err(BodyError::new).boxed_unsync());
            return Ok(match end {
                End::Cloud(Some(service)) => cloud.answer_as(service, request).await,
                End::Cloud(None) => cloud.answer(request).await,
                End::Redirect => redirect(&request.into_parts().0).map(full),
            });
        }
    };
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    Ok(match end {
        End::Cloud(only) => {
            let (answer, exchange) = kept.answer(None, only, parts, body).await;
            kept.pauses.after(&exchange.request).await;
            answer.map(full)
        }
        End::Redirect => kept.redirect(parts, body).map(full),
    })
}
