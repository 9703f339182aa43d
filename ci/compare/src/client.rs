//! The client of the load: HTTP/1.1 over TLS, one request at a time on each connection, as little work as possible of its own.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use kube::config::{KubeConfigOptions, Kubeconfig};
use rustls::pki_types::{CertificateDer, ServerName};
use secrecy::ExposeSecret as _;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// What the load did not expect.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The kubeconfig cannot be used.
    #[error("kubeconfig {path}: {what}")]
    Kubeconfig {
        /// Its path.
        path: String,
        /// Why.
        what: String,
    },
    /// No connection, or it broke.
    #[error("connection to {address}: {what}")]
    Connection {
        /// The server.
        address: String,
        /// Why.
        what: String,
    },
    /// What was asked for took too long.
    #[error("gave up: {0}")]
    Late(String),
    /// A request was refused.
    #[error("{method} {path}: {status}: {body}")]
    Refused {
        /// Of the request.
        method: Method,
        /// Of the request.
        path: String,
        /// Of the answer.
        status: StatusCode,
        /// Of the answer.
        body: String,
    },
}

/// A server, and how to be its administrator.
#[derive(Clone)]
pub(crate) struct Target {
    host: String,
    port: u16,
    token: Arc<str>,
    tls: TlsConnector,
}

impl Target {
    /// Reads a kubeconfig whose user has a bearer token.
    pub(crate) async fn read(path: &Path) -> Result<Self, Error> {
        let fail = |what: String| Error::Kubeconfig { path: path.display().to_string(), what };
        let file = Kubeconfig::read_from(path).map_err(|e| fail(e.to_string()))?;
        let token = file.auth_infos.iter().find_map(|a| a.auth_info.as_ref()?.token.clone());
        let config = kube::Config::from_custom_kubeconfig(file, &KubeConfigOptions::default())
            .await
            .map_err(|e| fail(e.to_string()))?;
        let mut roots = rustls::RootCertStore::empty();
        for der in config.root_cert.unwrap_or_default() {
            roots.add(CertificateDer::from(der)).map_err(|e| fail(e.to_string()))?;
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|e| fail(e.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self {
            host: config.cluster_url.host().unwrap_or_default().to_owned(),
            port: config.cluster_url.port_u16().unwrap_or(443),
            token: token.map(|t| t.expose_secret().into()).ok_or_else(|| fail("its user has no token".to_owned()))?,
            tls: TlsConnector::from(Arc::new(tls)),
        })
    }

    /// Whether `/readyz` answers 200.
    pub(crate) async fn ready(&self) -> bool {
        match self.connect().await {
            Ok(mut connection) => connection.send(Method::GET, "/readyz", None).await.is_ok(),
            Err(_) => false,
        }
    }

    /// A new connection.
    pub(crate) async fn connect(&self) -> Result<Connection, Error> {
        let address = format!("{}:{}", self.host, self.port);
        let fail = |what: String| Error::Connection { address: address.clone(), what };
        let stream = TcpStream::connect(&address).await.map_err(|e| fail(e.to_string()))?;
        stream.set_nodelay(true).map_err(|e| fail(e.to_string()))?;
        let name = ServerName::try_from(self.host.clone()).map_err(|e| fail(e.to_string()))?;
        let tls = self.tls.connect(name, stream).await.map_err(|e| fail(e.to_string()))?;
        let (sender, driver) = handshake(TokioIo::new(tls)).await.map_err(|e| fail(e.to_string()))?;
        tokio::spawn(driver);
        Ok(Connection { sender, address, authorization: format!("Bearer {}", self.token) })
    }
}

/// One connection.
pub(crate) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    address: String,
    authorization: String,
}

impl Connection {
    /// Sends a request and reads the whole answer, which must be a success.
    pub(crate) async fn read(&mut self, method: Method, path: &str, body: Option<Bytes>) -> Result<Bytes, Error> {
        let response = self.open(method, path, body).await?;
        response.into_body().collect().await.map(|body| body.to_bytes()).map_err(|e| self.broken(&e))
    }

    /// The same of an answer of which only the size in bytes counts.
    pub(crate) async fn send(&mut self, method: Method, path: &str, body: Option<Bytes>) -> Result<usize, Error> {
        let response = self.open(method, path, body).await?;
        let mut body = response.into_body();
        let mut size = 0;
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|e| self.broken(&e))?;
            size += frame.data_ref().map_or(0, Bytes::len);
        }
        Ok(size)
    }

    /// Sends a request and hands out the answer with its body unread.
    pub(crate) async fn open(
        &mut self,
        method: Method,
        path: &str,
        body: Option<Bytes>,
    ) -> Result<Response<Incoming>, Error> {
        let request = Request::builder()
            .method(method.clone())
            .uri(path)
            .header("host", &self.address)
            .header("authorization", &self.authorization)
            .header("accept", "application/json")
            .header("content-type", "application/json")
            .body(Full::new(body.unwrap_or_default()))
            .map_err(|e| self.broken(&e))?;
        self.sender.ready().await.map_err(|e| self.broken(&e))?;
        let response = self.sender.send_request(request).await.map_err(|e| self.broken(&e))?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let body = response.into_body().collect().await.map(|b| b.to_bytes()).unwrap_or_default();
        let body = String::from_utf8_lossy(&body).into_owned();
        Err(Error::Refused { method, path: path.to_owned(), status, body })
    }

    /// The connection ended with an error.
    pub(crate) fn broken(&self, why: &dyn std::fmt::Display) -> Error {
        Error::Connection { address: self.address.clone(), what: why.to_string() }
    }
}
