//! The cluster's API server as an issuer of tokens.

use std::fmt;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Uri};
use http_body_util::BodyExt as _;
use proofmark_apiserver::ApiServer;
use proofmark_aws::issuer::{Issuer, Unreachable};
use serde_json::Value;

use crate::transport::{Transport, full, send, transport};

/// Who issues the tokens of a cluster that has a cloud beside it: an address such as EKS gives to its clusters.
pub const ISSUER: &str = "https://oidc.eks.us-east-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF";

/// Asks an API server whose issuer is [`ISSUER`] for what it publishes as one. It is asked by the way that we have to it, so thumbprints are not looked at.
#[derive(Clone)]
pub struct Published {
    transport: Transport,
    /// Where it says that it is: `10.0.0.1:6443`.
    address: String,
}

impl From<&ApiServer> for Published {
    fn from(server: &ApiServer) -> Self {
        Self::new(transport(server.service()), server.address().to_owned())
    }
}

impl Published {
    /// Through a transport with the rights of an administrator; `address` is where the server says that it is.
    pub(crate) fn new(transport: Transport, address: String) -> Self {
        Self { transport, address }
    }

    /// The cluster behind a transport with the rights of an administrator; none if its tokens are from another issuer, or if it does not tell from whom.
    pub(crate) async fn of(transport: Transport) -> Option<Self> {
        let asked = Self::new(transport, String::new());
        let document = asked.ask("/.well-known/openid-configuration").await.ok()?;
        let keys = document["jwks_uri"].as_str().and_then(|uri| uri.parse::<Uri>().ok());
        let address = keys.as_ref().and_then(Uri::authority).map(ToString::to_string);
        address.filter(|_| document["issuer"] == ISSUER).map(|address| Self { address, ..asked })
    }

    /// What a URL is to the API server: its discovery document stands below the issuer, its keys below its own address.
    fn path<'u>(&self, url: &'u str) -> Option<&'u str> {
        url.strip_prefix(ISSUER).or_else(|| url.strip_prefix("https://")?.strip_prefix(&self.address))
    }

    /// Reads a path; an error says why there is no document.
    async fn ask(&self, path: &str) -> Result<Value, String> {
        let request = Request::get(path).body(full(Bytes::new())).map_err(|error| error.to_string())?;
        let response = send(&self.transport, request).await.map_err(|error| error.to_string())?;
        let status = response.status();
        let body = response.into_body().collect().await.map_err(|error| error.to_string())?.to_bytes();
        if !status.is_success() {
            return Err(format!("{path} answers {status}"));
        }
        serde_json::from_slice(&body).map_err(|error| error.to_string())
    }
}

impl fmt::Debug for Published {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Published").field("address", &self.address).finish_non_exhaustive()
    }
}

#[async_trait]
impl Issuer for Published {
    async fn fetch(&self, url: &str, _: &[String]) -> Result<Value, Unreachable> {
        let path = self.path(url).ok_or_else(|| Unreachable::Failed(format!("nobody is at {url}")))?;
        self.ask(path).await.map_err(Unreachable::Failed)
    }
}
