//! The cluster's certificate authority.

use jiff::{SignedDuration, Timestamp};
use rustls::pki_types::CertificateDer;
use x509_parser::prelude::{FromDer as _, ParsedExtension, X509Certificate};

use crate::certificate::{self, CertError, Issuer, Purpose, SigningKey, Template};
use crate::pem;

/// The names and addresses by which a cluster's API server is reached: from its own machine, and inside the cluster as the
/// `kubernetes` Service (whose address is the first of the service range).
pub const SERVER_NAMES: [&str; 8] = [
    "localhost",
    "127.0.0.1",
    "::1",
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    "kubernetes.default.svc.cluster.local",
    "10.0.0.1",
];

/// Certificates begin this long before they are made, because clocks differ.
const BACKDATED: SignedDuration = SignedDuration::from_hours(1);

const SIMULATOR_CERTIFICATE: &str = include_str!("../data/simulator-ca.crt");
const SIMULATOR_KEY: &str = include_str!("../data/simulator-ca.key");
const PRIVATE_CERTIFICATE: &str = include_str!("../data/private-storage-ca.crt");
const PRIVATE_KEY: &str = include_str!("../data/private-storage-ca.key");

/// A self-signed certificate authority with an ECDSA P-256 key.
#[derive(Debug)]
pub struct Authority {
    key: SigningKey,
    certificate: CertificateDer<'static>,
    issuer: Issuer,
}

/// A certificate with its private key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issued {
    /// The certificate: one PEM section `CERTIFICATE`.
    pub certificate_pem: String,
    /// The private key: one PEM section `PRIVATE KEY` (PKCS#8).
    pub key_pem: String,
}

impl Authority {
    /// The authority that every simulated cluster may share. Its private key is public (it is part of this source), and its
    /// certificate is valid from 2000 to 2199: use it where nothing outside the process connects, and [`Authority::generate`]
    /// for servers that others reach.
    pub fn simulator() -> Self {
        Self::from_pem(SIMULATOR_CERTIFICATE, SIMULATOR_KEY).expect("the committed authority is whole (tested)")
    }

    /// An authority of somebody's own beside [`Authority::simulator`], just as public: what it vouches for is believed only by who is told of it.
    pub fn private_simulator() -> Self {
        Self::from_pem(PRIVATE_CERTIFICATE, PRIVATE_KEY).expect("the committed authority is whole (tested)")
    }

    /// A new authority whose certificate is valid for ten years from `now`.
    ///
    /// # Errors
    /// [`CertError::Random`] when the system offers no random numbers.
    pub fn generate(common_name: &str, now: Timestamp) -> Result<Self, CertError> {
        Self::generate_for(common_name, earlier(now), later(now, SignedDuration::from_hours(10 * 365 * 24)))
    }

    fn generate_for(common_name: &str, not_before: Timestamp, not_after: Timestamp) -> Result<Self, CertError> {
        let key = SigningKey::generate()?;
        let template = Template {
            purpose: Purpose::Authority,
            common_name,
            organizations: &[],
            alt_names: &[],
            not_before,
            not_after,
        };
        let certificate = certificate::issue(&template, key.public(), None, &key)?;
        Self::from_der(certificate, key)
    }

    /// Reads an authority back: the certificate and a PKCS#8 private key, each as PEM.
    ///
    /// # Errors
    /// When either cannot be read, or when they do not belong together.
    pub fn from_pem(certificate: &str, key: &str) -> Result<Self, CertError> {
        let key = SigningKey::from_pkcs8(pem::decode("PRIVATE KEY", key).ok_or(CertError::Pem("private key"))?)?;
        let certificate = pem::decode("CERTIFICATE", certificate).ok_or(CertError::Pem("certificate"))?;
        Self::from_der(certificate, key)
    }

