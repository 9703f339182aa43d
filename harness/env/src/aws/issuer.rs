//! The cluster's API server as an issuer of tokens.

use std::fmt;

use async_trait::async_trait;
use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt as _, Full};
use proofmark_apiserver::ApiServer;
use proofmark_aws::issuer::{Issuer, Unreachable};
use serde_json::Value;
use tower::ServiceExt as _;

/// Who issues the tokens of a cluster that has a cloud beside it: an address such as EKS gives to its clusters.
pub const ISSUER: &str = "https://oidc.eks.us-east-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF";

/// Asks an API server in this process for what it publishes as an issuer. There is no TLS in between, so thumbprints are not looked at.
#[derive(Clone)]
pub(crate) struct InProcess(pub(crate) ApiServer);

impl fmt::Debug for InProcess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InProcess")
    }
}

#[async_trait]
impl Issuer for InProcess {
    async fn fetch(&self, url: &str, _: &[String]) -> Result<Value, Unreachable> {
        let path = self.path(url).ok_or_else(|| Unreachable::Failed(format!("nobody is at {url}")))?;
        self.clone().ask(path.to_owned()).await.map_err(Unreachable::Failed)
    }
}

impl InProcess {
    /// What a URL is to the API server: its discovery document stands below the issuer, its keys below its own address.
    fn path<'u>(&self, url: &'u str) -> Option<&'u str> {
        url.strip_prefix(ISSUER).or_else(|| url.strip_prefix("https://")?.strip_prefix(self.0.address()))
    }

    /// Reads a path; an error says why there is no document.
    async fn ask(self, path: String) -> Result<Value, String> {
        let request = Request::get(path.as_str())
            .header("authorization", format!("Bearer {}", self.0.admin_token()))
            .body(Full::new(Bytes::new()))
            .map_err(|error| error.to_string())?;
        let response = self.0.service().oneshot(request).await.map_err(|error| error.to_string())?;
        let status = response.status();
        let body = response.into_body().collect().await.map_err(|error| error.to_string())?.to_bytes();
        if !status.is_success() {
            return Err(format!("{path} answers {status}"));
        }
        serde_json::from_slice(&body).map_err(|error| error.to_string())
    }
}
