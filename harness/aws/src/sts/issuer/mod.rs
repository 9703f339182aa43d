//! Where the keys of OpenID Connect issuers come from: over HTTPS, or from an issuer in the same process.

mod https;
mod thumbprint;

pub use https::Https;

use async_trait::async_trait;
use proofmark_json::Value;
use std::borrow::Cow;
use std::fmt;

/// A way to fetch what issuers publish: the discovery document and the keys that it names.
#[async_trait]
pub trait Issuer: fmt::Debug + Send + Sync {
    /// Fetches a JSON document from an `https://` URL. `thumbprints` are lower-case SHA-1 digests of certificates that vouch for the server
    /// if no certificate authority does.
    ///
    /// # Errors
    /// [`Unreachable`]
    async fn fetch(&self, url: &str, thumbprints: &[String]) -> Result<Value, Unreachable>;

    /// Under which URL accounts have the issuer that tokens name in `iss`: that very one, unless it is a cluster that stands in for another.
    fn known_as<'t>(&self, issuer: &'t str) -> Cow<'t, str> {
        issuer.into()
    }
}

/// Why a document could not be fetched.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreachable {
    /// Nothing vouches for the server's certificate.
    #[error("no certificate of the server is trusted or matches a thumbprint")]
    Thumbprint,
    /// Anything else.
    #[error("{0}")]
    Failed(String),
}

/// No issuer at all: a cloud starts with it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Nowhere;

#[async_trait]
impl Issuer for Nowhere {
    async fn fetch(&self, _: &str, _: &[String]) -> Result<Value, Unreachable> {
        Err(Unreachable::Failed("this cloud reaches no issuers".to_owned()))
    }
}
