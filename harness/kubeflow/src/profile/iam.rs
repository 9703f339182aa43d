//! The part of AWS' IAM that the AWS plugin needs.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

/// What a call to IAM comes to; the error is in the words of the client's library.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, String>> + Send + 'a>>;

/// An IAM that the controller has credentials for.
pub trait Iam: Send + Sync + 'static {
    /// `GetRole`: the trust policy of the role with this name.
    fn trust_policy<'a>(&'a self, role: &'a str) -> Answer<'a, String>;
    /// `UpdateAssumeRolePolicy`.
    fn set_trust_policy<'a>(&'a self, role: &'a str, document: String) -> Answer<'a, ()>;
}

/// Credentials for an IAM; clones share it.
#[derive(Clone)]
pub struct Aws(Arc<dyn Iam>);

impl Aws {
    /// Credentials for this one.
    pub fn new(iam: impl Iam) -> Self {
        Self(Arc::new(iam))
    }

    pub(super) fn iam(&self) -> &dyn Iam {
        &*self.0
    }
}

impl fmt::Debug for Aws {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Aws(..)")
    }
}
