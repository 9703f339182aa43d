//! Certificates, judged as OpenSSL judges them and told in its words.
//!
//! The judging is webpki's; this module turns its verdicts into OpenSSL's, and adds two things that OpenSSL does differently: a server's certificate
//! that stands in the bundle itself is believed, and a name may be looked at after the handshake.

use super::{NameCheck, TlsError};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, RootCertStore, SignatureScheme};
use std::sync::{Arc, Mutex, PoisonError};
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

/// What the verifier found, for whoever asked for the handshake.
#[derive(Debug, Default)]
pub(super) struct Findings(Mutex<Option<TlsError>>);

impl Findings {
    pub(super) fn take(&self) -> Option<TlsError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn note(&self, error: TlsError) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
    }
}

#[derive(Debug)]
pub(super) struct Verifier {
    /// Nothing: everybody is believed.
    roots: Option<Vec<CertificateDer<'static>>>,
    /// Nothing where there are no roots to begin with.
    webpki: Option<Arc<WebPkiServerVerifier>>,
    names: NameCheck,
    provider: Arc<CryptoProvider>,
    findings: Arc<Findings>,
}

impl Verifier {
    pub(super) fn new(
        roots: Option<Vec<CertificateDer<'static>>>,
        names: NameCheck,
        provider: Arc<CryptoProvider>,
        findings: Arc<Findings>,
    ) -> Self {
        let webpki = roots.as_ref().and_then(|roots| {
            let mut store = RootCertStore::empty();
            store.add_parsable_certificates(roots.iter().cloned());
            WebPkiServerVerifier::builder_with_provider(Arc::new(store), provider.clone()).build().ok()
        });
        Self { roots, webpki, names, provider, findings }
    }

    fn refuse(&self, why: impl Into<String>, error: CertificateError) -> rustls::Error {
        self.findings.note(TlsError::Refused(why.into()));
        rustls::Error::InvalidCertificate(error)
    }

    fn judge_name(&self, certificate: &CertificateDer<'_>, name: &ServerName<'_>) -> Result<(), rustls::Error> {
        match self.names {
            NameCheck::Afterwards => {
                self.findings.note(TlsError::OtherNames(subject_names(certificate)));
                Ok(())
            }
            NameCheck::InHandshake => {
                let (kind, text) = match name {
                    ServerName::IpAddress(_) => ("IP address", name.to_str()),
                    _ => ("Hostname", name.to_str()),
                };
                let why = format!("{kind} mismatch, certificate is not valid for '{text}'.");
                Err(self.refuse(why, CertificateError::NotValidForName))
            }
        }
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let Some(roots) = &self.roots else { return Ok(ServerCertVerified::assertion()) };
        let verdict = if roots.iter().any(|root| root == certificate) {
            believed_itself(certificate, name, now)
        } else if let Some(webpki) = &self.webpki {
            webpki.verify_server_cert(certificate, intermediates, name, ocsp, now).map(|_| ())
        } else {
            Err(rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer))
        };
        let error = match verdict {
            Ok(()) => return Ok(ServerCertVerified::assertion()),
            Err(rustls::Error::InvalidCertificate(error)) => error,
            Err(other) => return Err(other),
        };
        let refused = match error {
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                return self.judge_name(certificate, name).map(|()| ServerCertVerified::assertion());
            }
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                self.refuse("certificate has expired", CertificateError::Expired)
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                self.refuse("certificate is not yet valid", CertificateError::NotValidYet)
            }
            CertificateError::BadSignature => {
                self.refuse("certificate signature failure", CertificateError::BadSignature)
            }
            _ => self.refuse(unknown_issuer(certificate, intermediates), CertificateError::UnknownIssuer),
        };
        Err(refused)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// A certificate that stands in the bundle: only its time and its names are looked at.
fn believed_itself(
    certificate: &CertificateDer<'_>,
    name: &ServerName<'_>,
    now: UnixTime,
) -> Result<(), rustls::Error> {
    if let Some(parsed) = parse(certificate) {
        let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
        if now > parsed.validity().not_after.timestamp() {
            return Err(rustls::Error::InvalidCertificate(CertificateError::Expired));
        }
        if now < parsed.validity().not_before.timestamp() {
            return Err(rustls::Error::InvalidCertificate(CertificateError::NotValidYet));
        }
    }
    let parsed = ParsedCertificate::try_from(certificate)?;
    rustls::client::verify_server_name(&parsed, name)
}

fn unknown_issuer(certificate: &CertificateDer<'_>, intermediates: &[CertificateDer<'_>]) -> &'static str {
    if signs_itself(certificate) {
        "self-signed certificate"
    } else if intermediates.iter().any(signs_itself) {
        "self-signed certificate in certificate chain"
    } else {
        "unable to get local issuer certificate"
    }
}

fn parse<'a>(certificate: &'a CertificateDer<'_>) -> Option<X509Certificate<'a>> {
    X509Certificate::from_der(certificate).ok().map(|(_, certificate)| certificate)
}

fn signs_itself(certificate: &CertificateDer<'_>) -> bool {
    parse(certificate).is_some_and(|certificate| certificate.subject().as_raw() == certificate.issuer().as_raw())
}

/// The names that a certificate is for, in its own order.
fn subject_names(certificate: &CertificateDer<'_>) -> Vec<String> {
    let Some(certificate) = parse(certificate) else { return Vec::new() };
    let Ok(Some(names)) = certificate.subject_alternative_name() else { return Vec::new() };
    let name = |name: &GeneralName<'_>| match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => match <[u8; 4]>::try_from(*bytes) {
            Ok(v4) => Some(std::net::Ipv4Addr::from(v4).to_string()),
            Err(_) => <[u8; 16]>::try_from(*bytes).ok().map(|v6| std::net::Ipv6Addr::from(v6).to_string()),
        },
        _ => None,
    };
    names.value.general_names.iter().filter_map(name).collect()
}
