//! What a loader runs on.

use crate::environment::Environment;
use crate::files::{Disk, FileSystem};
use crate::net::{Network, Sockets};
use jiff::Timestamp;
use rustls::pki_types::CertificateDer;
use std::fmt;
use std::sync::Arc;

/// Tells the time.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// What a loader runs on: a machine, or what stands for one. Clones share it.
#[derive(Clone)]
pub struct Host {
    /// The environment at the start.
    pub environment: Environment,
    /// Its files.
    pub files: Arc<dyn FileSystem>,
    /// Its network.
    pub network: Arc<dyn Network>,
    /// Its clock.
    pub clock: Clock,
    /// The authorities that the system trusts.
    pub authorities: Arc<[CertificateDer<'static>]>,
}

impl Host {
    /// The machine itself: its files, its sockets, its trust store. The clock is given, because this crate does not read any.
    pub fn machine(environment: Environment, clock: Clock) -> Self {
        let authorities = rustls_native_certs::load_native_certs().certs;
        Self { environment, files: Arc::new(Disk), network: Arc::new(Sockets), clock, authorities: authorities.into() }
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host").finish_non_exhaustive()
    }
}
