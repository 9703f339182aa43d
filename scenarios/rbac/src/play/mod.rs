//! The steps of the five phases, made of a kind and of the roles that forgot it.

mod arrange;
mod fix;
mod guard;
mod symptoms;
mod verify;

use proofmark_replay::Resource;

pub(crate) use arrange::arrange;
pub(crate) use fix::{OWN_ROLE, ROLE, add_roles, name_in_roles};
pub(crate) use guard::{guard, guard_reading};
pub(crate) use symptoms::{lists_are_refused, reproduce};
pub(crate) use verify::{lists_succeed, verify};

const CLUSTER_ROLES: Resource = Resource::new("rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole");

/// What the survey before the fix is called.
const BEFORE: &str = "before";
