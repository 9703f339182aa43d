//! Patches and structured merge: how a write changes an object, and who owns what afterwards.
//!
//! - [`json_patch`], [`merge_patch`] and [`strategic_merge`] are the three patches that name changes.
//! - [`managed`] keeps `metadata.managedFields` and does server-side apply, the patch that names a wish.
//! - [`typed`] walks values by their types (compare, merge, remove); a [`fieldset::FieldSet`] is a set of paths in them.
//!
//! Everything is pure: types come as a [`proofmark_types::TypeGraph`], times as text, conversion as a trait. Refusals carry the
//! texts of kube-apiserver 1.35 and turn into a [`proofmark_status::Status`].

mod error;
pub mod fieldset;
mod json_patch;
pub mod managed;
mod merge_patch;
mod strategic;
pub mod typed;
mod value;

#[cfg(test)]
mod testing;

pub use error::PatchError;
pub use json_patch::{MAX_OPERATIONS, json_patch, validate_merge_patch};
pub use managed::manager_name;
pub use merge_patch::merge_patch;
pub use strategic::strategic_merge;
pub use value::plain as go_text;
