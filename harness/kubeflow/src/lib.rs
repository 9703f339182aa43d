//! Kubeflow's Profiles and roles, release by release.
//!
//! * [`KubeflowRelease`]: the distribution's releases and the KServe release that each bundles.
//! * [`roles`]: the ClusterRoles that a profile's owner, contributors and service accounts are bound to.
//! * [`install`]: the objects that an installation of the distribution brings.
//! * [`profile`]: the controller that makes a namespace of every Profile.
//! * [`kfam`]: access management over HTTP: contributors of a Profile.

pub mod install;
pub mod kfam;
pub mod profile;
pub mod release;
pub mod roles;

pub use release::{KubeflowRelease, UnknownKubeflowRelease};
