//! A real control plane without controllers, as a child process.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use jiff::Timestamp;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use proofmark_controllers::{LegacyToken, Options, SecretTokens};
use proofmark_identity::{Claims, ObjectRef, TokenSigner};

/// How often the servers are started until they stay.
const ATTEMPTS: usize = 4;

pub(crate) struct ControlPlane {
    pub(crate) kubeconfig: PathBuf,
    /// The certificate that clients check the server by (PEM).
    ca: String,
    /// The key of service account tokens (PEM, PKCS#8).
    signing_key: String,
    up: Child,
    _folder: tempfile::TempDir,
}

impl ControlPlane {
    /// `None`, said aloud, where there is none to start.
    #[expect(
        clippy::disallowed_methods,
        reason = "tests find what lies beside the repository by environment variables"
    )]
    #[expect(clippy::print_stderr, reason = "a skipped test says so")]
    pub(crate) fn start() -> Option<Self> {
        let oracle = oracle();
        let assets = std::env::var("KUBEBUILDER_ASSETS").map_or_else(|_| built(), |folder| Some(PathBuf::from(folder)));
        let Some(assets) =
            assets.filter(|folder| folder.join("kube-apiserver").is_file() && oracle.join("real/up").is_file())
        else {
            eprintln!(
                "skipped: no kube-apiserver to start (KUBEBUILDER_ASSETS), or no {}",
                oracle.join("real/up").display()
            );
            return None;
        };
        // A port that was free when `up` looked may be another's when the server wants it.
        let started = (1..=ATTEMPTS).find_map(|attempt| Self::up(&oracle, &assets, attempt == ATTEMPTS));
        let (up, folder) = started.expect("the last attempt does not fail quietly");
        let read = |path: &str| std::fs::read_to_string(folder.path().join(path)).expect("up wrote it");
        Some(Self {
            kubeconfig: folder.path().join("kubeconfig"),
            ca: read("certs/apiserver.crt"),
            signing_key: read("sa.key"),
            up,
            _folder: folder,
        })
    }

    /// Starts the servers, with their folder; `None` if they ended at once.
    ///
    /// # Panics
    /// If that was the last attempt.
    fn up(oracle: &Path, assets: &Path, last: bool) -> Option<(Child, tempfile::TempDir)> {
        let folder = tempfile::tempdir().expect("a folder for the server");
        let mut up = Command::new(oracle.join("real/up"));
        up.arg("--assets").arg(assets).arg("--dir").arg(folder.path()).stdout(Stdio::piped());
        let mut up = up.spawn().expect("python3 is there");
        let mut line = String::new();
        BufReader::new(up.stdout.take().expect("piped")).read_line(&mut line).expect("readable");
        if !line.is_empty() {
            return Some((up, folder));
        }
        let _ = up.wait();
        if last {
            panic!("the control plane did not start: see its logs in {}", folder.keep().display());
        }
        None
    }

    /// A client with the rights of an administrator.
    pub(crate) async fn client(&self) -> Client {
        let kubeconfig = Kubeconfig::read_from(&self.kubeconfig).expect("up wrote it");
        let mut config =
            Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await.expect("usable");
        // What is refused for now is for the controllers to try again.
        config.default_retry = false;
        Client::try_from(config).expect("usable")
    }
}

impl ControlPlane {
    /// Options for controllers of this server.
    pub(crate) fn options(&self) -> Options {
        let signer = TokenSigner::from_pkcs8_pem(&self.signing_key).expect("the key that up made");
        let sign = move |token: LegacyToken<'_>| {
            let account =
                ObjectRef { name: token.service_account.to_owned(), uid: token.service_account_uid.to_owned() };
            signer.sign(&Claims::legacy(token.namespace, &account, token.secret))
        };
        #[expect(clippy::disallowed_methods, reason = "a real server runs on the real clock")]
        let clock = Arc::new(Timestamp::now);
        Options { clock, root_ca: self.ca.clone(), secret_tokens: Some(SecretTokens::new(sign)) }
    }
}

impl Drop for ControlPlane {
    /// Asks the parent of the servers to end them; killing it would leave them behind.
    fn drop(&mut self) {
        let _ = Command::new("kill").arg(self.up.id().to_string()).status();
        let _ = self.up.wait();
    }
}

/// Where the recordings of a real server are, and the server itself.
#[expect(clippy::disallowed_methods, reason = "tests find what lies beside the repository by environment variables")]
pub(crate) fn oracle() -> PathBuf {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    std::env::var("PROOFMARK_SHARED").map_or_else(|_| beside(), PathBuf::from).join("oracle")
}

/// Where `oracle/real/build` keeps the binaries, if it was run before.
fn built() -> Option<PathBuf> {
    std::env::home_dir().map(|home| home.join(".cache/real-control-plane/v1.35.4"))
}
