//! What the control plane itself is configured with.

use crate::Strategy;
use crate::strategy::{BASE, Generation};

pub(super) const ROWS: &[Strategy] = &[Strategy {
    group: "apiextensions.k8s.io",
    resource: "customresourcedefinitions",
    status: true,
    generation: Generation::States,
    unconditional_update: false,
    default: |definition, _| proofmark_schema::crd::default(definition),
    prepare_create: proofmark_schema::crd::prepare_create,
    prepare_update: proofmark_schema::crd::prepare_update,
    validate: proofmark_schema::crd::validate,
    validate_update: proofmark_schema::crd::validate_update,
    validate_status: Some(|new, _| proofmark_schema::crd::validate_status(new)),
    warnings: proofmark_schema::crd::warnings,
    ..BASE
}];
