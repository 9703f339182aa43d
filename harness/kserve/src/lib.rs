//! KServe's control plane, release by release.
//!
//! * [`Release`]: the published releases, their order and dates.
//! * [`install`]: the objects that an installation of a release brings.
//! * [`access`]: which of its kinds a release lets Kubeflow's users touch, and which it forgot.
//! * [`timeline`]: how fixtures are filed by release.

pub mod access;
pub mod install;
pub mod release;
pub mod timeline;

pub use install::Flavor;
pub use release::{Release, UnknownRelease};
