//! A cloud on a free port, and clients for it.

use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use proofmark_aws::transport::Listener;
use proofmark_aws::{Cloud, Settings};
use proofmark_clock::Clock;
use std::net::SocketAddr;
use tokio_util::sync::{CancellationToken, DropGuard};

/// An account.
pub(crate) const A: &str = "111111111111";
/// Another one.
pub(crate) const B: &str = "222222222222";

pub(crate) struct Endpoint {
    pub(crate) cloud: Cloud,
    pub(crate) address: SocketAddr,
    _stop: DropGuard,
}

impl Endpoint {
    pub(crate) async fn start() -> Self {
        let cloud = Cloud::new(Settings::default(), Clock::real());
        let listener = Listener::bind("127.0.0.1:0".parse().unwrap()).await.expect("a free port");
        let address = listener.address();
        let stop = CancellationToken::new();
        tokio::spawn(listener.serve(cloud.clone(), stop.clone()));
        Self { cloud, address, _stop: stop.drop_guard() }
    }

    /// A client with the rights of an account's root user.
    pub(crate) fn s3(&self, account: &str) -> aws_sdk_s3::Client {
        self.s3_in(account, "us-east-1")
    }

    pub(crate) fn s3_in(&self, account: &str, region: &'static str) -> aws_sdk_s3::Client {
        let config = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .credentials_provider(Credentials::new(account, "test", None, None, "test"))
            .region(Region::new(region))
            .endpoint_url(format!("http://{}", self.address))
            .force_path_style(true)
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .build();
        aws_sdk_s3::Client::from_conf(config)
    }
}
