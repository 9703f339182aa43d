//! Objects of Kubernetes' own kinds that do not have the shape of their kind: values of the wrong type, and fields that the kind does not have.
//!
//! They are decoded as an API server decodes them. It refuses an object with a value of the wrong type. A field that it does not know it leaves out, with a warning; `kubectl apply` has
//! it refuse those as well. A role, a binding or a definition of a kind that cannot be read is an error here, because what is said of the manifests is read from these; anything else is a
//! warning. Custom resources are not looked into.

use proofmark_builtin::decode::{Misfit, decode_located};
use proofmark_manifests::{Diagnostic, Object, Severity};
use proofmark_rbac::GROUP;
use serde_json::Value;

use super::KUBERNETES;

/// The groups of the kinds that verdicts are read from.
const READ: [&str; 2] = [GROUP, "apiextensions.k8s.io"];

/// What does not fit in one object: one misfit, or all unknown fields.
pub(super) fn vet(object: &Object) -> Vec<Diagnostic> {
    let gvk = object.gvk();
    let Some(ty) = proofmark_builtin::type_of(&gvk.group, &gvk.version, &gvk.kind) else { return Vec::new() };
    match decode_located(&object.value, ty) {
        Ok(decoded) => decoded.unknown.iter().map(|complaint| complained(object, &gvk.kind, complaint)).collect(),
        Err(misfit) => {
            let severity = if READ.contains(&gvk.group.as_str()) { Severity::Error } else { Severity::Warning };
            vec![misfitting(object, &gvk.kind, severity, &misfit)]
        }
    }
}

fn misfitting(object: &Object, kind: &str, severity: Severity, misfit: &Misfit) -> Diagnostic {
    let message = format!("not a {kind}: {}", misfit.error);
    object.finding(severity, &pointer(&object.value, &misfit.path), message).with_help("no cluster takes this object")
}

/// `unknown field "spec.foo"`, in the words of a decoder.
fn complained(object: &Object, kind: &str, complaint: &str) -> Diagnostic {
    let path = complaint.find('"').and_then(|at| serde_json::from_str::<String>(&complaint[at..]).ok());
    let pointer = pointer(&object.value, path.as_deref().unwrap_or_default());
    let finding = object.finding(Severity::Warning, &pointer, complaint);
    finding.with_help(format!(
        "a {kind} of {KUBERNETES} has no such field: clusters leave it out, `kubectl apply` refuses it"
    ))
}

/// A decoder's path (`spec.containers[0].image`) as a JSON pointer. Keys may hold dots and brackets, so the value decides where one ends.
fn pointer(value: &Value, path: &str) -> String {
    let (mut at, mut rest, mut pointer) = (value, path, String::new());
    loop {
        let step = match at {
            Value::Object(fields) => fields
                .iter()
                .filter_map(|(key, next)| {
                    let after = rest.strip_prefix(key.as_str())?;
                    (after.is_empty() || after.starts_with(['.', '[']))
                        .then(|| (key.replace('~', "~0").replace('/', "~1"), next, after))
                })
                .max_by_key(|(key, ..)| key.len()),
            Value::Array(items) => rest
                .strip_prefix('[')
                .and_then(|rest| rest.split_once(']'))
                .and_then(|(index, after)| Some((index.to_owned(), items.get(index.parse::<usize>().ok()?)?, after))),
            _ => None,
        };
        let Some((key, next, after)) = step else { return pointer };
        pointer = format!("{pointer}/{key}");
        (at, rest) = (next, after.strip_prefix('.').unwrap_or(after));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::pointer;

    #[test]
    fn paths_lead_to_values() {
        let pod = json!({
            "metadata": {"labels": {"app": "a", "app.kubernetes.io/name": 7}},
            "spec": {"containers": [{"image": "one"}, {"image": 2}]},
        });
        for (path, expected) in [
            ("spec.containers[1].image", "/spec/containers/1/image"),
            ("metadata.labels.app.kubernetes.io/name", "/metadata/labels/app.kubernetes.io~1name"),
            // As far as it leads.
            ("spec.containers[7].image", "/spec/containers"),
            ("spec.nothing", "/spec"),
            ("", ""),
        ] {
            assert_eq!(pointer(&pod, path), expected, "{path}");
        }
    }
}
