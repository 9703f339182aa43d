//! Service account tokens, checked against the objects that the store holds.

use std::sync::Arc;

use proofmark_identity::TokenError;
use proofmark_identity::service_account::{self, Authenticated, BoundObject, BoundObjects};

use crate::server::Inner;

/// The store, as token checks look at it.
struct Stored<'a>(&'a Arc<Inner>);

impl Stored<'_> {
    fn object(&self, resource: &str, place: &str) -> Option<BoundObject> {
        let resource = self.0.catalog.find("", "v1", resource)?;
        self.0.store.snapshot().get(&resource.prefix, place).map(|o| BoundObject::of(&o.value))
    }
}

impl BoundObjects for Stored<'_> {
    fn service_account(&self, namespace: &str, name: &str) -> Option<BoundObject> {
        self.object("serviceaccounts", &format!("{namespace}/{name}"))
    }

    fn secret(&self, namespace: &str, name: &str) -> Option<BoundObject> {
        self.object("secrets", &format!("{namespace}/{name}"))
    }

    fn pod(&self, namespace: &str, name: &str) -> Option<BoundObject> {
        self.object("pods", &format!("{namespace}/{name}"))
    }

    fn node(&self, name: &str) -> Option<BoundObject> {
        self.object("nodes", name)
    }
}

/// Checks a service account token; `audiences` are those that a TokenReview asks about.
pub(crate) fn check_token(
    server: &Arc<Inner>,
    token: &str,
    audiences: Option<&[String]>,
) -> Result<Authenticated, TokenError> {
    let own = std::slice::from_ref(&server.issuer);
    let now = server.clock.now();
    service_account::authenticate(&server.signer, token, now, &server.issuer, own, audiences, &Stored(server))
}
