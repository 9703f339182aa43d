//! The rows, by API group.

mod apps;
mod core;
mod rbac;
mod system;

use crate::Strategy;

/// Every row.
pub(crate) fn all() -> impl Iterator<Item = &'static Strategy> {
    [core::ROWS, apps::ROWS, rbac::ROWS, system::ROWS].into_iter().flatten()
}

