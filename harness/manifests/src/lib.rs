//! Kubernetes manifests with source positions: YAML and JSON files, lists, folders, kustomizations, standard input.
//!
//! [`load`] reads what a user names and returns objects that know where they came from, so that a finding can point at
//! `roles.yaml:12:3`, and diagnostics that say what is wrong, where, and what to do about it.
//!
//! - Texts are read as kubectl reads them (see [`to_yaml`] for the way out).
//! - A folder with a kustomization is built as `kubectl kustomize` does it, without running it and without fetching.
//! - A plain folder is searched for both.
//!
//! This crate reads files and does nothing else: no network, no processes, no environment variables.

mod diagnostic;
mod document;
mod files;
mod folder;
mod identity;
mod kustomize;
mod load;
mod object;
mod position;
mod yaml;

pub use diagnostic::{Diagnostic, Severity};
pub use files::normal;
pub use identity::{Gvk, Identity, gvk, identity};
pub use load::{ManifestSet, Source, load, written};
pub use object::Object;
pub use position::Position;
pub use yaml::to_yaml;
