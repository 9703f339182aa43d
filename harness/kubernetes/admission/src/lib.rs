//! What admission evaluates: match conditions of webhooks, and ValidatingAdmissionPolicies, as Kubernetes 1.35 does.
//!
//! - [`environment`]: the names that expressions of admission may use; [`check`] tells what is wrong with one.
//! - [`Inputs`]: what a request gives for these names.
//! - [`Conditions`] are `matchConditions`.
//! - [`Policy`]: the expressions of a policy, compiled once, and what they say of a request.
//! - [`type_warnings`], [`shape`]: what the checker thinks of a policy where the types of its objects are known.
//!
//! Pure: who is asked about what, parameters and bindings are the API server's. Expressions that do not compile fail when they are
//! evaluated, in the words that the policy's failure shows. Source: `k8s.io/apiserver/pkg/admission/plugin/{cel,policy}`, release 1.35.

mod conditions;
mod environment;
mod expression;
mod inputs;
mod policy;
mod typecheck;

pub use conditions::Conditions;
pub use environment::{Names, check, environment, variables};
pub use inputs::Inputs;
pub use policy::{Decision, Outcome, Policy};
pub use typecheck::{shape, type_warnings};
