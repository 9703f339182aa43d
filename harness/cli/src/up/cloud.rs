//! The cloud beside the cluster, and what pods reach.

use std::net::SocketAddr;
use std::sync::Arc;

use proofmark_apiserver::ApiServer;
use proofmark_aws::Cloud;
use proofmark_aws::setup::{AccountSpec, ProviderSpec, Spec};
use proofmark_aws::transport::Listener;
use proofmark_clock::Clock;
use proofmark_env::{CloudNetwork, CloudPlan, ISSUER, Published};
use proofmark_images::Outside;
use proofmark_model_loader::net::{Connecting, Network, Sockets};
use tokio_util::sync::CancellationToken;

use crate::error::ExpectedError;

/// The account that there is unless a file says otherwise.
const ACCOUNT: &str = "000000000000";

/// What a cloud holds unless a file says otherwise: an account that accepts the cluster's tokens.
pub(super) fn usual() -> Spec {
    let provider = ProviderSpec {
        url: ISSUER.to_owned(),
        client_ids: vec!["sts.amazonaws.com".to_owned()],
        ..ProviderSpec::default()
    };
    let account = AccountSpec { id: ACCOUNT.to_owned(), providers: vec![provider], ..AccountSpec::default() };
    Spec { accounts: vec![account], organization: None }
}

/// A cloud behind a socket.
pub(super) struct Beside {
    cloud: Cloud,
    address: SocketAddr,
    account: String,
}

impl Beside {
    /// Makes it and serves it on a free port of an address until `stop`.
    pub(super) async fn start(
        plan: &CloudPlan,
        seed: u64,
        server: &ApiServer,
        listen: SocketAddr,
        stop: CancellationToken,
    ) -> Result<Self, ExpectedError> {
        let cloud = plan.build(Published::from(server), seed, Clock::real())?;
        let address = SocketAddr::new(listen.ip(), 0);
        let failed = |source| ExpectedError::Listen { address, source };
        let listener = Listener::bind(address).await.map_err(failed)?;
        let address = listener.address();
        tokio::spawn(listener.serve(cloud.clone(), stop));
        let account = plan.accounts.accounts.first().map_or(ACCOUNT, |account| &account.id).to_owned();
        Ok(Self { cloud, address, account })
    }

    /// Where it is.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The variables by which clients find it, as the root user of the first account.
    pub(super) fn variables(&self, url: String) -> [(&'static str, String); 6] {
        let settings = self.cloud.settings();
        [
            ("AWS_ENDPOINT_URL", url),
            ("AWS_ACCESS_KEY_ID", self.account.clone()),
            ("AWS_SECRET_ACCESS_KEY", settings.root_secret.clone()),
            ("AWS_REGION", settings.region.clone()),
            ("AWS_DEFAULT_REGION", settings.region.clone()),
            ("EKS_OIDC_ISSUER", ISSUER.to_owned()),
        ]
    }
}

/// What pods reach: the names of AWS lead to the cloud, if there is one, and everything else to where they lead this machine.
pub(super) fn outside(cloud: Option<&Beside>) -> Outside {
    let system = rustls_native_certs::load_native_certs();
    for error in &system.errors {
        tracing::warn!(%error, "certificates of the system could not be read");
    }
    let mut authorities = system.certs;
    let Some(beside) = cloud else {
        return Outside { network: Arc::new(Sockets), authorities: authorities.into(), release: None };
    };
    let network = CloudNetwork::new(beside.cloud.clone());
    authorities.extend(network.authorities());
    Outside { network: Arc::new(CloudFirst(network)), authorities: authorities.into(), release: None }
}

/// A cloud where it is meant, the machine's network elsewhere.
struct CloudFirst(CloudNetwork);

impl Network for CloudFirst {
    fn connect<'a>(&'a self, host: &'a str, port: u16) -> Connecting<'a> {
        if self.0.knows(host) { self.0.connect(host, port) } else { Sockets.connect(host, port) }
    }
}
