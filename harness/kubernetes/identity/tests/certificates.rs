//! Certificates: who they name, when they are refused, and that TLS works with them.

use std::io::{Read as _, Write as _};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use proofmark_identity::{Authority, CertError, Credentials, Issued, KubeconfigUser, kubeconfig};
use rstest::rstest;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConnection};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn now() -> Timestamp {
    at("2026-03-01T12:00:00Z")
}

fn chain(issued: &Issued) -> Vec<CertificateDer<'static>> {
    vec![CertificateDer::from_pem_slice(issued.certificate_pem.as_bytes()).unwrap()]
}

#[test]
fn a_client_certificate_names_user_and_groups() {
    let authority = Authority::generate("kubernetes", now()).unwrap();
    let hour = SignedDuration::from_hours(1);
    let issued = authority.issue_client("jäne", &["system:masters", "dev", "dev"], hour, now()).unwrap();
    let user = authority.peer_user(&chain(&issued), now()).unwrap();
    assert_eq!(user.name, "jäne");
    assert_eq!(user.groups, ["system:masters", "dev", "dev"]);
    assert_eq!(user.uid, None);
    let credential = &user.extra["authentication.kubernetes.io/credential-id"][0];
    assert!(credential.starts_with("X509SHA256=") && credential.len() == 11 + 64, "{credential}");
}

#[rstest]
#[case::in_time("2026-03-01T12:00:00Z", true)]
#[case::clocks_differ("2026-03-01T11:01:00Z", true)]
#[case::too_early("2026-03-01T10:59:00Z", false)]
#[case::nearly_over("2026-03-01T12:59:00Z", true)]
#[case::over("2026-03-01T13:01:00Z", false)]
fn a_client_certificate_has_its_time(#[case] when: &str, #[case] accepted: bool) {
    let authority = Authority::simulator();
    let issued = authority.issue_client("alice", &[], SignedDuration::from_hours(1), now()).unwrap();
    let outcome = authority.peer_user(&chain(&issued), at(when));
    assert_eq!(outcome.is_ok(), accepted, "{outcome:?}");
}

#[test]
fn the_private_authority_is_another_one() {
    let issued =
        Authority::private_simulator().issue_client("alice", &[], SignedDuration::from_hours(1), now()).unwrap();
    assert!(Authority::private_simulator().peer_user(&chain(&issued), now()).is_ok());
    assert!(matches!(Authority::simulator().peer_user(&chain(&issued), now()), Err(CertError::Untrusted(_))));
}

#[test]
fn refused_certificates() {
    let authority = Authority::simulator();
    let other = Authority::generate("kubernetes", now()).unwrap();
    let hour = SignedDuration::from_hours(1);
    let foreign = other.issue_client("alice", &["system:masters"], hour, now()).unwrap();
    assert!(matches!(authority.peer_user(&chain(&foreign), now()), Err(CertError::Untrusted(_))));
    let server = authority.issue_server(&[], now()).unwrap();
    assert!(matches!(authority.peer_user(&chain(&server), now()), Err(CertError::Untrusted(_))));
    let nameless = authority.issue_client("", &["g"], hour, now()).unwrap();
    assert!(matches!(authority.peer_user(&chain(&nameless), now()), Err(CertError::Nameless)));
    assert!(matches!(authority.peer_user(&[], now()), Err(CertError::Unreadable(_))));
    let garbage = [CertificateDer::from(vec![0x30, 0x03, 1, 2, 3])];
    assert!(matches!(authority.peer_user(&garbage, now()), Err(CertError::Untrusted(_))));
}

#[test]
fn an_authority_reads_back() {
    let made = Authority::generate("kubernetes", now()).unwrap();
    let read = Authority::from_pem(&made.certificate_pem(), &made.key_pem()).unwrap();
    let issued = read.issue_client("alice", &[], SignedDuration::from_hours(1), now()).unwrap();
    assert_eq!(made.peer_user(&chain(&issued), now()).unwrap().name, "alice");

    let other = Authority::generate("kubernetes", now()).unwrap();
    assert!(matches!(Authority::from_pem(&made.certificate_pem(), &other.key_pem()), Err(CertError::Mismatch)));
    assert!(matches!(Authority::from_pem("", &made.key_pem()), Err(CertError::Pem("certificate"))));
    assert!(matches!(Authority::from_pem(&made.certificate_pem(), ""), Err(CertError::Pem("private key"))));
}

