//! Issuers over HTTPS.

use super::thumbprint::Trust;
use super::{Issuer, Unreachable};
use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, StatusCode, Uri, header};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use proofmark_json::Value;
use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// How long an issuer may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// As much as a document may be.
const LIMIT: usize = 1 << 20;

/// Fetches over HTTPS, one connection a document. Redirects are not followed.
#[derive(Debug, Clone)]
pub struct Https {
    roots: Arc<RootCertStore>,
}

impl Https {
    /// Trusts these certificate authorities beside the thumbprints of each provider.
    pub fn new(roots: RootCertStore) -> Self {
        Self { roots: Arc::new(roots) }
    }

    /// Trusts these certificates, and those of a file in PEM.
    ///
    /// # Errors
    /// When the file holds no certificate. Of the others those that cannot be read are left out.
    pub fn trusting(
        certificates: impl IntoIterator<Item = CertificateDer<'static>>,
        pem: Option<&[u8]>,
    ) -> Result<Self, rustls::Error> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(certificates);
        if let Some(pem) = pem {
            let named: Vec<_> = CertificateDer::pem_slice_iter(pem).filter_map(Result::ok).collect();
            if named.is_empty() {
                return Err(rustls::Error::General("no certificate in PEM".to_owned()));
            }
            for certificate in named {
                roots.add(certificate)?;
            }
        }
        Ok(Self::new(roots))
    }

    async fn get(&self, url: &str, thumbprints: &[String]) -> Result<Value, Unreachable> {
        let uri: Uri = url.parse().map_err(failed)?;
        let (Some("https"), Some(host)) = (uri.scheme_str(), uri.host()) else {
            return Err(Unreachable::Failed(format!("{url} is no https URL")));
        };
        let trust = Trust::new(self.roots.clone(), thumbprints);
        let socket = TcpStream::connect((host.trim_matches(['[', ']']), uri.port_u16().unwrap_or(443))).await;
        let name = ServerName::try_from(host.trim_matches(['[', ']']).to_owned()).map_err(failed)?;
        let connector = TlsConnector::from(Arc::new(trust.client()?));
        let stream = connector.connect(name, socket.map_err(failed)?).await.map_err(|error| {
            let refused = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
            match refused {
                Some(rustls::Error::InvalidCertificate(_)) => Unreachable::Thumbprint,
                _ => failed(error),
            }
        })?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(failed)?;
        let request = Request::get(uri.path_and_query().map_or("/", |path| path.as_str()))
            .header(header::HOST, uri.authority().map_or(host, |authority| authority.as_str()))
            // API servers serve keys as `application/jwk-set+json`, and as nothing else.
            .header(header::ACCEPT, "*/*")
            .body(Empty::<Bytes>::new())
            .map_err(failed)?;
        let fetch = async {
            let response = sender.send_request(request).await.map_err(failed)?;
            if response.status() != StatusCode::OK {
                return Err(Unreachable::Failed(format!("{url} answers {}", response.status())));
            }
            let body = Limited::new(response.into_body(), LIMIT).collect().await.map_err(failed)?;
            proofmark_json::from_slice(&body.to_bytes()).map_err(failed)
        };
        // The connection moves only while somebody polls it; it ends with the answer.
        tokio::select! {
            fetched = fetch => fetched,
            Err(error) = connection => Err(failed(error)),
        }
    }
}

fn failed(error: impl std::fmt::Display) -> Unreachable {
    Unreachable::Failed(error.to_string())
}

#[async_trait]
impl Issuer for Https {
    async fn fetch(&self, url: &str, thumbprints: &[String]) -> Result<Value, Unreachable> {
        let got = tokio::time::timeout(PATIENCE, self.get(url, thumbprints)).await;
        got.unwrap_or_else(|_| Err(Unreachable::Failed(format!("{url} does not answer"))))
    }
}
