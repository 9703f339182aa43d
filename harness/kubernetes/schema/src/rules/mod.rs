//! CEL rules (`x-kubernetes-validations`) of custom resources: compiled once, evaluated with every write.
//!
//! [`Rules`] holds the rules of a schema as a tree beside it; [`Rules::validate`] and [`Rules::validate_update`] walk an object
//! along that tree. They do not run where the object is wrong in other ways ([`crate::stops_rules`]); the walk ends where its
//! budget is used up. Source: `k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel`, release 1.35.

mod compile;
mod evaluate;
mod shape;
mod tree;
mod walk;

pub(crate) use compile::{Compiled, compile};
pub(crate) use shape::shape_of;
pub use tree::Rules;
pub use walk::Verdict;
