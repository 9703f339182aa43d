//! What a cloud shall hold.

use std::sync::Arc;

use proofmark_aws::setup::Spec;
use proofmark_aws::{Cloud, Settings};
use proofmark_clock::Clock;
use proofmark_identity::Authority;

use super::Published;
use crate::EnvError;

/// A cloud beside the cluster. The cluster's API server is an OpenID Connect issuer under the address [`ISSUER`](super::ISSUER); an account
/// accepts its tokens where `accounts` gives it a provider with that address.
#[derive(Debug, Clone, Default)]
pub struct CloudPlan {
    /// The accounts and what is in them from the beginning. Buckets are made by requests.
    pub accounts: Spec,
    /// Other addresses that lead to S3: a storage of one's own that speaks its protocol, a gateway in front of it.
    pub endpoints: Vec<EndpointPlan>,
    /// The account whose roles Kubeflow's profile controller may change; without one it has no credentials for AWS.
    pub profile_controller: Option<String>,
}

/// An address that leads to S3.
#[derive(Debug, Clone)]
pub struct EndpointPlan {
    /// The name.
    pub host: String,
    /// The port.
    pub port: u16,
    /// What is there.
    pub listener: Listener,
}

/// What listens at an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listener {
    /// S3 without TLS.
    Plain,
    /// S3 with TLS, by a certificate of an authority that machines do not trust by themselves.
    PrivateAuthority,
    /// A gateway that answers every request with 301 to the same address over TLS.
    Redirect,
}

impl Listener {
    /// The certificate of the authority behind [`Listener::PrivateAuthority`], as PEM; the same in every universe.
    #[must_use]
    pub fn private_authority() -> String {
        Authority::private_simulator().certificate_pem()
    }
}

impl CloudPlan {
    /// The service accounts of this cluster, by namespace and name, that are associated with roles (EKS Pod Identity).
    pub(crate) fn associated(&self) -> impl Iterator<Item = (String, String)> {
        let clusters = self.accounts.accounts.iter().flat_map(|account| &account.clusters);
        let own = clusters.filter(|cluster| cluster.issuer == super::ISSUER).flat_map(|cluster| &cluster.associations);
        own.map(|association| (association.namespace.clone(), association.service_account.clone()))
    }

    /// A cloud that verifies the tokens of a cluster. The clock is to agree with the cluster's.
    ///
    /// # Errors
    /// [`EnvError::Prepare`] when what the plan says cannot be made.
    pub fn build(&self, issuer: Published, seed: u64, clock: Clock) -> Result<Cloud, EnvError> {
        let cloud = Cloud::new(Settings { seed, ..Settings::default() }, clock);
        cloud.reach_issuers(Arc::new(issuer));
        cloud
            .set_up(&self.accounts)
            .map_err(|error| EnvError::Prepare { what: "the cloud".to_owned(), why: error.to_string() })?;
        Ok(cloud)
    }
}
