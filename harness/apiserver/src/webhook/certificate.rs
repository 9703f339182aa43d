//! Whether a webhook is who it should be, and Go's words where it is not.
//!
//! webpki judges the chain. One thing it refuses that Go accepts, and that webhooks often present: a certificate that signed itself
//! and is the trusted one. Such a certificate is taken if it is byte for byte in the bundle and names the server.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, InvalidMessage, RootCertStore, SignatureScheme,
};

/// What begins Go's text of every certificate that is not taken.
const UNVERIFIED: &str = "tls: failed to verify certificate: x509: ";

/// Go's text of a certificate that nobody trusted has signed.
pub(super) const UNKNOWN_AUTHORITY: &str =
    "tls: failed to verify certificate: x509: certificate signed by unknown authority";

/// A TLS client that trusts the authorities of a PEM bundle, or the machine's own where it is empty.
pub(super) fn client(bundle: &[u8]) -> Result<Arc<ClientConfig>, String> {
    let trusted: Vec<CertificateDer<'static>> = if bundle.trim_ascii().is_empty() {
        rustls_native_certs::load_native_certs().certs
    } else {
        CertificateDer::pem_slice_iter(bundle).filter_map(Result::ok).collect()
    };
    if trusted.is_empty() && !bundle.trim_ascii().is_empty() {
        return Err("unable to load root certificates: unable to parse bytes as PEM block".to_owned());
    }
    let provider = Arc::new(ring::default_provider());
    let verifier = Bundle::new(trusted, provider.clone());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| e.to_string())?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// Go's words for a handshake that failed.
pub(super) fn words(error: &std::io::Error, name: &str) -> String {
    if error.kind() == std::io::ErrorKind::UnexpectedEof {
        return "EOF".to_owned();
    }
    let Some(error) = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) else {
        return error.to_string();
    };
    match error {
        Error::InvalidCertificate(CertificateError::UnknownIssuer) => UNKNOWN_AUTHORITY.to_owned(),
        Error::InvalidCertificate(why) => format!("{UNVERIFIED}{}", refused(why, name)),
        Error::InvalidMessage(InvalidMessage::InvalidContentType) => {
            "http: server gave HTTP response to HTTPS client".to_owned()
        }
        Error::AlertReceived(alert) => format!("remote error: tls: {alert:?}"),
        other => other.to_string(),
    }
}

fn refused(why: &CertificateError, name: &str) -> String {
    let time = |t: &UnixTime| {
        let seconds = i64::try_from(t.as_secs()).unwrap_or(i64::MAX);
        jiff::Timestamp::from_second(seconds).map(|t| t.to_string()).unwrap_or_default()
    };
    let expired = "certificate has expired or is not yet valid";
    match why {
        CertificateError::Expired | CertificateError::NotValidYet => expired.to_owned(),
        CertificateError::ExpiredContext { time: now, not_after } => {
            format!("{expired}: current time {} is after {}", time(now), time(not_after))
        }
        CertificateError::NotValidYetContext { time: now, not_before } => {
            format!("{expired}: current time {} is before {}", time(now), time(not_before))
        }
        CertificateError::NotValidForNameContext { presented, .. } => misnamed(presented, name),
        CertificateError::NotValidForName => misnamed(&[], name),
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "certificate specifies an incompatible key usage".to_owned()
        }
        other => other.to_string(),
    }
}

/// `presented` are names as webpki prints them: `DnsName("a")`, `IpAddress(1.2.3.4)`.
fn misnamed(presented: &[String], name: &str) -> String {
    let of = |kind: &str| -> Vec<String> {
        let inner =
            |p: &String| Some(p.strip_prefix(kind)?.strip_prefix('(')?.strip_suffix(')')?.trim_matches('"').to_owned());
        presented.iter().filter_map(inner).collect()
    };
    let (names, addresses) = (of("DnsName"), of("IpAddress"));
    let is_ip = name.parse::<std::net::IpAddr>().is_ok();
    if is_ip && addresses.is_empty() {
        return format!("cannot validate certificate for {name} because it doesn't contain any IP SANs");
    }
    let valid = if is_ip { addresses } else { names };
    if valid.is_empty() {
        return format!("certificate is not valid for any names, but wanted to match {name}");
    }
    format!("certificate is valid for {}, not {name}", valid.join(", "))
}

/// Trusts a bundle.
#[derive(Debug)]
struct Bundle {
    trusted: Vec<CertificateDer<'static>>,
    /// None where nothing is trusted.
    chain: Option<Arc<WebPkiServerVerifier>>,
    provider: Arc<CryptoProvider>,
}

impl Bundle {
    fn new(trusted: Vec<CertificateDer<'static>>, provider: Arc<CryptoProvider>) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(trusted.iter().cloned());
        let chain = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build().ok();
        Self { trusted, chain, provider }
    }
}

impl ServerCertVerifier for Bundle {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Some(chain) = &self.chain else { return Err(CertificateError::UnknownIssuer.into()) };
        let refused = match chain.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
            Err(Error::InvalidCertificate(CertificateError::Other(why))) => why,
            outcome => return outcome,
        };
        // webpki looks at the dates before it finds that the certificate is an authority's.
        let authority = refused.to_string() == "CaUsedAsEndEntity";
        if authority && self.trusted.iter().any(|trusted| trusted == end_entity) {
            verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name)?;
            return Ok(ServerCertVerified::assertion());
        }
        Err(if authority { CertificateError::UnknownIssuer } else { CertificateError::Other(refused) }.into())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(&[], "a.b.svc", "certificate is not valid for any names, but wanted to match a.b.svc")]
    #[case(&["DnsName(\"x\")", "DnsName(\"y\")"], "a.b.svc", "certificate is valid for x, y, not a.b.svc")]
    #[case(&["DnsName(\"x\")"], "10.0.0.1", "cannot validate certificate for 10.0.0.1 because it doesn't contain any IP SANs")]
    #[case(&["IpAddress(127.0.0.1)"], "10.0.0.1", "certificate is valid for 127.0.0.1, not 10.0.0.1")]
    fn names(#[case] presented: &[&str], #[case] name: &str, #[case] words: &str) {
        let presented: Vec<String> = presented.iter().map(|p| (*p).to_owned()).collect();
        assert_eq!(misnamed(&presented, name), words);
    }
}
