//! What a request asks for, before anybody decides on it.
//!
//! - [`RequestInfo`]: the path and method, read as kube-apiserver reads them.
//! - [`Query`]: the query string.
//! - [`LabelSelector`], [`FieldSelector`]: which objects of a list or watch are meant.

mod info;
mod query;
mod selector;

pub(crate) use info::RequestInfo;
pub(crate) use query::{Query, decode_path, parse_bool, parse_duration};
pub(crate) use selector::{FieldSelector, LabelSelector};