    fn from_der(certificate: Vec<u8>, key: SigningKey) -> Result<Self, CertError> {
        let (_, parsed) = X509Certificate::from_der(&certificate).map_err(|e| CertError::Unreadable(e.to_string()))?;
        if parsed.public_key().subject_public_key.data.as_ref() != key.public() {
            return Err(CertError::Mismatch);
        }
        let given = parsed.extensions().iter().find_map(|extension| match extension.parsed_extension() {
            ParsedExtension::SubjectKeyIdentifier(identifier) => Some(identifier.0.to_vec()),
            _ => None,
        });
        let issuer = Issuer {
            name: parsed.subject().as_raw().to_vec(),
            key_identifier: given.unwrap_or_else(|| certificate::key_identifier(key.public())),
        };
        Ok(Self { key, certificate: certificate.into(), issuer })
    }

    /// The authority's certificate as PEM: a kubeconfig's `certificate-authority`, a pod's `ca.crt`.
    pub fn certificate_pem(&self) -> String {
        pem::encode("CERTIFICATE", &self.certificate)
    }

    /// The authority's private key as PKCS#8 PEM.
    pub fn key_pem(&self) -> String {
        pem::encode("PRIVATE KEY", &self.key.pkcs8)
    }

    /// The authority's certificate in DER.
    pub fn certificate_der(&self) -> &CertificateDer<'static> {
        &self.certificate
    }

    /// The authority's subject in DER.
    pub(crate) fn name(&self) -> &[u8] {
        &self.issuer.name
    }

    /// A certificate for the API server, valid for a year, with [`SERVER_NAMES`] and `extra` DNS names or IP addresses.
    ///
    /// # Errors
    /// [`CertError::Random`] when the system offers no random numbers.
    pub fn issue_server(&self, extra: &[&str], now: Timestamp) -> Result<Issued, CertError> {
        let mut alt_names: Vec<String> = SERVER_NAMES.map(str::to_owned).to_vec();
        for name in extra {
            if !alt_names.iter().any(|known| known == name) {
                alt_names.push((*name).to_owned());
            }
        }
        self.issue_to_server("kube-apiserver", &alt_names, now)
    }

    /// A certificate for any other server, which has one DNS name or IP address; valid for a year.
    ///
    /// # Errors
    /// [`CertError::Random`] when the system offers no random numbers.
    pub fn issue_host(&self, host: &str, now: Timestamp) -> Result<Issued, CertError> {
        self.issue_to_server(host, &[host.to_owned()], now)
    }

    fn issue_to_server(&self, common_name: &str, alt_names: &[String], now: Timestamp) -> Result<Issued, CertError> {
        self.issue(&Template {
            purpose: Purpose::Server,
            common_name,
            organizations: &[],
            alt_names,
            not_before: earlier(now),
            not_after: later(now, SignedDuration::from_hours(365 * 24)),
        })
    }

    /// A certificate for a client: the common name is the user, the organizations are its groups.
    ///
    /// # Errors
    /// [`CertError::Random`] when the system offers no random numbers.
    pub fn issue_client(
        &self,
        user: &str,
        groups: &[&str],
        valid: SignedDuration,
        now: Timestamp,
    ) -> Result<Issued, CertError> {
        self.issue(&Template {
            purpose: Purpose::Client,
            common_name: user,
            organizations: groups,
            alt_names: &[],
            not_before: earlier(now),
            not_after: later(now, valid),
        })
    }

    fn issue(&self, template: &Template<'_>) -> Result<Issued, CertError> {
        let key = SigningKey::generate()?;
        let certificate = certificate::issue(template, key.public(), Some(&self.issuer), &self.key)?;
        Ok(Issued {
            certificate_pem: pem::encode("CERTIFICATE", &certificate),
            key_pem: pem::encode("PRIVATE KEY", &key.pkcs8),
        })
    }
}

fn earlier(now: Timestamp) -> Timestamp {
    now.checked_sub(BACKDATED).unwrap_or(Timestamp::MIN)
}

fn later(now: Timestamp, by: SignedDuration) -> Timestamp {
    now.checked_add(by).unwrap_or(Timestamp::MAX)
}
