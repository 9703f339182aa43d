//! The TLS side of an API server.

use std::sync::Arc;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, Error, ServerConfig, SignatureScheme};

use crate::authority::{Authority, Issued};
use crate::certificate::CertError;
use crate::pem;

impl Authority {
    /// The TLS configuration of a server with this certificate: ring's cryptography, TLS 1.2 and 1.3, HTTP/2 before HTTP/1.1.
    ///
    /// The authority's own certificate is presented behind the server's, so that clients who know no more of it than its digest can trust it.
    ///
    /// Client certificates are asked for and never refused during the handshake (see [`AcceptAnyClient`]): the request's
    /// authentication decides with [`Authority::peer_user`], so that an untrusted certificate is answered with 401 as kube-apiserver does.
    ///
    /// # Errors
    /// When `server` is not a certificate with its key.
    pub fn server_config(&self, server: &Issued) -> Result<ServerConfig, CertError> {
        let (certificate, key) = server.der()?;
        let provider = Arc::new(ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(CertError::Tls)?
            .with_client_cert_verifier(Arc::new(AcceptAnyClient::new(self, &provider)))
            .with_single_cert(vec![certificate, self.certificate_der().clone()], key)
            .map_err(CertError::Tls)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(config)
    }
}

impl Issued {
    /// The TLS configuration of a server that has this certificate, asks clients for none and speaks HTTP/1.1.
    ///
    /// # Errors
    /// When this is not a certificate with its key.
    pub fn server_config(&self) -> Result<ServerConfig, CertError> {
        let (certificate, key) = self.der()?;
        ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .and_then(|config| config.with_no_client_auth().with_single_cert(vec![certificate], key))
            .map_err(CertError::Tls)
    }

    fn der(&self) -> Result<(CertificateDer<'static>, PrivateKeyDer<'static>), CertError> {
        let certificate = pem::decode("CERTIFICATE", &self.certificate_pem).ok_or(CertError::Pem("certificate"))?;
        let key = pem::decode("PRIVATE KEY", &self.key_pem).ok_or(CertError::Pem("private key"))?;
        Ok((certificate.into(), PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key))))
    }
}

/// Takes every client certificate, or none, provided that the client owns its private key.
///
/// Go's `tls.RequestClientCert`, which kube-apiserver uses: whom the certificate stands for is settled per request, not per connection.
/// The server still names the authority whose certificates it knows, and clients choose theirs by that.
#[derive(Debug)]
pub struct AcceptAnyClient {
    hints: [DistinguishedName; 1],
    algorithms: WebPkiSupportedAlgorithms,
}

impl AcceptAnyClient {
    /// A verifier that hints at this authority.
    pub fn new(authority: &Authority, provider: &CryptoProvider) -> Self {
        Self {
            hints: [DistinguishedName::from(authority.name().to_vec())],
            algorithms: provider.signature_verification_algorithms,
        }
    }
}

impl ClientCertVerifier for AcceptAnyClient {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &self.hints
    }

    fn verify_client_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
