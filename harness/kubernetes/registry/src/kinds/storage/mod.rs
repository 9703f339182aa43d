//! Volumes beyond pods: persistent volumes, their classes, what drivers tell of themselves and of nodes, attachments.

mod attachment;
mod class;
mod driver;
mod volume;

use crate::Strategy;
use crate::strategy::{BASE, Generation, Repeats};

/// Rows of the storage group; their objects come back when they are deleted.
const STORAGE: Strategy = Strategy { group: "storage.k8s.io", returns_deleted: true, ..BASE };

pub(super) const ROWS: &[Strategy] = &[
    Strategy {
        resource: "persistentvolumes",
        repeats: Repeats::Object,
        status: true,
        returns_deleted: true,
        prepare_create: volume::prepare,
        validate: volume::validate,
        validate_update: volume::validate_update,
        validate_status: Some(|_, _| Vec::new()),
        warnings: |new, _| volume::warnings(new),
        ..BASE
    },
    Strategy {
        resource: "storageclasses",
        validate: class::storage,
        validate_update: class::storage_update,
        warnings: |new, _| class::storage_warnings(new),
        ..STORAGE
    },
    Strategy {
        resource: "volumeattributesclasses",
        validate: class::attributes,
        validate_update: class::attributes_update,
        ..STORAGE
    },
    Strategy {
        resource: "csidrivers",
        unconditional_update: false,
        generation: Generation::Changes,
        validate: driver::driver,
        validate_update: driver::driver_update,
        warnings: driver::driver_warnings,
        ..STORAGE
    },
    Strategy {
        resource: "csinodes",
        unconditional_update: false,
        validate: driver::node,
        validate_update: driver::node_update,
        ..STORAGE
    },
    Strategy {
        resource: "csistoragecapacities",
        returns_deleted: false,
        unconditional_update: false,
        validate: driver::capacity,
        validate_update: driver::capacity_update,
        ..STORAGE
    },
    Strategy {
        resource: "volumeattachments",
        unconditional_update: false,
        status: true,
        repeats: Repeats::Both,
        validate: attachment::validate,
        validate_update: attachment::validate_update,
        ..STORAGE
    },
];
