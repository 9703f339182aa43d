//! The Pod Security Standards of Kubernetes 1.35: what a pod may ask of its node.
//!
//! - [`Policy`] is what the labels of a namespace say (`pod-security.kubernetes.io/enforce` and its siblings).
//! - [`evaluate`] holds a pod against a [`Standard`], which is a [`Level`] as of a release.
//! - [`significant`] tells whether a change of a pod has to be looked at.
//!
//! Pure functions over pods as JSON. The words are those of `k8s.io/pod-security-admission`, release 1.35, down to the order of
//! complaints: baseline checks before restricted ones, each in order of their names.

mod checks;
mod evaluate;
mod pod;
mod standard;

pub use evaluate::{Verdict, evaluate};
pub use pod::significant;
pub use standard::{Level, Policy, Standard, Version};
