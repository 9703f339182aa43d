//! Objects of Kubernetes' own kinds that do not have the shape of their kind: values of the wrong type, and fields that the kind does not have.
//!
//! They are decoded as an API server decodes them. It refuses an object with a value of the wrong type. A field that it does not know it leaves out, with a warning; `kubectl apply` has
//! it refuse those as well. A role, a binding or a definition of a kind that cannot be read is an error here, because what is said of the manifests is read from these; anything else is a
//! warning. Custom resources are not looked into.

use proofmark_builtin::decode::{Complaint, Misfit, decode_located};
use proofmark_manifests::{Diagnostic, Object, Severity};
use proofmark_rbac::GROUP;

use super::KUBERNETES;

/// The groups of the kinds that verdicts are read from.
const READ: [&str; 2] = [GROUP, "apiextensions.k8s.io"];

/// What does not fit in one object: one misfit, or all unknown fields.
pub(super) fn vet(object: &Object) -> Vec<Diagnostic> {
    let gvk = object.gvk();
    let Some(ty) = proofmark_builtin::type_of(&gvk.group, &gvk.version, &gvk.kind) else { return Vec::new() };
    match decode_located(&object.value, ty) {
        Ok(decoded) => decoded.complaints.iter().map(|complaint| complained(object, &gvk.kind, complaint)).collect(),
        Err(misfit) => {
            let severity = if READ.contains(&gvk.group.as_str()) { Severity::Error } else { Severity::Warning };
            vec![misfitting(object, &gvk.kind, severity, &misfit)]
        }
    }
}

fn misfitting(object: &Object, kind: &str, severity: Severity, misfit: &Misfit) -> Diagnostic {
    let message = format!("not a {kind}: {}", misfit.error);
    object.finding(severity, &misfit.path.pointer(), message).with_help("no cluster takes this object")
}

fn complained(object: &Object, kind: &str, complaint: &Complaint) -> Diagnostic {
    let finding = object.finding(Severity::Warning, &complaint.path.pointer(), complaint.to_string());
    finding.with_help(format!(
        "a {kind} of {KUBERNETES} has no such field: clusters leave it out, `kubectl apply` refuses it"
    ))
}
