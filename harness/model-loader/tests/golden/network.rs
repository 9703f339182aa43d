//! Pipes to the scripted server. Every name that the recordings' machine knew leads there, on the ports it was known by.

use crate::server::{self, Server};
use proofmark_model_loader::net::{ConnectError, Connecting, Network, Stream};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;

/// The ports of `<addr>`.
pub(crate) const PLAIN: u16 = 8080;
pub(crate) const TLS: u16 = 8443;

/// The names in the server's certificate.
const NAMES: [&str; 27] = [
    "127.0.0.1",
    "localhost",
    "*.localhost",
    "*.amazonaws.com",
    "*.s3.amazonaws.com",
    "*.s3-accelerate.amazonaws.com",
    "*.s3.us-east-1.amazonaws.com",
    "*.s3.us-west-2.amazonaws.com",
    "*.s3.eu-west-1.amazonaws.com",
    "*.s3.eu-central-1.amazonaws.com",
    "*.s3.ap-south-1.amazonaws.com",
    "*.us-east-1.amazonaws.com",
    "*.us-west-2.amazonaws.com",
    "*.eu-west-1.amazonaws.com",
    "*.eu-central-1.amazonaws.com",
    "*.ap-south-1.amazonaws.com",
    "*.dualstack.us-west-2.amazonaws.com",
    "*.amazonaws.com.cn",
    "*.cn-north-1.amazonaws.com.cn",
    "*.s3.cn-north-1.amazonaws.com.cn",
    "minio.example.com",
    "*.minio.example.com",
    "*.example.com",
    "*.s3.dualstack.us-west-2.amazonaws.com",
    "*.s3-fips.us-west-2.amazonaws.com",
    "*.s3-fips.us-east-1.amazonaws.com",
    "*.s3.dualstack.us-east-1.amazonaws.com",
];

/// An authority, another one, and the certificates that the server may show.
pub(crate) struct Authority {
    pub(crate) pem: String,
    pub(crate) der: CertificateDer<'static>,
    pub(crate) other_pem: String,
    good: Identity,
    self_signed: Identity,
    expired: Identity,
    other_name: Identity,
}

#[derive(Clone)]
struct Identity(TlsAcceptor);

impl Authority {
    pub(crate) fn new() -> Self {
        let (certificate, issuer) = authority("authority");
        let names: Vec<String> = NAMES.map(str::to_owned).to_vec();
        let params = |names: Vec<String>| CertificateParams::new(names).unwrap();
        let mut expired = params(names.clone());
        expired.not_after = rcgen::date_time_ymd(2001, 1, 1);
        let key = KeyPair::generate().unwrap();
        let own = params(names.clone()).self_signed(&key).unwrap();
        Self {
            pem: certificate.pem(),
            der: certificate.der().clone(),
            other_pem: authority("another authority").0.pem(),
            good: Identity::signed(params(names), &issuer),
            self_signed: Identity::of(own.der().clone(), &key),
            expired: Identity::signed(expired, &issuer),
            other_name: Identity::signed(params(vec!["other.example.org".to_owned()]), &issuer),
        }
    }

    fn identity(&self, note: Option<&str>) -> Identity {
        match note {
            None => &self.good,
            Some(note) if note.contains("self-signed") => &self.self_signed,
            Some(note) if note.contains("expired") => &self.expired,
            Some(note) if note.contains("other.example.org") => &self.other_name,
            Some(note) => panic!("no certificate is like this: {note}"),
        }
        .clone()
    }
}

fn authority(name: &str) -> (rcgen::Certificate, Issuer<'static, KeyPair>) {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params.distinguished_name.push(DnType::CommonName, name);
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    (certificate, Issuer::new(params, key))
}

impl Identity {
    fn signed(params: CertificateParams, issuer: &Issuer<'static, KeyPair>) -> Self {
        let key = KeyPair::generate().unwrap();
        Self::of(params.signed_by(&key, issuer).unwrap().der().clone(), &key)
    }

    fn of(certificate: CertificateDer<'static>, key: &KeyPair) -> Self {
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .unwrap();
        Self(TlsAcceptor::from(Arc::new(config)))
    }
}

/// Pipes to a server.
pub(crate) struct Pipes {
    server: Arc<Server>,
    identity: Identity,
}

impl Pipes {
    pub(crate) fn new(server: Arc<Server>, authority: &Authority, note: Option<&str>) -> Self {
        Self { server, identity: authority.identity(note) }
    }
}

/// What stands behind a name and a port; nothing where nobody listens.
fn leads_to(host: &str, port: u16) -> Result<Option<bool>, ConnectError> {
    let near = host == "127.0.0.1" || host == "localhost" || host.ends_with(".localhost");
    let far =
        [".amazonaws.com", ".amazonaws.com.cn", ".example.com", ".c2s.ic.gov"].iter().any(|end| host.ends_with(end))
            || host.starts_with("sts.")
            || host.starts_with("169.254.");
    match (near, far, port) {
        (true, _, PLAIN) | (_, true, 80) => Ok(Some(false)),
        (true, _, TLS) | (_, true, 443) => Ok(Some(true)),
        (true, ..) | (_, true, _) => Ok(None),
        _ => Err(ConnectError::UnknownName),
    }
}

impl Network for Pipes {
    fn connect<'a>(&'a self, host: &'a str, port: u16) -> Connecting<'a> {
        Box::pin(async move {
            let Some(tls) = leads_to(host, port)? else { return Err(ConnectError::System(111)) };
            let (here, there) = tokio::io::duplex(256 * 1024);
            let (server, identity) = (self.server.clone(), self.identity.clone());
            tokio::spawn(async move {
                if !tls {
                    return server::serve(server, there, false).await;
                }
                match identity.0.accept(there).await {
                    Ok(stream) => server::serve(server, stream, true).await,
                    Err(error) => server.no_handshake(&error),
                }
            });
            Ok(Box::new(here) as Box<dyn Stream>)
        })
    }
}
