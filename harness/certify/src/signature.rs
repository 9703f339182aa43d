//! Signatures over files: ECDSA P-256 with SHA-256, DER in base64. That is what `cosign sign-blob --key` writes and `cosign verify-blob --key` reads.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proofmark_identity::{PublicKey, TokenSigner};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, UnparsedPublicKey};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{PrivatePkcs8KeyDer, SubjectPublicKeyInfoDer};
use thiserror::Error;
use x509_parser::prelude::FromDer;
use x509_parser::x509::SubjectPublicKeyInfo;

/// A key or a signature cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SignatureError {
    /// It is no such private key.
    #[error("not a private key for ECDSA P-256 (PEM, PKCS#8)")]
    PrivateKey,
    /// It is no such public key.
    #[error("not a public key for ECDSA P-256 (PEM)")]
    PublicKey,
    /// The system has no random numbers.
    #[error("no random numbers")]
    Random,
}

/// A private key.
#[derive(Debug)]
pub struct Key {
    pair: EcdsaKeyPair,
    public: String,
}

impl Key {
    /// Reads a key: `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256` makes one.
    ///
    /// # Errors
    /// [`SignatureError::PrivateKey`] when it is none.
    pub fn from_pem(text: &str) -> Result<Self, SignatureError> {
        let der = PrivatePkcs8KeyDer::from_pem_slice(text.as_bytes()).map_err(|_| SignatureError::PrivateKey)?;
        let random = SystemRandom::new();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, der.secret_pkcs8_der(), &random);
        let signer = TokenSigner::from_pkcs8_pem(text).map_err(|_| SignatureError::PrivateKey)?;
        let public = signer.public_keys().first().map(PublicKey::to_pem).ok_or(SignatureError::PrivateKey)?;
        Ok(Self { pair: pair.map_err(|_| SignatureError::PrivateKey)?, public })
    }

    /// The public key (PEM).
    pub fn public_pem(&self) -> &str {
        &self.public
    }

    /// Signs bytes.
    pub(crate) fn sign(&self, bytes: &[u8]) -> Result<String, SignatureError> {
        let signature = self.pair.sign(&SystemRandom::new(), bytes).map_err(|_| SignatureError::Random)?;
        Ok(STANDARD.encode(signature))
    }
}

/// Whether a key made the signature of these bytes.
pub(crate) fn is_signed(public_pem: &str, bytes: &[u8], signature: &str) -> Result<bool, SignatureError> {
    let der = SubjectPublicKeyInfoDer::from_pem_slice(public_pem.as_bytes()).map_err(|_| SignatureError::PublicKey)?;
    let (_, info) = SubjectPublicKeyInfo::from_der(&der).map_err(|_| SignatureError::PublicKey)?;
    let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, info.subject_public_key.data.as_ref());
    Ok(STANDARD.decode(signature.trim()).is_ok_and(|signature| key.verify(bytes, &signature).is_ok()))
}
