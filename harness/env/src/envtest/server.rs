//! One kube-apiserver on one etcd.

use std::io;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use http::Request;
use jiff::SignedDuration;
use kube::Config;
use kube::config::{KubeConfigOptions, Kubeconfig};
use proofmark_clock::Clock;
use proofmark_identity::{Authority, Credentials, KubeconfigUser, TokenSigner, kubeconfig};
use proofmark_json::Value;
use tempfile::TempDir;
use tokio::time::{Instant, sleep, timeout};
use tower::ServiceExt;

use super::assets::Assets;
use super::process::Process;
use crate::limit::ANSWER;
use crate::transport::{Transport, full};
use crate::{EnvError, Site, remote};

/// How long a server may take to be ready, on a machine that has much else to do.
const PATIENCE: Duration = Duration::from_secs(90);
/// How often it is asked whether it is.
const PAUSE: Duration = Duration::from_millis(20);
/// How long it may take to say so.
const LOOK: Duration = Duration::from_secs(5);
/// Free ports are taken by others now and then, between the moment we learn of them and the moment they are used.
const ATTEMPTS: usize = 3;

/// Who issues the tokens of a cluster that nobody outside needs to trust.
pub(crate) const KUBERNETES: &str = "https://kubernetes.default.svc.cluster.local";

/// A running API server. Dropping it ends it and removes all that it kept.
pub(crate) struct Server {
    authority: Arc<Authority>,
    signer_key: String,
    kubeconfig: Value,
    // Fields are dropped in order: the API server first, the folder last.
    kube_apiserver: Process,
    etcd: Process,
    folder: TempDir,
}

impl Server {
    /// Starts both and waits until requests are answered. The tokens of service accounts say that they are from `issuer`.
    pub(crate) async fn start(assets: &Assets, issuer: &str) -> Result<Self, EnvError> {
        let mut attempt = 1;
        loop {
            let mut server = Self::launch(assets, issuer).map_err(|error| failed(&error))?;
            match server.ready().await? {
                Readiness::Ready => return Ok(server),
                Readiness::Ended(_) if attempt < ATTEMPTS => attempt += 1,
                Readiness::Ended(why) => return Err(failed(&why)),
            }
        }
    }

    fn launch(assets: &Assets, issuer: &str) -> Result<Self, Box<dyn std::error::Error>> {
        let folder = tempfile::Builder::new().prefix("proofmark-envtest-").tempdir()?;
        let now = Clock::real().now();
        let keys = Keys::make(folder.path(), now)?;
        let [clients, peers, https] = free_ports()?;
        let data = folder.path().join("etcd");
        let etcd = Process::start(&assets.etcd, &etcd_arguments(&data, clients, peers), folder.path(), "etcd.log")?;
        let arguments = keys.arguments(clients, https, issuer);
        let kube_apiserver = Process::start(&assets.kube_apiserver, &arguments, folder.path(), API_SERVER_LOG)?;
        let day = SignedDuration::from_hours(24);
        let certificate = keys.authority.issue_client("kubernetes-admin", &["system:masters"], day, now)?;
        let admin = KubeconfigUser {
            name: "envtest".to_owned(),
            namespace: None,
            credentials: Credentials::Certificate(certificate),
        };
        let url = format!("https://127.0.0.1:{https}");
        let kubeconfig = kubeconfig("envtest", &url, Some(&keys.authority.certificate_pem()), &[admin]);
        let Keys { authority, signer_key, .. } = keys;
        Ok(Self { authority: Arc::new(authority), signer_key, kubeconfig, kube_apiserver, etcd, folder })
    }

    /// Waits until the server says that it is ready, or until one of the processes has ended.
    async fn ready(&mut self) -> Result<Readiness, EnvError> {
        let transport = remote::connect(self.config().await?, ANSWER)?;
        let start = Instant::now();
        loop {
            if self.etcd.has_ended() {
                return Ok(Readiness::Ended(self.last_words("etcd", "etcd.log")));
            }
            if self.kube_apiserver.has_ended() {
                return Ok(Readiness::Ended(self.last_words("kube-apiserver", API_SERVER_LOG)));
            }
            // While it starts it may take a connection and drop what comes over it.
            if timeout(LOOK, is_ready(&transport)).await.unwrap_or(false) {
                return Ok(Readiness::Ready);
            }
            if start.elapsed() > PATIENCE {
                return Err(failed(&format!("not ready after {PATIENCE:?}")));
            }
            sleep(PAUSE).await;
        }
    }

    fn last_words(&self, who: &str, log: &str) -> String {
        let log = std::fs::read_to_string(self.folder.path().join(log)).unwrap_or_default();
        format!("{who} ended: {}", log.lines().last().unwrap_or("without a word"))
    }

    /// A way in with the rights of an administrator.
    pub(crate) async fn transport(&self) -> Result<Transport, EnvError> {
        remote::connect(self.config().await?, ANSWER)
    }

