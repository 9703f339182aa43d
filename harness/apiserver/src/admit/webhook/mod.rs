//! MutatingAdmissionWebhook and ValidatingAdmissionWebhook: others are asked before something is stored.
//!
//! ```text
//! configurations -> hooks, in order of their names -> matching -> review -> call -> verdict: patch, warnings, denial
//! ```
//!
//! Mutating hooks are called one after the other, each with what the ones before made of the object, and some of them once more if
//! a later one changed it. Validating hooks are called together. What a webhook does wrong is a 500 or, if it says so, ignored; what it
//! denies it denies. Configurations of webhooks and policies themselves are never shown to anybody.
//!
//! Source: `k8s.io/apiserver/pkg/admission/plugin/webhook`, release 1.35.

mod conditions;
mod denial;
mod hook;
mod mutating;
mod review;
mod validating;

pub(super) use mutating::Rounds;
pub(super) use validating::validate;

use super::Request;

/// Whether a request is about what configures admission itself.
pub(super) fn is_exempt(request: &Request<'_>) -> bool {
    const KINDS: [&str; 6] = [
        "ValidatingWebhookConfiguration",
        "MutatingWebhookConfiguration",
        "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding",
        "MutatingAdmissionPolicy",
        "MutatingAdmissionPolicyBinding",
    ];
    request.body.group == "admissionregistration.k8s.io" && KINDS.contains(&request.body.kind.as_str())
}
