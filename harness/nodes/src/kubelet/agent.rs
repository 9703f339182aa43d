//! What the pods of every node share: clients, images, addresses, storage.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use parking_lot::Mutex;
use proofmark_controllers::Clock;
use proofmark_controllers::kit::{Api, Informer};
use tokio_util::sync::CancellationToken;

use super::view::Views;
use super::volumes::Storage;
use crate::process::Images;
use crate::recorder::Recorder;

/// A node, as its pods need it.
pub(crate) struct Node {
    pub(crate) name: String,
    pub(crate) ip: IpAddr,
    pub(crate) allocatable: BTreeMap<String, Quantity>,
}

/// What the pods of every node share.
pub(crate) struct Agent {
    pub(crate) api: Api,
    pub(crate) clock: Clock,
    pub(crate) recorder: Recorder,
    pub(crate) images: Images,
    pub(crate) pods: Informer,
    pub(crate) services: Informer,
    pub(crate) addresses: Addresses,
    pub(crate) storage: Storage,
    pub(crate) views: Views,
    /// Which images are on which nodes.
    pub(crate) present: Mutex<BTreeSet<(String, String)>>,
    /// Ends everything.
    pub(crate) stop: CancellationToken,
}

/// Hands out pod addresses of 10.244.0.0/16, and of the networks after it when those are used up. No address is used twice.
#[derive(Default)]
pub(crate) struct Addresses(Mutex<u32>);

impl Addresses {
    pub(crate) fn next(&self) -> IpAddr {
        let mut given = self.0.lock();
        *given = given.wrapping_add(1);
        if given.is_multiple_of(256) {
            *given = given.wrapping_add(1);
        }
        let base = u32::from(Ipv4Addr::new(10, 244, 0, 0));
        Ipv4Addr::from(base.wrapping_add(*given)).into()
    }
}

/// A shared agent.
pub(crate) type Shared = Arc<Agent>;
