//! Kubernetes API errors, in the words that Kubernetes uses: people search for these words.
//!
//! - [`Status`] is the body of every refusal (`metav1.Status`), with a constructor for each kind of refusal.
//! - [`FieldError`] is one complaint about one field (`field.Error`); [`Status::invalid`] makes a 422 of a list of them.
//! - [`quote`] and [`float`] print strings and numbers as Go does, which most of the texts rest on.
//!
//! Nothing here decides anything: callers decide, this crate words it.
//! Source of the wording: `k8s.io/apimachinery/pkg/api/errors` and `pkg/util/validation/field`, release 1.35.

mod field;
mod float;
mod quote;
mod status;

pub use field::{FieldError, FieldErrorKind, aggregate};
pub use float::float;
pub use quote::quote;
pub use status::{Cause, Details, Reason, Status, qualified};
