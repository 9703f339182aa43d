//! Where objects live: a multi-version store in memory.
//!
//! - [`Object`]: one immutable version of one object, kept with its serialised bytes, so that a list is a copy of bytes.
//! - [`Store`]: all objects behind one revision counter. A [`Snapshot`] is O(1): readers never wait for writers and a list is
//!   consistent at its revision.
//! - A watch is a [`Cursor`] into a resource's event log: it never loses or reorders an event, and learns with
//!   `Compacted` that it came too late.
//!
//! What it refuses to do: it knows no schema, no names and no rules; it only keeps what it is given.

mod object;
mod versions;
mod watch;

pub(crate) use object::Object;
pub(crate) use versions::{Change, Precondition, Snapshot, Store, WriteError};
pub(crate) use watch::Cursor;
