//! ValidatingAdmissionPolicy: expressions that the cluster's administrators hold requests against.
//!
//! ```text
//! policy (what it is about) -> bindings (where it holds) -> params -> expressions -> refuse, warn or note
//! ```
//!
//! All policies are looked at before the first denial is told. A policy without a binding does nothing.
//! Source: `k8s.io/apiserver/pkg/admission/plugin/policy`, release 1.35.

mod bindings;
mod params;
mod status;

pub(crate) use bindings::Compiled;
pub(super) use bindings::validate;
pub(crate) use status::observe;
