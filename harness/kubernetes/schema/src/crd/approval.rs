//! Groups under `k8s.io` and `kubernetes.io` need an annotation that says where their API was approved.

use proofmark_json::Value;
use proofmark_status::{FieldError, quote};

use super::definition::Definition;
use proofmark_text::Url;

const ANNOTATION: &str = "api-approved.kubernetes.io";
const SEE: &str = "see https://github.com/kubernetes/enhancements/pull/1111";

/// What the annotation says.
#[derive(PartialEq, Eq)]
enum Approval {
    Missing,
    Bypassed,
    Approved,
    Invalid,
}

impl Approval {
    fn of(definition: &Definition<'_>) -> Self {
        match annotation(definition) {
            "" => Self::Missing,
            text if text.starts_with("unapproved") => Self::Bypassed,
            text if Url::parse_request(text).is_ok_and(|url| !url.host.is_empty() && !url.scheme.is_empty()) => {
                Self::Approved
            }
            _ => Self::Invalid,
        }
    }
}

fn annotation<'a>(definition: &Definition<'a>) -> &'a str {
    definition.annotations.and_then(|a| a.get(ANNOTATION)).and_then(Value::as_str).unwrap_or_default()
}

fn is_protected(group: &str) -> bool {
    let within = |domain: &str| group.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    within("k8s.io") || within("kubernetes.io")
}

/// The condition `KubernetesAPIApprovalPolicyConformant`: status, reason and message. None for groups that need no approval.
pub(super) fn condition(definition: &Definition<'_>) -> Option<(&'static str, &'static str, String)> {
    if !is_protected(definition.group) {
        return None;
    }
    let annotation = annotation(definition);
    let must = format!("protected groups must have approval annotation {}", quote(ANNOTATION));
    Some(match Approval::of(definition) {
        Approval::Missing => ("False", "MissingAnnotation", format!("{must}, {SEE}")),
        Approval::Bypassed => ("False", "UnapprovedAnnotation", format!("not approved: {}", quote(annotation))),
        Approval::Approved => ("True", "ApprovedAnnotation", format!("approved in {annotation}")),
        Approval::Invalid => (
            "False",
            "InvalidAnnotation",
            format!("{must} with either a URL or a reason starting with \"unapproved\", {SEE}"),
        ),
    })
}

/// An approval that has not changed is never complained about.
pub(super) fn validate(new: &Definition<'_>, old: Option<&Definition<'_>>) -> Option<FieldError> {
    let state = Approval::of(new);
    if !is_protected(new.group) || old.is_some_and(|old| Approval::of(old) == state) {
        return None;
    }
    let at = format!("metadata.annotations[{ANNOTATION}]");
    let must = format!("protected groups must have approval annotation {}", quote(ANNOTATION));
    match state {
        Approval::Approved | Approval::Bypassed => None,
        Approval::Missing => Some(FieldError::required(at, format!("{must}, {SEE}"))),
        Approval::Invalid => {
            let detail = format!("{must} with either a URL or a reason starting with \"unapproved\", {SEE}");
            Some(FieldError::invalid(at, annotation(new), detail))
        }
    }
}
