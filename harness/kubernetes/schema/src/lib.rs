//! Structural schemas of CustomResourceDefinitions.
//!
//! - [`Schema`] is a schema in an owned form. [`Schema::prune`], [`Schema::coerce`], [`Schema::default`] and [`Schema::validate`]
//!   are what the API server does with a custom resource, in that order; [`Schema::validate_update`] lets pass what was wrong before.
//! - [`Schema::to_types`] gives the types that structured merge works on.
//! - [`openapi`] is how the schema is published.
//! - [`crd`] defaults and validates CustomResourceDefinition objects themselves.
//! - [`Format`] and [`Pattern`] check strings as Kubernetes does.
//! - [`Rules`] are the CEL rules of a schema (`x-kubernetes-validations`), compiled; [`stops_rules`] and [`rules_not_checked`]
//!   say when they do not run.
//!
//! Everything is pure.
//! Source of behaviour and wording: `k8s.io/apiextensions-apiserver` and `k8s.io/kube-openapi`, release 1.35.

pub mod crd;
mod default;
mod embedded;
mod json;
mod metadata;
mod number;
pub mod openapi;
mod parse;
mod path;
mod prune;
mod rules;
mod schema;
mod types;
mod validate;

pub use parse::SchemaError;
pub use proofmark_text::{Format, Pattern};
pub use rules::{Rules, Verdict};
pub use schema::{Additional, Checks, Rule, Schema, Type};
pub use validate::{ScalePaths, rules_not_checked, stops_rules, validate_scale};
