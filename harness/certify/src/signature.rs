//! Signatures over files, in base64, as `cosign sign-blob --key` writes and `cosign verify-blob --key` reads them: ECDSA P-256 with SHA-256 (DER), and Ed25519.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proofmark_identity::{PublicKey, TokenSigner};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, ED25519, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _,
    UnparsedPublicKey, VerificationAlgorithm,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{PrivatePkcs8KeyDer, SubjectPublicKeyInfoDer};
use thiserror::Error;
use x509_parser::oid_registry::{OID_KEY_TYPE_EC_PUBLIC_KEY, OID_SIG_ED25519};
use x509_parser::prelude::FromDer;
use x509_parser::x509::SubjectPublicKeyInfo;

/// What stands before the 32 bytes of an Ed25519 key in its SubjectPublicKeyInfo (RFC 8410, section 4).
const ED25519_INFO: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// A key or a signature cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SignatureError {
    /// It is no such private key.
    #[error("not a private key for ECDSA P-256 or Ed25519 (PEM, PKCS#8)")]
    PrivateKey,
    /// It is locked.
    #[error("encrypted: a key without a password is needed, PKCS#8 in PEM")]
    Encrypted,
    /// It is no such public key.
    #[error("not a public key for ECDSA P-256 or Ed25519 (PEM)")]
    PublicKey,
    /// The system has no random numbers.
    #[error("no random numbers")]
    Random,
}

/// A private key.
#[derive(Debug)]
pub struct Key {
    pair: Pair,
    public: String,
}

#[derive(Debug)]
enum Pair {
    P256(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl Key {
    /// Reads a key: `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256` and `openssl genpkey -algorithm ed25519` make such.
    ///
    /// # Errors
    /// [`SignatureError::PrivateKey`] when it is none, [`SignatureError::Encrypted`] when it needs a password, as cosign's own keys do.
    pub fn from_pem(text: &str) -> Result<Self, SignatureError> {
        if text.lines().any(|line| line.starts_with("-----BEGIN ENCRYPTED")) {
            return Err(SignatureError::Encrypted);
        }
        let no_key = |_| SignatureError::PrivateKey;
        let der = PrivatePkcs8KeyDer::from_pem_slice(text.as_bytes()).map_err(|_| SignatureError::PrivateKey)?;
        let der = der.secret_pkcs8_der();
        if let Ok(pair) = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, der, &SystemRandom::new()) {
            let signer = TokenSigner::from_pkcs8_pem(text).map_err(|_| SignatureError::PrivateKey)?;
            let public = signer.public_keys().first().map(PublicKey::to_pem).ok_or(SignatureError::PrivateKey)?;
            return Ok(Self { pair: Pair::P256(pair), public });
        }
        // OpenSSL writes the private half alone, without the public one to hold it against.
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).map_err(no_key)?;
        let info = STANDARD.encode([&ED25519_INFO[..], pair.public_key().as_ref()].concat());
        let public = format!("-----BEGIN PUBLIC KEY-----\n{info}\n-----END PUBLIC KEY-----\n");
        Ok(Self { pair: Pair::Ed25519(pair), public })
    }

    /// The public key (PEM).
    pub fn public_pem(&self) -> &str {
        &self.public
    }

    /// Signs bytes.
    pub(crate) fn sign(&self, bytes: &[u8]) -> Result<String, SignatureError> {
        Ok(match &self.pair {
            Pair::P256(pair) => {
                STANDARD.encode(pair.sign(&SystemRandom::new(), bytes).map_err(|_| SignatureError::Random)?)
            }
            Pair::Ed25519(pair) => STANDARD.encode(pair.sign(bytes)),
        })
    }
}

/// Whether a key made the signature of these bytes. The signature stands in base64 and nothing around it.
pub(crate) fn is_signed(public_pem: &str, bytes: &[u8], signature: &str) -> Result<bool, SignatureError> {
    let der = SubjectPublicKeyInfoDer::from_pem_slice(public_pem.as_bytes()).map_err(|_| SignatureError::PublicKey)?;
    let (_, info) = SubjectPublicKeyInfo::from_der(&der).map_err(|_| SignatureError::PublicKey)?;
    let algorithm: &'static dyn VerificationAlgorithm = match &info.algorithm.algorithm {
        oid if *oid == OID_KEY_TYPE_EC_PUBLIC_KEY => &ECDSA_P256_SHA256_ASN1,
        oid if *oid == OID_SIG_ED25519 => &ED25519,
        _ => return Err(SignatureError::PublicKey),
    };
    let key = UnparsedPublicKey::new(algorithm, info.subject_public_key.data.as_ref());
    Ok(STANDARD.decode(signature).is_ok_and(|signature| key.verify(bytes, &signature).is_ok()))
}
