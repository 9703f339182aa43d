//! The cluster's API server as an issuer of tokens.

use std::borrow::Cow;
use std::fmt;

use async_trait::async_trait;
use bytes::Bytes;
use http::Request;
use http_body_util::BodyExt as _;
use proofmark_apiserver::ApiServer;
use proofmark_aws::issuer::{Issuer, Unreachable};
use proofmark_json::Value;

use crate::transport::{Transport, full, send, transport};

/// Who issues the tokens of a cluster that has a cloud beside it: an address such as EKS gives to its clusters.
pub const ISSUER: &str = "https://oidc.eks.us-east-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF";

/// Where an API server publishes who it is, and its keys. Source: Kubernetes, "Configure Service Accounts for Pods", service account issuer discovery.
const DISCOVERY: &str = "/.well-known/openid-configuration";
const KEYS: &str = "/openid/v1/jwks";

/// What an API server publishes as an issuer of tokens, which the cloud knows by the address [`ISSUER`]. It is asked by the way that we have to it, so
/// thumbprints are not looked at.
#[derive(Clone)]
pub struct Published {
    transport: Transport,
    /// What its tokens say: [`ISSUER`], or on a cluster that is not ours whatever its administrator chose.
    named: String,
}

impl From<&ApiServer> for Published {
    fn from(server: &ApiServer) -> Self {
        Self::new(transport(server.service()))
    }
}

impl Published {
    /// An API server that issues as [`ISSUER`], through a transport with the rights of an administrator.
    pub(crate) fn new(transport: Transport) -> Self {
        Self { transport, named: ISSUER.to_owned() }
    }

    /// The API server behind a transport with the rights of an administrator, whoever it says that it is. An error says why it does not tell.
    pub(crate) async fn of(transport: Transport) -> Result<Self, String> {
        let asked = Self::new(transport);
        let document = asked.ask(DISCOVERY).await?;
        let named = document["issuer"].as_str().ok_or_else(|| format!("{DISCOVERY} names no issuer"))?.to_owned();
        Ok(Self { named, ..asked })
    }

    /// The discovery document as an issuer at [`ISSUER`] would publish it. The keys may be said to be anywhere, and the API server has them, too.
    async fn discovered(&self) -> Result<Value, String> {
        let mut document = self.ask(DISCOVERY).await?;
        if document["issuer"] == *self.named {
            document["issuer"] = ISSUER.into();
            document["jwks_uri"] = format!("{ISSUER}{KEYS}").into();
        }
        Ok(document)
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
        proofmark_json::from_slice(&body).map_err(|error| error.to_string())
    }
}

impl fmt::Debug for Published {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Published").field("named", &self.named).finish_non_exhaustive()
    }
}

#[async_trait]
impl Issuer for Published {
    async fn fetch(&self, url: &str, _: &[String]) -> Result<Value, Unreachable> {
        let document = match url.strip_prefix(ISSUER) {
            Some(DISCOVERY) => self.discovered().await,
            Some(KEYS) => self.ask(KEYS).await,
            _ => Err(format!("nobody is at {url}")),
        };
        document.map_err(Unreachable::Failed)
    }

    fn known_as<'t>(&self, issuer: &'t str) -> Cow<'t, str> {
        if issuer == self.named { ISSUER } else { issuer }.into()
    }
}
