//! Writing X.509 certificates (RFC 5280) with ECDSA P-256 keys.
//!
//! Written here because a Kubernetes client certificate needs what certificate generators leave out: a subject with several
//! organizations, one for each group. Extensions are those that kube-apiserver and Go's verifier look at: basic constraints, key usage,
//! extended key usage, key identifiers and subject alternative names.

use std::net::IpAddr;

use jiff::Timestamp;
use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom as _, SystemRandom};
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};

use crate::der;

const COMMON_NAME: &[u32] = &[2, 5, 4, 3];
const ORGANIZATION: &[u32] = &[2, 5, 4, 10];
const EC_PUBLIC_KEY: &[u32] = &[1, 2, 840, 10045, 2, 1];
const PRIME256V1: &[u32] = &[1, 2, 840, 10045, 3, 1, 7];
const ECDSA_WITH_SHA256: &[u32] = &[1, 2, 840, 10045, 4, 3, 2];

const SUBJECT_KEY_IDENTIFIER: &[u32] = &[2, 5, 29, 14];
const KEY_USAGE: &[u32] = &[2, 5, 29, 15];
const SUBJECT_ALT_NAME: &[u32] = &[2, 5, 29, 17];
const BASIC_CONSTRAINTS: &[u32] = &[2, 5, 29, 19];
const AUTHORITY_KEY_IDENTIFIER: &[u32] = &[2, 5, 29, 35];
const EXTENDED_KEY_USAGE: &[u32] = &[2, 5, 29, 37];

/// Why a certificate could not be made, read or accepted.
#[derive(Debug, thiserror::Error)]
pub enum CertError {
    /// The text holds no PEM section of this kind.
    #[error("no {0} in PEM form")]
    Pem(&'static str),
    /// The private key is not a PKCS#8 ECDSA P-256 key.
    #[error("not an ECDSA P-256 private key: {0}")]
    Key(String),
    /// The key and the certificate do not belong together.
    #[error("private key does not match the certificate")]
    Mismatch,
    /// The system has no random numbers to offer.
    #[error("no randomness for a new key")]
    Random,
    /// The certificate cannot be read.
    #[error("unreadable certificate: {0}")]
    Unreadable(String),
    /// The certificate is not signed by this authority, is out of its time, or is not meant for clients.
    #[error("untrusted certificate: {0}")]
    Untrusted(rustls::Error),
    /// The certificate is trusted and names nobody: kube-apiserver goes on as if no certificate had been sent.
    #[error("certificate without a common name")]
    Nameless,
    /// The certificate carries more than one uid (`1.3.6.1.4.1.57683.2`), or an empty one.
    #[error("expected one uid that is not empty, found {0:?}")]
    Uid(Vec<String>),
    /// The TLS library refuses the certificate or the key.
    #[error("TLS configuration: {0}")]
    Tls(rustls::Error),
}

/// What a certificate is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Authority,
    Server,
    Client,
}

/// Everything of a certificate but the keys.
#[derive(Debug)]
pub(crate) struct Template<'a> {
    pub(crate) purpose: Purpose,
    pub(crate) common_name: &'a str,
    pub(crate) organizations: &'a [&'a str],
    /// DNS names and IP addresses.
    pub(crate) alt_names: &'a [String],
    pub(crate) not_before: Timestamp,
    pub(crate) not_after: Timestamp,
}

/// A private key with its PKCS#8 form.
#[derive(Debug)]
pub(crate) struct SigningKey {
    pub(crate) pair: EcdsaKeyPair,
    pub(crate) pkcs8: Vec<u8>,
}

impl SigningKey {
    pub(crate) fn generate() -> Result<Self, CertError> {
        let random = SystemRandom::new();
        let document =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).map_err(|_| CertError::Random)?;
        Self::from_pkcs8(document.as_ref().to_vec())
    }

    pub(crate) fn from_pkcs8(pkcs8: Vec<u8>) -> Result<Self, CertError> {
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &pkcs8, &SystemRandom::new())
            .map_err(|e| CertError::Key(e.to_string()))?;
        Ok(Self { pair, pkcs8 })
    }

    /// The uncompressed point.
    pub(crate) fn public(&self) -> &[u8] {
        self.pair.public_key().as_ref()
    }
}

/// The subject public key info of a P-256 point (RFC 5480).
pub(crate) fn p256_spki(point: &[u8]) -> Vec<u8> {
    let algorithm = der::sequence(&[&der::oid(EC_PUBLIC_KEY), &der::oid(PRIME256V1)]);
    der::sequence(&[&algorithm, &der::bit_string(0, point)])
}

