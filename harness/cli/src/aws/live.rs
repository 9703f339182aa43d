//! A cloud on the real clock, behind one address for everything and, if asked, one for S3 and one for STS.

use std::ffi::OsString;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use proofmark_apiserver::transport::TransportError;
use proofmark_aws::issuer::Https;
use proofmark_aws::transport::Listener;
use proofmark_aws::{Cloud, Service, Settings};
use proofmark_clock::Clock;
use proofmark_identity::Authority;
use tempfile::NamedTempFile;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::args::AwsServeArgs;
use crate::error::ExpectedError;
use crate::tell;

/// A running cloud. [`Live::end`] ends it.
pub(super) struct Live {
    scheme: &'static str,
    everything: SocketAddr,
    s3: Option<SocketAddr>,
    sts: Option<SocketAddr>,
    account: String,
    region: String,
    authority: Option<NamedTempFile>,
    serving: TaskTracker,
    stop: CancellationToken,
}

impl Live {
    /// Starts it, and returns when it listens.
    pub(super) async fn start(args: &AwsServeArgs) -> Result<Self, ExpectedError> {
        let clock = Clock::real();
        let settings = Settings { region: args.region.clone(), seed: args.seed, ..Settings::default() };
        let cloud = Cloud::new(settings, clock.clone());
        cloud.reach_issuers(Arc::new(issuers(args.oidc_ca.as_deref())?));
        let spec = args.world.as_deref().map(super::world).transpose()?.unwrap_or_default();
        cloud.set_up(&spec).map_err(|error| ExpectedError::World {
            file: args.world.clone().unwrap_or_default(),
            why: error.to_string(),
        })?;
        let account = spec.accounts.first().map_or_else(|| "000000000000".to_owned(), |account| account.id.clone());

        let authority = if args.tls {
            Some(Authority::generate("proofmark", clock.now()).map_err(TransportError::from)?)
        } else {
            None
        };
        let bind = async |address: SocketAddr| {
            let failed = |source| ExpectedError::Listen { address, source };
            let listener = Listener::bind(address).await.map_err(failed)?;
            let Some(authority) = &authority else { return Ok::<_, ExpectedError>(listener) };
            let own = reachable(listener.address().ip()).to_string();
            let issued = authority.issue_server(&["*.localhost", own.as_str()], clock.now());
            let issued = issued.map_err(TransportError::from)?;
            let config = authority.server_config(&issued).map_err(TransportError::from)?;
            Ok(listener.with_tls(Arc::new(config)))
        };
        let everything = bind(args.listen).await?;
        let s3 = match args.s3_listen {
            Some(address) => Some(bind(address).await?.only(Service::S3)),
            None => None,
        };
        let sts = match args.sts_listen {
            Some(address) => Some(bind(address).await?.only(Service::Sts)),
            None => None,
        };
        let mut live = Self {
            scheme: if args.tls { "https" } else { "http" },
            everything: everything.address(),
            s3: s3.as_ref().map(Listener::address),
            sts: sts.as_ref().map(Listener::address),
            account,
            region: args.region.clone(),
            authority: None,
            serving: TaskTracker::new(),
            stop: CancellationToken::new(),
        };
        for listener in [Some(everything), s3, sts].into_iter().flatten() {
            let bound = listener.address();
            if !bound.ip().is_loopback() {
                let told = "whoever reaches this port is the root user of every account";
                tell::line(format_args!("warning: {bound} can be reached from other machines; {told}"));
            }
            live.serving.spawn(listener.serve(cloud.clone(), live.stop.clone()));
        }
        if let Some(authority) = &authority {
            live.authority = Some(certificate_file(&authority.certificate_pem())?);
        }
        Ok(live)
    }

    /// Where everything is.
    pub(super) fn url(&self) -> String {
        self.url_of(self.everything)
    }

    fn url_of(&self, address: SocketAddr) -> String {
        format!("{}://{}", self.scheme, SocketAddr::new(reachable(address.ip()), address.port()))
    }

    /// The variables by which clients find it, as the root user of the first account.
    pub(super) fn variables(&self) -> Vec<(&'static str, OsString)> {
        let mut variables = vec![
            ("AWS_ENDPOINT_URL", self.url().into()),
            ("AWS_ACCESS_KEY_ID", self.account.clone().into()),
            ("AWS_SECRET_ACCESS_KEY", Settings::default().root_secret.into()),
            ("AWS_REGION", self.region.clone().into()),
            ("AWS_DEFAULT_REGION", self.region.clone().into()),
        ];
        variables.extend(self.s3.map(|address| ("AWS_ENDPOINT_URL_S3", self.url_of(address).into())));
        variables.extend(self.sts.map(|address| ("AWS_ENDPOINT_URL_STS", self.url_of(address).into())));
        variables.extend(self.authority.as_ref().map(|file| ("AWS_CA_BUNDLE", file.path().as_os_str().to_owned())));
        variables
    }

    /// Ends every connection.
    pub(super) async fn end(self) {
        self.stop.cancel();
        self.serving.close();
        self.serving.wait().await;
    }
}

/// Issuers over HTTPS, with the certificates that the system trusts and those of a file.
fn issuers(file: Option<&Path>) -> Result<Https, ExpectedError> {
    let system = rustls_native_certs::load_native_certs();
    for error in &system.errors {
        tracing::warn!(%error, "certificates of the system could not be read");
    }
    let pem = file.map(|file| fs::read(file).map_err(|source| ExpectedError::Read { file: file.to_owned(), source }));
    let pem = pem.transpose()?;
    Https::trusting(system.certs, pem.as_deref()).map_err(|error| ExpectedError::World {
        file: file.map(Path::to_owned).unwrap_or_default(),
        why: error.to_string(),
    })
}

fn certificate_file(pem: &str) -> Result<NamedTempFile, ExpectedError> {
    let failed = |source| ExpectedError::Write { file: std::env::temp_dir(), source };
    let file = tempfile::Builder::new().prefix("proofmark-").suffix(".pem").tempfile().map_err(failed)?;
    fs::write(file.path(), pem).map_err(failed)?;
    Ok(file)
}

/// How clients on this machine reach an address that stands for all of them.
fn reachable(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    }
}
