//! What a request asks for, before anybody decides on it.
//!
//! - [`RequestInfo`]: the path and method, read as kube-apiserver reads them.
//! - [`Query`]: the query string.
//! - [`ListOptions`]: what a list, watch or deletion of a collection is asked for.
//! - [`LabelSelector`], [`FieldSelector`]: which objects of a list or watch are meant.

mod info;
mod list_options;
mod query;
mod selector;

pub(crate) use info::RequestInfo;
pub(crate) use list_options::{ListOptions, Match, revision};
pub(crate) use query::{Query, decode_path, parse_bool, parse_duration, parse_int, parse_uint};
pub(crate) use selector::{FieldSelector, LabelSelector};
