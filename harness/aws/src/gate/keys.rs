//! Signing keys by secret and scope, kept so that a busy client's key is derived once a day.

use parking_lot::RwLock;
use proofmark_aws_sigv4::{Scope, SigningKey};
use std::collections::BTreeMap;

/// As many keys as are kept; when there are more, all are derived anew.
const KEPT: usize = 4096;

/// The keys derived so far.
#[derive(Debug, Default)]
pub struct SigningKeys(RwLock<BTreeMap<(String, String), SigningKey>>);

impl SigningKeys {
    /// The key of a secret in a scope.
    pub(crate) fn get(&self, secret: &str, scope: &Scope) -> SigningKey {
        let name = (secret.to_owned(), scope.to_string());
        if let Some(key) = self.0.read().get(&name) {
            return key.clone();
        }
        let key = SigningKey::derive(secret, scope);
        let mut keys = self.0.write();
        if keys.len() >= KEPT {
            keys.clear();
        }
        keys.insert(name, key.clone());
        key
    }
}
