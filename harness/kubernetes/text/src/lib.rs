//! Texts that Kubernetes gives a grammar, each read as Kubernetes reads it, with its complaints.
//!
//! - [`content`]: names, labels and keys.
//! - [`go_json`]: what Go says of JSON that is none.
//! - [`manager`]: names of field managers.
//! - [`quantity`]: amounts of resources (`100m`, `1Gi`).
//! - [`Format`]: the string formats that schemas enforce.
//! - [`Pattern`]: regular expressions as Go writes them.
//! - [`Url`]: URLs as Go reads them.
//!
//! Everything is pure.

pub mod content;
mod format;
pub mod go_json;
pub mod manager;
mod pattern;
pub mod quantity;
mod url;

pub use format::Format;
pub use pattern::Pattern;
pub use url::Url;
