//! Pods made from templates: the controllers of the groups `apps` and `batch`, and of ReplicationControllers.
//!
//! * [`replicas`]: ReplicaSets and ReplicationControllers: a number of equal pods.
//! * [`deployments`]: ReplicaSets by revision, rolled out and rolled back.
//! * [`daemon_sets`]: a pod on every node that suits.
//! * [`stateful_sets`]: pods with names and claims that last.
//! * [`jobs`]: pods that run to completion.
//! * [`cron_jobs`]: Jobs by a schedule.
//!
//! What they share: [`pods`] (what a pod's status says), [`template`] (pods from templates), [`claim`] (adopting and releasing),
//! [`pod_control`] (making and deleting pods, with their events), [`children`] (from a changed pod to its owner), [`int_or_percent`], [`hash`] (names that hashes make),
//! [`history`] (earlier templates).

pub(crate) mod children;
mod claim;
pub(crate) mod cron_jobs;
pub(crate) mod daemon_sets;
pub(crate) mod deployments;
mod hash;
mod history;
pub(crate) mod int_or_percent;
pub(crate) mod jobs;
mod pod_control;
pub(crate) mod pods;
pub(crate) mod replicas;
pub(crate) mod stateful_sets;
mod tally;
pub(crate) mod template;

use crate::kit::{Error, Resource};

/// The namespace and name of an object.
pub(crate) type Key = (String, String);

pub(crate) const REPLICA_SETS: Resource = Resource::namespaced("apps", "v1", "replicasets", "ReplicaSet");
pub(crate) const REPLICATION_CONTROLLERS: Resource =
    Resource::namespaced("", "v1", "replicationcontrollers", "ReplicationController");
pub(crate) const DEPLOYMENTS: Resource = Resource::namespaced("apps", "v1", "deployments", "Deployment");
pub(crate) const STATEFUL_SETS: Resource = Resource::namespaced("apps", "v1", "statefulsets", "StatefulSet");
pub(crate) const DAEMON_SETS: Resource = Resource::namespaced("apps", "v1", "daemonsets", "DaemonSet");
pub(crate) const CONTROLLER_REVISIONS: Resource =
    Resource::namespaced("apps", "v1", "controllerrevisions", "ControllerRevision");
pub(crate) const JOBS: Resource = Resource::namespaced("batch", "v1", "jobs", "Job");
pub(crate) const CRON_JOBS: Resource = Resource::namespaced("batch", "v1", "cronjobs", "CronJob");

/// Why an owner's pods are not as they should be; it will be tried again.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SyncError {
    #[error("request failed: {0}")]
    Request(#[from] Error),
    #[error("{0}")]
    Gone(String),
}
