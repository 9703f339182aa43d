//! What a cloud shall hold.

use proofmark_aws::setup::Spec;

/// A cloud beside the cluster. The cluster's API server is an OpenID Connect issuer under the address [`ISSUER`](super::ISSUER); an account
/// accepts its tokens where `accounts` gives it a provider with that address.
#[derive(Debug, Clone, Default)]
pub struct CloudPlan {
    /// The accounts and what is in them from the beginning. Buckets are made by requests.
    pub accounts: Spec,
}