/// Who signs a certificate, as its own certificate says.
#[derive(Debug)]
pub(crate) struct Issuer {
    /// The subject in DER.
    pub(crate) name: Vec<u8>,
    /// The subject key identifier: verifiers compare it, however it was computed.
    pub(crate) key_identifier: Vec<u8>,
}

/// A signed certificate in DER; without an issuer it is self-signed.
pub(crate) fn issue(
    template: &Template<'_>,
    public: &[u8],
    issuer: Option<&Issuer>,
    issuer_key: &SigningKey,
) -> Result<Vec<u8>, CertError> {
    let random = SystemRandom::new();
    let mut serial = [0u8; 16];
    random.fill(&mut serial).map_err(|_| CertError::Random)?;
    serial[0] &= 0x7f;

    let subject = name(template);
    let issuer_identifier = issuer.map_or_else(|| key_identifier(public), |issuer| issuer.key_identifier.clone());
    let algorithm = der::sequence(&[&der::oid(ECDSA_WITH_SHA256)]);
    let tbs = der::sequence(&[
        &der::explicit(0, &der::unsigned(&[2])), // version 3
        &der::unsigned(&serial),
        &algorithm,
        issuer.map_or(&subject, |issuer| &issuer.name),
        &der::sequence(&[&der::time(template.not_before), &der::time(template.not_after)]),
        &subject,
        &p256_spki(public),
        &der::explicit(3, &extensions(template, public, &issuer_identifier)),
    ]);
    let signature = issuer_key.pair.sign(&random, &tbs).map_err(|_| CertError::Random)?;
    Ok(der::sequence(&[&tbs, &algorithm, &der::bit_string(0, signature.as_ref())]))
}

/// The subject: organizations before the common name, the order of Go's `pkix.Name`.
fn name(template: &Template<'_>) -> Vec<u8> {
    let part = |kind: &[u32], value: &str| der::set_of(&der::sequence(&[&der::oid(kind), &der::utf8_string(value)]));
    let mut parts: Vec<Vec<u8>> = template.organizations.iter().map(|o| part(ORGANIZATION, o)).collect();
    parts.push(part(COMMON_NAME, template.common_name));
    der::sequence(&parts.iter().map(Vec::as_slice).collect::<Vec<_>>())
}

fn extensions(template: &Template<'_>, public: &[u8], issuer_identifier: &[u8]) -> Vec<u8> {
    let is_authority = template.purpose == Purpose::Authority;
    let mut list = vec![
        // digitalSignature (bit 0), and for authorities keyCertSign (bit 5)
        extension(
            KEY_USAGE,
            true,
            &if is_authority { der::bit_string(2, &[0x84]) } else { der::bit_string(7, &[0x80]) },
        ),
        extension(
            BASIC_CONSTRAINTS,
            true,
            &if is_authority { der::sequence(&[&der::boolean(true)]) } else { der::sequence(&[]) },
        ),
        extension(SUBJECT_KEY_IDENTIFIER, false, &der::octet_string(&key_identifier(public))),
        extension(AUTHORITY_KEY_IDENTIFIER, false, &der::sequence(&[&der::implicit(0, issuer_identifier)])),
    ];
    // id-kp-serverAuth and id-kp-clientAuth
    let usage = match template.purpose {
        Purpose::Authority => None,
        Purpose::Server => Some(1),
        Purpose::Client => Some(2),
    };
    if let Some(last) = usage {
        let oid = der::oid(&[1, 3, 6, 1, 5, 5, 7, 3, last]);
        list.push(extension(EXTENDED_KEY_USAGE, false, &der::sequence(&[&oid])));
    }
    if !template.alt_names.is_empty() {
        let names: Vec<Vec<u8>> = template
            .alt_names
            .iter()
            .map(|name| match name.parse::<IpAddr>() {
                Ok(IpAddr::V4(ip)) => der::implicit(7, &ip.octets()),
                Ok(IpAddr::V6(ip)) => der::implicit(7, &ip.octets()),
                Err(_) => der::implicit(2, name.as_bytes()),
            })
            .collect();
        list.push(extension(
            SUBJECT_ALT_NAME,
            false,
            &der::sequence(&names.iter().map(Vec::as_slice).collect::<Vec<_>>()),
        ));
    }
    der::sequence(&list.iter().map(Vec::as_slice).collect::<Vec<_>>())
}

fn extension(id: &[u32], critical: bool, value: &[u8]) -> Vec<u8> {
    let value = der::octet_string(value);
    if critical {
        der::sequence(&[&der::oid(id), &der::boolean(true), &value])
    } else {
        der::sequence(&[&der::oid(id), &value])
    }
}

/// The leftmost 160 bits of the key's SHA-256 (RFC 7093, method 1).
pub(crate) fn key_identifier(public: &[u8]) -> Vec<u8> {
    digest(&SHA256, public).as_ref().iter().copied().take(20).collect()
}