/// Shakes hands in memory; gives the negotiated protocol and the user whom the server sees.
fn handshake(
    authority: &Authority,
    host: &str,
    client: Option<&Issued>,
) -> (Vec<u8>, Option<Result<String, CertError>>) {
    let server = authority.issue_server(&["proofmark.test", "192.0.2.7"], wall_clock()).unwrap();
    let config = authority.server_config(&server).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(authority.certificate_der().clone()).unwrap();
    let builder = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    let mut client_config = match client {
        None => builder.with_no_client_auth(),
        Some(issued) => builder
            .with_client_auth_cert(chain(issued), PrivateKeyDer::from_pem_slice(issued.key_pem.as_bytes()).unwrap())
            .unwrap(),
    };
    client_config.alpn_protocols = vec![b"h2".to_vec()];
    let name = ServerName::try_from(host.to_owned()).unwrap();
    let mut near = ClientConnection::new(Arc::new(client_config), name).unwrap();
    let mut far = ServerConnection::new(Arc::new(config)).unwrap();

    near.writer().write_all(b"hello").unwrap();
    for _ in 0..4 {
        let mut wire = Vec::new();
        while near.wants_write() {
            near.write_tls(&mut wire).unwrap();
        }
        far.read_tls(&mut wire.as_slice()).unwrap();
        far.process_new_packets().unwrap();
        let mut wire = Vec::new();
        while far.wants_write() {
            far.write_tls(&mut wire).unwrap();
        }
        near.read_tls(&mut wire.as_slice()).unwrap();
        near.process_new_packets().unwrap();
    }
    let mut heard = [0; 5];
    far.reader().read_exact(&mut heard).unwrap();
    assert_eq!(&heard, b"hello");
    let user = far.peer_certificates().map(|chain| authority.peer_user(chain, wall_clock()).map(|user| user.name));
    (far.alpn_protocol().unwrap_or_default().to_vec(), user)
}

/// rustls's client checks the server's certificate against the machine's clock.
fn wall_clock() -> Timestamp {
    #[expect(clippy::disallowed_methods, reason = "the TLS client under test reads this clock itself")]
    Timestamp::now()
}

#[rstest]
#[case("localhost")]
#[case("127.0.0.1")]
#[case("::1")]
#[case("kubernetes.default.svc")]
#[case("10.0.0.1")]
#[case("proofmark.test")]
#[case("192.0.2.7")]
fn tls_without_a_client_certificate(#[case] host: &str) {
    let (protocol, user) = handshake(&Authority::simulator(), host, None);
    assert_eq!(protocol, b"h2");
    assert!(user.is_none());
}

#[test]
fn tls_with_a_client_certificate() {
    let authority = Authority::simulator();
    let issued = authority.issue_client("alice", &["g"], SignedDuration::from_hours(1), wall_clock()).unwrap();
    let (_, user) = handshake(&authority, "localhost", Some(&issued));
    assert_eq!(user.unwrap().unwrap(), "alice");
}

#[test]
fn a_foreign_client_certificate_reaches_the_request() {
    // An authority of the same name, so that the client believes its certificate to be wanted.
    let other = Authority::generate("kubernetes", wall_clock()).unwrap();
    let issued = other.issue_client("alice", &[], SignedDuration::from_hours(1), wall_clock()).unwrap();
    let (_, user) = handshake(&Authority::simulator(), "localhost", Some(&issued));
    assert!(matches!(user, Some(Err(CertError::Untrusted(_)))), "{user:?}");
}

#[test]
fn a_kubeconfig_has_a_context_for_each_user() {
    let issued = Issued { certificate_pem: "cert".to_owned(), key_pem: "key".to_owned() };
    let user = |name: &str, namespace: Option<&str>, credentials| KubeconfigUser {
        name: name.to_owned(),
        namespace: namespace.map(str::to_owned),
        credentials,
    };
    let file = kubeconfig(
        "proofmark",
        "https://127.0.0.1:6443",
        Some("ca"),
        &[
            user("admin", None, Credentials::Certificate(issued)),
            user("alice", Some("team-a"), Credentials::Token("t".to_owned())),
            user("nobody", None, Credentials::Anonymous),
        ],
    );
    insta::assert_json_snapshot!(file);
}

/// OpenSSL looks for an issuer by its key identifier, which the simulator's authority has in another form than generated ones.
#[test]
fn certificates_name_the_key_of_their_issuer() {
    use x509_parser::prelude::{FromDer as _, ParsedExtension, X509Certificate};
    let generated = Authority::generate("kubernetes", now()).unwrap();
    for authority in [Authority::simulator(), generated] {
        let issued = authority.issue_server(&[], now()).unwrap();
        let leaf = chain(&issued);
        let (_, leaf) = X509Certificate::from_der(&leaf[0]).unwrap();
        let (_, root) = X509Certificate::from_der(authority.certificate_der()).unwrap();
        let wanted = leaf.extensions().iter().find_map(|extension| match extension.parsed_extension() {
            ParsedExtension::AuthorityKeyIdentifier(identifier) => identifier.key_identifier.as_ref().map(|id| id.0),
            _ => None,
        });
        let own = root.extensions().iter().find_map(|extension| match extension.parsed_extension() {
            ParsedExtension::SubjectKeyIdentifier(identifier) => Some(identifier.0),
            _ => None,
        });
        assert!(own.is_some());
        assert_eq!(wanted, own);
    }
}
