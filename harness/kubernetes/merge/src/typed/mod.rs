//! Objects with their types: which fields they have, how two versions differ, merging and removing by field.
//!
//! All of it walks a value and its [`proofmark_types::Type`] side by side. A [`Typed`] pairs a type with its arena; values stay
//! plain JSON. Granular objects and associative lists are descended into; scalars and whatever is atomic count as one value.
//! Source: sigs.k8s.io/structured-merge-diff v6, `typed`.

mod compare;
mod fields;
mod item;
mod merge;
mod reconcile;
mod remove;
mod shape;
mod validate;
mod zero;

pub use compare::Comparison;
pub use shape::Typed;
pub use validate::{Duplicates, TypeErrors};

#[cfg(test)]
mod tests;
