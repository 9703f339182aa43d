//! `metadata.managedFields`: who owns which field of an object.
//!
//! A [`FieldManager`] does what kube-apiserver's does around every write. [`FieldManager::update`] goes after a create, an update
//! or a patch: whoever wrote owns what changed, everyone else loses it. [`FieldManager::apply`] is server-side apply: it merges a
//! configuration, refuses to change what others own, and drops what the manager applied before and no longer does.
//!
//! It reads no clock and knows no resource: times, types, reset fields and conversion between versions are given.
//! Source: k8s.io/apimachinery `pkg/util/managedfields` and structured-merge-diff's `merge`, release 1.35.

mod apply;
mod cap;
mod conflict;
mod entries;
mod filter;
mod kubectl;
mod name;
mod plain;
mod scale;
mod times;
mod update;
mod versions;

pub use apply::{Applied, ApplyError};
pub use conflict::{Conflict, Conflicts};
pub use entries::{EntriesError, validate_entries};
pub use filter::Filter;
pub use name::manager_name;
pub use scale::ScaleEntries;
pub use times::keep_times_if_unchanged;
pub use versions::{ConvertError, OneVersion, Versions};

/// Manages the fields of one kind of object.
#[derive(Clone, Copy)]
pub struct FieldManager<'a> {
    /// Types, reset fields and conversion.
    pub versions: &'a dyn Versions,
    /// The kind that requests are about.
    pub kind: &'a str,
}

/// Who writes, through what, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Manager<'a> {
    /// The manager's name, see [`manager_name`].
    pub name: &'a str,
    /// The version that the request speaks, as `apps/v1`; both objects are given in it.
    pub api_version: &'a str,
    /// `status`, `scale` and so on; empty for the resource itself.
    pub subresource: &'a str,
    /// The time of the request, RFC 3339 in UTC with seconds.
    pub time: &'a str,
}

#[cfg(test)]
mod tests;