    /// What a control plane has to know.
    pub(crate) async fn site(&self) -> Result<Site, EnvError> {
        let signer = TokenSigner::from_pkcs8_pem(&self.signer_key).map_err(|error| failed(&error))?;
        Ok(Site::beside(remote::client(self.config().await?, ANSWER)?, self.authority.clone(), signer))
    }

    /// The file that leads to it.
    #[cfg(test)]
    pub(crate) fn kubeconfig(&self) -> &Value {
        &self.kubeconfig
    }

    async fn config(&self) -> Result<Config, EnvError> {
        let read: Kubeconfig = proofmark_json::from_value(self.kubeconfig.clone()).map_err(|error| failed(&error))?;
        let options = KubeConfigOptions::default();
        Config::from_custom_kubeconfig(read, &options).await.map_err(|error| failed(&error))
    }
}

/// Whether a server has come up.
enum Readiness {
    Ready,
    Ended(String),
}

async fn is_ready(transport: &Transport) -> bool {
    let mut request = Request::new(full(bytes::Bytes::new()));
    *request.uri_mut() = http::Uri::from_static("/readyz");
    transport.clone().oneshot(request).await.is_ok_and(|response| response.status().is_success())
}

const API_SERVER_LOG: &str = "kube-apiserver.log";

/// What both sides prove themselves by.
struct Keys {
    authority: Authority,
    signer_key: String,
    folder: PathBuf,
}

impl Keys {
    /// Makes them, and the files that kube-apiserver reads.
    fn make(folder: &Path, now: jiff::Timestamp) -> Result<Self, Box<dyn std::error::Error>> {
        let authority = Authority::generate("proofmark-envtest", now)?;
        let serving = authority.issue_server(&[], now)?;
        // Any key of this kind will do; it is the certificate that is not needed.
        let signer_key = authority.issue_server(&[], now)?.key_pem;
        let signer = TokenSigner::from_pkcs8_pem(&signer_key)?;
        let public = signer.public_keys().first().map(proofmark_identity::PublicKey::to_pem).unwrap_or_default();
        let files = [
            ("ca.crt", authority.certificate_pem()),
            ("serving.crt", serving.certificate_pem),
            ("serving.key", serving.key_pem),
            ("tokens.key", signer_key.clone()),
            ("tokens.pub", public),
        ];
        for (name, text) in files {
            std::fs::write(folder.join(name), text)?;
        }
        Ok(Self { authority, signer_key, folder: folder.to_owned() })
    }

    /// kube-apiserver's arguments.
    fn arguments(&self, etcd: u16, https: u16, issuer: &str) -> Vec<String> {
        let file = |name: &str| self.folder.join(name).display().to_string();
        let table = [
            ("etcd-servers", format!("http://127.0.0.1:{etcd}")),
            ("bind-address", "127.0.0.1".to_owned()),
            ("advertise-address", "127.0.0.1".to_owned()),
            ("secure-port", https.to_string()),
            ("cert-dir", file("certs")),
            ("tls-cert-file", file("serving.crt")),
            ("tls-private-key-file", file("serving.key")),
            ("client-ca-file", file("ca.crt")),
            ("authorization-mode", "RBAC".to_owned()),
            ("service-account-issuer", issuer.to_owned()),
            ("service-account-signing-key-file", file("tokens.key")),
            ("service-account-key-file", file("tokens.pub")),
            ("service-cluster-ip-range", "10.0.0.0/24".to_owned()),
            ("allow-privileged", "true".to_owned()),
        ];
        table.map(|(name, value)| format!("--{name}={value}")).into()
    }
}

/// etcd without the care that data needs which somebody wants to keep.
fn etcd_arguments(data: &Path, clients: u16, peers: u16) -> Vec<String> {
    let (clients, peers) = (format!("http://127.0.0.1:{clients}"), format!("http://127.0.0.1:{peers}"));
    let table = [
        ("data-dir", data.display().to_string()),
        ("listen-client-urls", clients.clone()),
        ("advertise-client-urls", clients),
        ("listen-peer-urls", peers.clone()),
        ("initial-advertise-peer-urls", peers.clone()),
        ("initial-cluster", format!("default={peers}")),
        ("unsafe-no-fsync", "true".to_owned()),
    ];
    table.map(|(name, value)| format!("--{name}={value}")).into()
}

/// Ports that nobody used a moment ago.
fn free_ports() -> io::Result<[u16; 3]> {
    let bind = || TcpListener::bind(("127.0.0.1", 0));
    let held = [bind()?, bind()?, bind()?];
    let [a, b, c] = held.each_ref().map(|socket| socket.local_addr().map(|address| address.port()));
    Ok([a?, b?, c?])
}

fn failed(why: &dyn std::fmt::Display) -> EnvError {
    EnvError::Prepare { what: "kube-apiserver".to_owned(), why: why.to_string() }
}
