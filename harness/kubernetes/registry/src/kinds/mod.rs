//! The rows, by API group.

mod amounts;
mod apps;
mod autoscaling;
mod batch;
mod certificate;
mod claim;
mod control;
mod core;
mod devices;
mod endpoints;
mod event;
mod flow;
mod network;
mod node;
mod pod;
mod policy;
mod quota;
mod rbac;
mod schedule;
mod service;
mod service_addresses;
mod storage;
mod system;
mod validating_policy;
mod volume_source;
mod webhook;

pub use service::cluster_ips;

use crate::Strategy;
use crate::strategy::Part;

/// The part of a resource's objects that a subresource writes, for those that have rules of their own.
pub fn part(group: &str, resource: &str, subresource: &str) -> Option<&'static Part> {
    let all = pod::PARTS.iter().chain(certificate::PARTS);
    all.into_iter().find(|part| (part.group, part.resource, part.subresource) == (group, resource, subresource))
}

/// Every row.
pub(crate) fn all() -> impl Iterator<Item = &'static Strategy> {
    const SINGLE: &[Strategy] = &[pod::ROW, claim::ROW, service::ROW];
    [
        SINGLE,
        core::ROWS,
        control::ROWS,
        devices::ROWS,
        endpoints::ROWS,
        event::ROWS,
        flow::ROWS,
        node::ROWS,
        quota::ROWS,
        storage::ROWS,
        apps::ROWS,
        autoscaling::ROWS,
        batch::ROWS,
        certificate::ROWS,
        network::ROWS,
        policy::ROWS,
        rbac::ROWS,
        service_addresses::ROWS,
        system::ROWS,
        validating_policy::ROWS,
        webhook::ROWS,
    ]
    .into_iter()
    .flatten()
}
