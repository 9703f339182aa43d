//! Kustomizations: what `kubectl kustomize` makes of a folder, made here, with positions.
//!
//! ```text
//! configuration ─ what kustomization.yaml says          rules ─ where names, labels, images stand in which kinds
//!      │                                                   │
//!      └──> build ── resources, generators, components ── transformations ──> hashes, references, vars
//! ```
//!
//! The behaviour is that of kustomize 5.5, which kubectl 1.32 to 1.35 hold. Not done, and said so with a place: fetching
//! (remote resources), rendering (Helm charts) and running (plug-ins). The order of the output is that of the files.

mod build;
mod configuration;
mod entries;
mod fields;
mod fieldspec;
mod generators;
mod images;
mod metadata;
mod patches;
mod paths;
mod references;
mod replacements;
mod resource;
mod rules;
mod scope;
mod selector;
mod strategic;
mod uses;
mod vars;

pub(crate) use build::build;
pub(crate) use configuration::configuration_in;
pub(crate) use uses::{Uses, uses};
