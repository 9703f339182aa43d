//! Who vouches for an issuer's server: a certificate authority, or else a certificate with a known SHA-1 digest.
//!
//! A thumbprint names a certificate in the chain that the server presents. If it is the server's own, it is trusted as it is; if it is one of
//! the others, the server's must lead to it and name the host. The handshake's signature is checked either way.
//! Source: IAM User Guide, "Obtain the thumbprint for an OpenID Connect identity provider".

use super::Unreachable;
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring as provider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use std::sync::Arc;

/// What is trusted on one connection.
#[derive(Debug)]
pub(super) struct Trust {
    provider: Arc<CryptoProvider>,
    roots: Arc<RootCertStore>,
    thumbprints: Vec<String>,
}

impl Trust {
    pub(super) fn new(roots: Arc<RootCertStore>, thumbprints: &[String]) -> Self {
        Self { provider: Arc::new(provider::default_provider()), roots, thumbprints: thumbprints.to_vec() }
    }

    pub(super) fn client(self) -> Result<ClientConfig, Unreachable> {
        let builder = ClientConfig::builder_with_provider(self.provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(|error| Unreachable::Failed(error.to_string()))?;
        Ok(builder.dangerous().with_custom_certificate_verifier(Arc::new(self)).with_no_client_auth())
    }

    fn named(&self, certificate: &CertificateDer<'_>) -> bool {
        let sum = digest(&SHA1_FOR_LEGACY_USE_ONLY, certificate);
        self.thumbprints.contains(&hex::encode(sum))
    }

    fn verify_with(
        &self,
        roots: Arc<RootCertStore>,
        server: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let unknown = || Error::InvalidCertificate(CertificateError::UnknownIssuer);
        let verifier =
            WebPkiServerVerifier::builder_with_provider(roots, self.provider.clone()).build().map_err(|_| unknown())?;
        verifier.verify_server_cert(server, chain, name, &[], now)
    }
}

impl ServerCertVerifier for Trust {
    fn verify_server_cert(
        &self,
        server: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        _: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let by_authority = self.verify_with(self.roots.clone(), server, chain, name, now);
        if by_authority.is_ok() {
            return by_authority;
        }
        if self.named(server) {
            return Ok(ServerCertVerified::assertion());
        }
        let mut roots = RootCertStore::empty();
        for certificate in chain.iter().filter(|certificate| self.named(certificate)) {
            roots.add(certificate.clone().into_owned())?;
        }
        if roots.is_empty() {
            return by_authority;
        }
        self.verify_with(Arc::new(roots), server, chain, name, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
