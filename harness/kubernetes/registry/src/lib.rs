//! What the API server does with objects beyond storing them, kind by kind (Kubernetes calls it the registry).
//!
//! - [`content`]: the shapes of names, labels and keys.
//! - [`meta`]: `ObjectMeta`: which system fields a write may not touch, and its validation.
//! - [`Strategy`]: one row per resource: name rule, defaults, preparation, validation, selectable fields.
//!   [`strategy`] finds the row of a built-in resource; [`CUSTOM`] is that of custom resources.
//! - [`drop_disabled`]: takes away fields of features that are off.
//! - [`cluster_ips`]: complaints about a service's addresses, which whoever gives them out has to know first.
//! - [`versions`]: kinds that are served in several versions, and the one that is stored.
//! - [`flow_control`]: the priority levels and flow schemas that every server begins with.
//! - [`usage`]: what objects use of a ResourceQuota.
//! - [`matches`]: whether a label selector picks a set of labels.
//!
//! Everything is a pure function over JSON values that were decoded by the built-in tables; nothing here does I/O, asks the
//! time or looks at other objects (that is admission's part).

mod address;
mod amount;
mod check;
mod defaults;
mod diff;
mod disabled;
pub mod flow_control;
mod image;
mod internal;
mod kinds;
pub mod meta;
mod node;
mod strategy;
pub mod usage;
pub mod versions;

pub use check::matches;
pub use disabled::drop_disabled;
pub use kinds::{cluster_ips, part};
pub use proofmark_text::content;
pub use strategy::{CUSTOM, Dependents, Generation, NameRule, Part, Repeats, Strategy, strategy};
