//! The cloud: state, clock, settings and the record of decisions, shared by everything that serves it.

use crate::Service;
use crate::authorize::Decisions;
use crate::gate::{Caller, KeyUses, SigningKeys};
use crate::random::Random;
use crate::sts::issuer::{Issuer, Nowhere};
use crate::world::{Account, AccountId, World};
use jiff::Timestamp;
use parking_lot::RwLock;
use proofmark_clock::Clock;
use std::sync::Arc;

/// What can be chosen when a cloud is made.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The region of requests that name none, and of buckets made without a location. `us-east-1`
    pub region: String,
    /// The secret of root users, whose access key is the account's id. `test`
    pub root_secret: String,
    /// From which every identifier and secret is drawn.
    pub seed: u64,
    /// The domains under which buckets are host names: `bucket.s3.<region>.<domain>`, `bucket.<domain>`. `amazonaws.com`, `localhost`
    pub domains: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            region: "us-east-1".to_owned(),
            root_secret: "test".to_owned(),
            seed: 0,
            domains: vec!["amazonaws.com".to_owned(), "localhost".to_owned()],
        }
    }
}

/// A cloud. Clones share everything.
#[derive(Debug, Clone)]
pub struct Cloud(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    world: RwLock<World>,
    settings: Settings,
    clock: Clock,
    random: Random,
    decisions: Decisions,
    keys: SigningKeys,
    key_uses: KeyUses,
    issuer: RwLock<Arc<dyn Issuer>>,
}

impl Cloud {
    /// An empty cloud. Accounts appear when their root user first calls, or by [`Cloud::add_account`].
    pub fn new(settings: Settings, clock: Clock) -> Self {
        Self(Arc::new(Inner {
            world: RwLock::default(),
            random: Random::seeded(settings.seed),
            settings,
            clock,
            decisions: Decisions::default(),
            keys: SigningKeys::default(),
            key_uses: KeyUses::default(),
            issuer: RwLock::new(Arc::new(Nowhere)),
        }))
    }

    /// Makes an account unless it is there.
    pub fn add_account(&self, id: &AccountId) {
        if self.0.world.read().accounts.contains_key(id) {
            return;
        }
        self.0.world.write().accounts.entry(id.clone()).or_insert_with(|| Account::new(id.clone()));
    }

    /// Says how the keys of OpenID Connect issuers are fetched from now on. Until then none is reached.
    pub fn reach_issuers(&self, by: Arc<dyn Issuer>) {
        *self.0.issuer.write() = by;
    }

    /// What was decided, newest last.
    pub fn decisions(&self) -> &Decisions {
        &self.0.decisions
    }

    /// What was chosen.
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// The cloud's present moment.
    pub fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    pub(crate) fn world(&self) -> &RwLock<World> {
        &self.0.world
    }

    pub(crate) fn issuer(&self) -> Arc<dyn Issuer> {
        self.0.issuer.read().clone()
    }

    pub(crate) fn random(&self) -> &Random {
        &self.0.random
    }

    pub(crate) fn key_uses(&self) -> &KeyUses {
        &self.0.key_uses
    }

    /// Notes that a caller has shown who it is.
    pub(crate) fn note_use(&self, caller: &Caller, service: Service) {
        self.0.key_uses.note(caller, service, &self.0.settings.region, self.now());
    }

    pub(crate) fn signing_keys(&self) -> &SigningKeys {
        &self.0.keys
    }
}
