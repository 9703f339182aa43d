//! Settings of a server, and how it is built.

use std::sync::{Arc, OnceLock};

use proofmark_clock::Clock;
use proofmark_identity::{Authority, TokenSigner};

use crate::admit::policy::Compiled;
use crate::audit::RequestLog;
use crate::authn::StaticTokens;
use crate::authz::Rbac;
use crate::bootstrap;
use crate::faults::{Fault, Faults};
use crate::random::Random;
use crate::resource::{self, Catalog};
use crate::server::{ApiServer, Inner};
use crate::store::Store;
use crate::webhook::{Endpoint, Webhook, Webhooks};
use crate::world::World;

/// The issuer of its service account tokens unless told otherwise.
pub const ISSUER: &str = "https://kubernetes.default.svc.cluster.local";

/// Settings of a server.
#[derive(Debug, Clone)]
pub struct Builder {
    seed: u64,
    real_clock: bool,
    address: String,
    issuer: String,
    signing_key: Option<String>,
    admin_token: Option<String>,
    webhooks: Webhooks,
    faults: Vec<Fault>,
    world: Option<World>,
}

/// A server that cannot be built as asked.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The certificate authority could not be made.
    #[error("failed to make the certificate authority")]
    Authority(#[source] proofmark_identity::CertError),
    /// The signing key of service account tokens is not usable.
    #[error("failed to read the service account signing key")]
    SigningKey(#[source] proofmark_identity::KeyError),
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            seed: 0,
            real_clock: false,
            address: "127.0.0.1:6443".to_owned(),
            issuer: ISSUER.to_owned(),
            signing_key: None,
            admin_token: None,
            webhooks: Webhooks::default(),
            faults: Vec::new(),
            world: None,
        }
    }
}

impl Builder {
    /// Everything random (uids, suffixes, tokens) follows from this.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Begins at the machine's own time instead of the fixed date of simulated runs.
    #[must_use]
    pub fn real_clock(mut self) -> Self {
        self.real_clock = true;
        self
    }

    /// `host:port` under which clients reach the server.
    #[must_use]
    pub fn address(mut self, address: impl Into<String>) -> Self {
        self.address = address.into();
        self
    }

    /// The issuer of service account tokens (an URL).
    #[must_use]
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuer = issuer.into();
        self
    }

    /// An RSA key (PKCS#8 PEM) that signs service account tokens instead of the simulator's public one.
    #[must_use]
    pub fn signing_key(mut self, pem: impl Into<String>) -> Self {
        self.signing_key = Some(pem.into());
        self
    }

    /// The bearer token of the administrator; one is made from the seed otherwise.
    #[must_use]
    pub fn admin_token(mut self, token: impl Into<String>) -> Self {
        self.admin_token = Some(token.into());
        self
    }

    /// Lets a webhook in this process answer at an endpoint, without a socket. [`ApiServer::webhooks`] does so later.
    #[must_use]
    pub fn webhook(self, endpoint: Endpoint, webhook: impl Webhook) -> Self {
        self.webhooks.register(endpoint, webhook);
        self
    }

    /// Something that goes wrong from the beginning. [`ApiServer::faults`] changes that later.
    #[must_use]
    pub fn fault(mut self, fault: Fault) -> Self {
        self.faults.push(fault);
        self
    }

    /// Begins with what another server held, and goes on from there. Random names go on, too, whatever the seed.
    #[must_use]
    pub fn world(mut self, world: World) -> Self {
        self.world = Some(world);
        self
    }

    /// Builds the server with what every cluster starts with: system namespaces, default roles, the API's own service.
    ///
    /// Must be called inside a tokio runtime: the server's time is tokio's.
    pub fn build(self) -> Result<ApiServer, BuildError> {
        let clock = match &self.world {
            _ if self.real_clock => Clock::real(),
            Some(world) => Clock::starting_at(world.time),
            None => Clock::simulated(),
        };
        let random = Random::seeded(self.seed);
        let admin = self.admin_token.unwrap_or_else(|| random.hex(32));
        let random = self.world.as_ref().map_or(random, |world| Random::seeded(world.random));
        let catalog = self.world.as_ref().map_or_else(Catalog::default, |world| Catalog::holding(world.custom.clone()));
        let rbac = self.world.as_ref().map_or_else(Rbac::default, |world| Rbac::holding(world.access.clone()));
        let store = self.world.map_or_else(Store::new, |world| Store::restored(world.objects));
        let signer = match &self.signing_key {
            Some(pem) => TokenSigner::from_pkcs8_pem(pem).map_err(BuildError::SigningKey)?,
            None => TokenSigner::simulator(),
        };
        let authority = if self.real_clock {
            Authority::generate("kubernetes", clock.now()).map_err(BuildError::Authority)?
        } else {
            Authority::simulator()
        };
        let server = ApiServer(Arc::new(Inner {
            store,
            catalog,
            tokens: StaticTokens::new(admin),
            rbac,
            log: RequestLog::default(),
            issuer: self.issuer,
            kubelet: OnceLock::new(),
            address: self.address,
            webhooks: self.webhooks,
            policies: Compiled::default(),
            faults: Faults::seeded(self.seed),
            clock,
            random,
            authority,
            signer,
        }));
        resource::follow(&server.0);
        bootstrap::fill(&server.0);
        for fault in self.faults {
            server.faults().add(fault);
        }
        Ok(server)
    }
}
