//! Columns and rows of one kind.

use std::sync::Arc;

use jiff::Timestamp;
use proofmark_json::Value;

use crate::column::{self, Column};
use crate::custom::CustomColumns;
use crate::rows::{self, RowFn};

/// How objects of one kind become rows. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Printer(Kind);

#[derive(Debug, Clone)]
enum Kind {
    Builtin { columns: &'static [Column], row: RowFn },
    Custom(Arc<CustomColumns>),
    Default,
}

/// One row.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Row {
    /// One cell per column: strings, numbers, booleans or null.
    pub cells: Vec<Value>,
    /// Conditions of the row: only finished pods have one (`Completed`).
    pub conditions: Vec<Value>,
}

impl From<Vec<Value>> for Row {
    fn from(cells: Vec<Value>) -> Self {
        Self { cells, conditions: Vec::new() }
    }
}

impl Printer {
    /// The printer of a built-in kind, in any of its versions. Kinds without columns of their own (Role, ClusterRole, LimitRange,
    /// CSIStorageCapacity, CustomResourceDefinition) get `Name` and `Created At`.
    pub fn builtin(group: &str, kind: &str) -> Self {
        let group_kind = if group.is_empty() { kind.to_owned() } else { format!("{kind}.{group}") };
        match (column::builtin(&group_kind), rows::of(&group_kind)) {
            (Some(columns), Some(row)) => Self(Kind::Builtin { columns, row }),
            _ => Self(Kind::Default),
        }
    }

    /// The printer of a custom resource with these `additionalPrinterColumns` (the JSON list of the CustomResourceDefinition's version;
    /// anything else counts as empty). Without any there is an `Age` column.
    pub fn custom(additional_printer_columns: &Value) -> Self {
        Self(Kind::Custom(Arc::new(CustomColumns::new(additional_printer_columns))))
    }

    /// The printer of a custom resource's `scale` subresource, whose column definitions differ from those of built-in kinds' scales.
    pub fn custom_scale() -> Self {
        Self::builtin("", "CustomResourceScale")
    }

    /// The column definitions, `Name` first in most kinds.
    pub fn columns(&self) -> &[Column] {
        match &self.0 {
            Kind::Builtin { columns, .. } => columns,
            Kind::Custom(custom) => custom.columns(),
            Kind::Default => &column::DEFAULT,
        }
    }

    /// The row of an object.
    pub fn row(&self, object: &Value, now: Timestamp) -> Row {
        match &self.0 {
            Kind::Builtin { row, .. } => row(object, now),
            Kind::Custom(custom) => custom.row(object, now).into(),
            Kind::Default => rows::default(object),
        }
    }

    pub(crate) fn has_own_columns(&self) -> bool {
        !matches!(self.0, Kind::Default)
    }
}
