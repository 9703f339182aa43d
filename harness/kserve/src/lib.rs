//! KServe's control plane, release by release.
//!
//! * [`Release`]: the published releases, their order and dates.
//! * [`install`]: the objects that an installation of a release brings.
//! * [`access`]: which of its kinds a release lets Kubeflow's users touch, and which it forgot.
//! * [`control_plane`]: the webhooks and controllers of a release.
//! * [`extras`]: kinds of other projects that a control plane makes use of when they are there.
//! * [`timeline`]: how fixtures are filed by release.

pub mod access;
mod behaviour;
mod conditions;
mod config;
pub mod control_plane;
mod controllers;
mod domain;
pub mod extras;
pub mod install;
mod localmodel;
mod names;
mod podspec;
pub mod release;
mod runtime;
mod schemas;
mod storage;
mod template;
pub mod timeline;
mod webhooks;

pub use install::Flavor;
pub use release::{Release, UnknownRelease};
