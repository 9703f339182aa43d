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

/// A host for tests, with nobody in its network, at the beginning of time.
#[cfg(test)]
pub(crate) fn alone(environment: Environment, files: crate::files::Memory) -> Host {
    use crate::net::{ConnectError, Connecting};

    struct Nobody;

    impl Network for Nobody {
        fn connect<'a>(&'a self, _: &'a str, _: u16) -> Connecting<'a> {
            Box::pin(async { Err(ConnectError::UnknownName) })
        }
    }

    Host {
        environment,
        files: Arc::new(files),
        network: Arc::new(Nobody),
        clock: Arc::new(|| Timestamp::UNIX_EPOCH),
        authorities: Arc::new([]),
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host").finish_non_exhaustive()
    }
}
