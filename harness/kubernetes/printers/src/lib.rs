//! Tables: what the API server answers to `Accept: application/json;as=Table`, and so what `kubectl get` shows.
//!
//! - [`Printer`] knows the columns and rows of one kind: [`Printer::builtin`] for Kubernetes' own kinds, [`Printer::custom`] for a
//!   custom resource's `additionalPrinterColumns`.
//! - [`table`] and [`list_table`] assemble rows into a `meta.k8s.io` Table, as [`TableOptions`] asks.
//! - [`JsonPath`] is the path language of printer columns; [`human_duration`] writes ages.
//!
//! Everything is pure: ages are counted from a `now` argument. Objects are JSON as the server stores them, with defaults filled in and
//! quantities in canonical form. The server always fills in the columns that kubectl shows with `-o wide` only (priority above 0).

mod column;
mod custom;
mod duration;
mod jsonpath;
mod partial;
mod printer;
mod rows;
mod selector;
mod table;

pub use column::Column;
pub use duration::{human_duration, short_human_duration};
pub use jsonpath::{EvalError, JsonPath, ParseError};
pub use partial::partial_object_metadata;
pub use printer::{Printer, Row};
pub use table::{IncludeObject, TableOptions, list_table, table};
