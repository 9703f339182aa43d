//! Scenarios that are written as YAML files, so that a failure can be told without compiling anything.
//!
//! ```yaml
//! apiVersion: proofmark.dev/v1alpha1
//! kind: Scenario
//! metadata: {name: no-models-for-guests}
//! title: A guest may not list models
//! affected: {kserve: "<0.15"}
//! identities:
//!   guest: {serviceAccount: team-a/guest}
//! arrange:
//! - step: the guest's account is created
//!   create: {apiVersion: v1, kind: ServiceAccount, metadata: {name: guest, namespace: team-a}}
//! reproduce:
//! - step: the guest lists the models
//!   as: guest
//!   list: {apiVersion: serving.kserve.io/v1alpha1, kind: TrainedModel, namespace: team-a}
//!   expect: {forbidden: true}
//! ```
//!
//! ```text
//! text --document--> what is written, with places --compile--> proofmark_replay::Scenario
//!                          \-- schema --> JSON Schema for editors
//! ```
//! Everything that can be wrong is found when the file is read, not when it is played, and is said with file, line and column
//! ([`Problem`]): unknown members, unknown kinds and identities, two actions in one step, conditions that are none.
//! [`vet()`] asks an API server besides: whether the objects have fields that do not exist, name what nothing makes, or select nothing.
//!
//! Source of the format: this crate. What cannot be written in it are calls of typed clients.

mod aws;
mod compile;
mod document;
mod import;
mod kinds;
mod problem;
mod reach;
mod schema;
mod step;
mod vet;

pub use compile::{embedded, read};
pub use import::{Imported, import};
pub use problem::Problem;
pub use schema::schema;
pub use vet::vet;

/// The `apiVersion` of the format.
pub const API_VERSION: &str = "proofmark.dev/v1alpha1";
