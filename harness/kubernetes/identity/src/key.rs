//! Public keys of tokens: reading them, naming them, checking signatures, and their JSON Web Key.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proofmark_json::{Value, json};
use ring::digest::{SHA256, digest};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey,
    VerificationAlgorithm,
};
use x509_parser::prelude::FromDer as _;
use x509_parser::public_key::PublicKey as Parsed;
use x509_parser::x509::SubjectPublicKeyInfo;

use crate::pem;

/// Why a key is not usable.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The text holds no PEM section of this kind.
    #[error("no {0} in PEM form")]
    Pem(&'static str),
    /// The key cannot be read.
    #[error("unreadable key: {0}")]
    Unreadable(String),
    /// Tokens are signed with RSA keys of 2048 bits and more, and with ECDSA keys on P-256 (verified also on P-384).
    #[error("unsupported key")]
    Unsupported,
}

/// A public key that verifies tokens.
#[derive(Debug, Clone)]
pub struct PublicKey {
    id: String,
    spki: Vec<u8>,
    kind: Kind,
}

#[derive(Debug, Clone)]
enum Kind {
    Rsa { der: Vec<u8>, modulus: Vec<u8>, exponent: Vec<u8> },
    P256 { point: Vec<u8> },
    P384 { point: Vec<u8> },
}

impl PublicKey {
    /// Reads a key from PEM (`PUBLIC KEY`, RFC 5480 and 3279).
    ///
    /// # Errors
    /// When the text is not such a key.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        Self::from_der(pem::decode("PUBLIC KEY", text).ok_or(KeyError::Pem("public key"))?)
    }

    /// Reads a key from the DER of its subject public key info.
    ///
    /// # Errors
    /// When the bytes are not such a key.
    pub fn from_der(spki: Vec<u8>) -> Result<Self, KeyError> {
        let unreadable = |e: &dyn std::fmt::Display| KeyError::Unreadable(e.to_string());
        let (_, info) = SubjectPublicKeyInfo::from_der(&spki).map_err(|e| unreadable(&e))?;
        let bits = info.subject_public_key.data.to_vec();
        let kind = match info.parsed().map_err(|e| unreadable(&e))? {
            Parsed::RSA(rsa) => Kind::Rsa { modulus: trimmed(rsa.modulus), exponent: trimmed(rsa.exponent), der: bits },
            Parsed::EC(point) => match point.key_size() {
                256 => Kind::P256 { point: bits },
                384 => Kind::P384 { point: bits },
                _ => return Err(KeyError::Unsupported),
            },
            _ => return Err(KeyError::Unsupported),
        };
        let id = URL_SAFE_NO_PAD.encode(digest(&SHA256, &spki));
        Ok(Self { id, spki, kind })
    }

    /// The key's id as Kubernetes computes it: base64url of the SHA-256 of its DER form.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The key as PEM.
    pub fn to_pem(&self) -> String {
        pem::encode("PUBLIC KEY", &self.spki)
    }

    /// The name of its signature algorithm: `RS256`, `ES256` or `ES384`.
    pub fn algorithm(&self) -> &'static str {
        match self.kind {
            Kind::Rsa { .. } => "RS256",
            Kind::P256 { .. } => "ES256",
            Kind::P384 { .. } => "ES384",
        }
    }

    /// The JSON Web Key (RFC 7517), its members in the order in which kube-apiserver writes them.
    pub fn jwk(&self) -> Value {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        match &self.kind {
            Kind::Rsa { modulus, exponent, .. } => json!({
                "use": "sig", "kty": "RSA", "kid": self.id, "alg": "RS256", "n": text(modulus), "e": text(exponent),
            }),
            Kind::P256 { point } | Kind::P384 { point } => {
                // An uncompressed point is 0x04 and two coordinates of the same length.
                let coordinates = point.get(1..).unwrap_or_default();
                let (x, y) = coordinates.split_at(coordinates.len() / 2);
                let curve = if matches!(self.kind, Kind::P256 { .. }) { "P-256" } else { "P-384" };
                json!({
                    "use": "sig", "kty": "EC", "kid": self.id, "crv": curve, "alg": self.algorithm(), "x": text(x), "y": text(y),
                })
            }
        }
    }

    /// Whether this key made the signature of the message, with this algorithm.
    pub(crate) fn verifies(&self, algorithm: &str, message: &[u8], signature: &[u8]) -> bool {
        let (how, bytes): (&'static dyn VerificationAlgorithm, &[u8]) = match &self.kind {
            Kind::Rsa { der, .. } => (&RSA_PKCS1_2048_8192_SHA256, der),
            Kind::P256 { point } => (&ECDSA_P256_SHA256_FIXED, point),
            Kind::P384 { point } => (&ECDSA_P384_SHA384_FIXED, point),
        };
        algorithm == self.algorithm() && UnparsedPublicKey::new(how, bytes).verify(message, signature).is_ok()
    }
}

/// Without the zero bytes with which DER keeps integers positive.
fn trimmed(integer: &[u8]) -> Vec<u8> {
    integer.iter().copied().skip_while(|byte| *byte == 0).collect()
}
