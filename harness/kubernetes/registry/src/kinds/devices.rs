//! Dynamic resource allocation: classes of devices, claims on them, what drivers offer.
//!
//! Only what becomes of the objects is here: their specifications are not validated. Source: `pkg/registry/resource`, release 1.35.

use proofmark_json::Value;
use proofmark_status::FieldError;

use crate::node::{Errors, Node};
use crate::strategy::{BASE, Generation};
use crate::{Strategy, check, internal};

const DEVICES: Strategy = Strategy { group: "resource.k8s.io", returns_deleted: true, ..BASE };

pub(super) const ROWS: &[Strategy] = &[
    Strategy { resource: "deviceclasses", generation: Generation::States, ..DEVICES },
    Strategy { resource: "resourceclaims", status: true, validate_update: fixed, ..DEVICES },
    Strategy { resource: "resourceclaimtemplates", validate_update: fixed, ..DEVICES },
    Strategy {
        resource: "resourceslices",
        generation: Generation::States,
        fields: &[("spec.nodeName", "/spec/nodeName"), ("spec.driver", "/spec/driver")],
        field_labels: Some(|label| {
            format!("field label not supported for resource.k8s.io/v1, Kind=ResourceSlice: {label}")
        }),
        ..DEVICES
    },
];

/// A specification that stays what it was.
fn fixed(new: &Value, old: &Value) -> Errors {
    let (now, before) = (Node::root(new).get("spec"), Node::root(old).get("spec"));
    let changed = !check::same(now.value, before.value);
    let error = || FieldError::invalid(now.at.clone(), internal::show(new, "/spec"), check::IMMUTABLE);
    changed.then(error).into_iter().collect()
}
