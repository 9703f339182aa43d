//! Roles and bindings. Their rules live in the RBAC crate.

use crate::Strategy;
use crate::strategy::{BASE, NameRule, Repeats};

const RBAC: Strategy = Strategy {
    group: "rbac.authorization.k8s.io",
    name: NameRule::PathSegment,
    create_on_update: true,
    repeats: Repeats::Both,
    ..BASE
};

pub(super) const ROWS: &[Strategy] = &[
    Strategy {
        resource: "roles",
        validate: proofmark_rbac::validate::validate_role,
        validate_update: |new, _| proofmark_rbac::validate::validate_role(new),
        ..RBAC
    },
    Strategy {
        resource: "clusterroles",
        validate: proofmark_rbac::validate::validate_cluster_role,
        validate_update: |new, _| proofmark_rbac::validate::validate_cluster_role(new),
        ..RBAC
    },
    Strategy {
        resource: "rolebindings",
        default: |binding, _| proofmark_rbac::validate::default_binding(binding),
        validate: proofmark_rbac::validate::validate_role_binding,
        validate_update: proofmark_rbac::validate::validate_role_binding_update,
        ..RBAC
    },
    Strategy {
        resource: "clusterrolebindings",
        default: |binding, _| proofmark_rbac::validate::default_binding(binding),
        validate: proofmark_rbac::validate::validate_cluster_role_binding,
        validate_update: proofmark_rbac::validate::validate_cluster_role_binding_update,
        ..RBAC
    },
];
