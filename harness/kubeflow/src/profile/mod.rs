//! Kubeflow's profile controller: every Profile gets a namespace, two service accounts, three RoleBindings and an AuthorizationPolicy.
//!
//! [`start`] runs it against any API server that has the CRDs of [`crate::install`]. Behaviour of releases 1.9 and 1.10 (`components/
//! profile-controller`), oddities included, as recorded on the real one:
//!
//! * every reconcile writes the Profile back as Go's types hold it, so `spec.resourceQuotaSpec: {}` appears and quantities turn canonical;
//! * a namespace that belongs to somebody else stops everything, also deletion; the condition that would say so is lost, because the
//!   controller writes it past the status subresource;
//! * an existing namespace of the same owner is adopted, but gets neither an owner reference nor `istio-injection`;
//! * labels of a namespace are added when absent and never changed;
//! * a ResourceQuota is not watched: one that somebody deletes comes back with the next reconcile only.
//!
//! A plugin that changes IAM needs credentials in the [`Config`]: [`Aws`] stands for any IAM. Without, it writes its annotation and then fails
//! as the real one does. There is no IAM of Google's.

mod children;
mod config;
mod controller;
mod iam;
mod model;
mod plugins;
mod trust;

pub(crate) use children::{BINDINGS, POLICIES, owner_rule};
pub use config::Config;
pub use controller::{ProfileController, start};
pub use iam::{Answer, Aws, Iam};
pub(crate) use model::PROFILES;
