//! All that a server holds, to go on with later: in this process, or from a file.
//!
//! ```
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! use proofmark_apiserver::{ApiServer, World};
//! let server = ApiServer::builder().build().unwrap();
//! let mut file = Vec::new();
//! server.world().write(&mut file).unwrap();
//! let world = World::read(file.as_slice()).unwrap();
//! let other = ApiServer::builder().world(world).build().unwrap();
//! # assert_eq!(other.world().revision(), server.world().revision());
//! # });
//! ```
//!
//! A server that begins with a world goes on where it ended: with its objects, their uids and resource versions, and with the same random
//! numbers to come. Resource versions go on rising. History does not come along: watches, and lists at exact revisions, from before get 410 Gone,
//! as after a compaction. Neither do connections, faults, the request log, or the keys of a server (builders and `proofmark up` make those).

mod format;

pub use format::WorldError;

use std::sync::Arc;

use jiff::Timestamp;

use crate::ApiServer;
use crate::authz::Access;
use crate::resource::CustomResources;
use crate::store::Snapshot;

/// All that a server holds, at one moment. Taking and cloning one costs nothing that grows with the number of objects.
#[derive(Debug, Clone)]
pub struct World {
    pub(crate) objects: Arc<Snapshot>,
    /// Where the source of random names stands.
    pub(crate) random: u64,
    /// The moment, on the server's clock.
    pub(crate) time: Timestamp,
    /// What is made of its definitions of kinds, as far as that is at hand; whoever goes on from here makes the rest.
    pub(crate) custom: CustomResources,
    /// What its roles and bindings allow, likewise.
    pub(crate) access: Access,
}

impl World {
    /// The revision of its last write.
    pub fn revision(&self) -> u64 {
        self.objects.revision()
    }

    /// When it was taken. A server on a simulated clock goes on from here.
    pub fn time(&self) -> Timestamp {
        self.time
    }

    /// The same with other random names to come, which follow from this seed and from those that were drawn.
    #[must_use]
    pub fn forked(mut self, seed: u64) -> Self {
        self.random ^= seed;
        self
    }
}

impl ApiServer {
    /// All that the server holds, now.
    pub fn world(&self) -> World {
        // In this order: what is drawn in between is drawn in vain, and never drawn twice.
        let objects = self.0.store.snapshot();
        let (custom, access) = (self.0.catalog.custom(), self.0.rbac.access());
        World { objects, random: self.0.random.state(), time: self.now(), custom, access }
    }
}

#[cfg(test)]
mod tests;
