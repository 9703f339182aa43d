//! TLS over a connection, with the trust that the original's OpenSSL would have.

use super::verifier::{Findings, Verifier};
use super::{Stream, TlsError};
use crate::files::FileSystem;
use crate::host::Host;
use jiff::Timestamp;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::time_provider::TimeProvider;
use std::fmt;
use std::sync::Arc;
use tokio_rustls::TlsConnector;

/// Whose certificates are believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Trust {
    /// Everybody's.
    Anyone,
    /// Those of the system's authorities.
    System,
    /// Those of the authorities in a PEM file.
    Bundle(String),
    /// Those of these authorities.
    Authorities(Vec<CertificateDer<'static>>),
}

/// When the server's name is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NameCheck {
    /// By OpenSSL, as part of the handshake.
    InHandshake,
    /// By urllib3, once the handshake is done.
    Afterwards,
}

/// Why a CA bundle cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum BundleError {
    /// The file cannot be read; Linux' number for it.
    System(i32),
    /// There is no certificate in it.
    Empty,
}

/// The certificates in a PEM file.
pub(crate) fn bundle(files: &dyn FileSystem, path: &str) -> Result<Vec<CertificateDer<'static>>, BundleError> {
    certificates(&files.read(path).map_err(|error| BundleError::System(error.errno))?)
}

/// The certificates in a text of PEM, whatever else is in it.
pub(crate) fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, BundleError> {
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(pem).filter_map(Result::ok).collect();
    if certificates.is_empty() { Err(BundleError::Empty) } else { Ok(certificates) }
}

/// Speaks TLS on a connection that has been made.
pub(crate) async fn handshake(
    stream: Box<dyn Stream>,
    name: &str,
    trust: &Trust,
    names: NameCheck,
    host: &Host,
) -> Result<Box<dyn Stream>, TlsError> {
    let roots = match trust {
        Trust::Anyone => None,
        Trust::System => Some(host.authorities.to_vec()),
        Trust::Bundle(path) => Some(bundle(&*host.files, path).map_err(TlsError::Bundle)?),
        Trust::Authorities(authorities) => Some(authorities.clone()),
    };
    let findings = Arc::new(Findings::default());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = Verifier::new(roots, names, provider.clone(), findings.clone());
    let config = rustls::ClientConfig::builder_with_details(provider, Arc::new(Time(host.clock.clone())))
        .with_safe_default_protocol_versions()
        .map_err(|_| TlsError::Protocol("[SSL] no protocols available"))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    let name = ServerName::try_from(name.to_owned()).map_err(|_| TlsError::Protocol("[SSL] bad server name"))?;
    let connected = TlsConnector::from(Arc::new(config)).connect(name, stream).await;
    if let Some(error) = findings.take() {
        return Err(error);
    }
    match connected {
        Ok(stream) => Ok(Box::new(stream)),
        Err(error) => Err(TlsError::Protocol(describe(&error))),
    }
}

/// OpenSSL's words for a handshake that failed without a look at the certificate.
fn describe(error: &std::io::Error) -> &'static str {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(rustls::Error::InvalidMessage(_)) => "[SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1006)",
        Some(rustls::Error::AlertReceived(_)) => {
            "[SSL: SSLV3_ALERT_HANDSHAKE_FAILURE] sslv3 alert handshake failure (_ssl.c:1006)"
        }
        Some(_) => "[SSL] internal error (_ssl.c:1006)",
        None => "[SSL: UNEXPECTED_EOF_WHILE_READING] EOF occurred in violation of protocol (_ssl.c:1006)",
    }
}

/// The host's clock, for the validity of certificates.
struct Time(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl TimeProvider for Time {
    fn current_time(&self) -> Option<UnixTime> {
        let seconds = u64::try_from((self.0)().as_second()).ok()?;
        Some(UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds)))
    }
}

impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Time")
    }
}
