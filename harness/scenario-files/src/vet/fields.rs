//! Which parts of an object a refusal is about.
//!
//! An API server names fields as Go does: `spec.containers[0].image`, `metadata.labels[app]`. Those of an invalid object are in the refusal's causes, unknown ones
//! only in its words. A value of the wrong type is named by the types of Go's program; for Kubernetes' own kinds the decoder says where it stands.

use proofmark_builtin::decode::decode_located;
use proofmark_json::Value;
use proofmark_manifests::{Gvk, gvk};

use super::Finding;

/// What a refusal (a Status) says of an object, part by part; in one piece if it names no part.
pub(super) fn told(object: &Value, status: &Value) -> Vec<Finding> {
    let message = status["message"].as_str().unwrap_or_default();
    let kind = object["kind"].as_str().unwrap_or_default();
    let unknown: Vec<Finding> = unknown(message)
        .map(|field| Finding { pointer: pointer(field), message: format!("a {kind} has no field {field:?}") })
        .collect();
    if !unknown.is_empty() {
        return unknown;
    }
    let causes = status["details"]["causes"].as_array().map(Vec::as_slice).unwrap_or_default();
    let invalid: Vec<Finding> = causes.iter().filter_map(cause).collect();
    if !invalid.is_empty() {
        return invalid;
    }
    vec![Finding { pointer: misfit(object).unwrap_or_default(), message: message.to_owned() }]
}

fn cause(cause: &Value) -> Option<Finding> {
    let (field, message) = (cause["field"].as_str()?, cause["message"].as_str()?);
    Some(Finding { pointer: pointer(field), message: format!("{field}: {message}") })
}

/// The fields that a strict decoder's words name as unknown.
fn unknown(message: &str) -> impl Iterator<Item = &str> {
    message.split("unknown field \"").skip(1).filter_map(|rest| rest.split('"').next())
}

/// Where a value of the wrong type stands, in an object of Kubernetes' own.
fn misfit(object: &Value) -> Option<String> {
    let Gvk { group, version, kind } = gvk(object);
    let ty = proofmark_builtin::type_of(&group, &version, &kind)?;
    decode_located(object, ty).err().map(|misfit| misfit.path.pointer())
}

/// A field's name in Go's words as a JSON pointer.
fn pointer(field: &str) -> String {
    let mut pointer = String::new();
    let mut rest = field;
    while !rest.is_empty() {
        let (step, after) = match rest.strip_prefix('[') {
            Some(inner) => inner.split_once(']').unwrap_or((inner, "")),
            None => rest.split_at(rest.find(['.', '[']).unwrap_or(rest.len())),
        };
        pointer.push('/');
        pointer.push_str(&step.replace('~', "~0").replace('/', "~1"));
        rest = after.strip_prefix('.').unwrap_or(after);
    }
    pointer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case("", "")]
    #[case("spec", "/spec")]
    #[case("spec.containers[0].ports[12].name", "/spec/containers/0/ports/12/name")]
    #[case("metadata.labels[example.org/a.b]", "/metadata/labels/example.org~1a.b")]
    #[case("rules[0][1]", "/rules/0/1")]
    #[case("a[b", "/a/b")]
    #[case("a.", "/a")]
    fn fields_become_pointers(#[case] field: &str, #[case] expected: &str) {
        assert_eq!(pointer(field), expected);
    }

    #[test]
    fn every_unknown_field_is_told() {
        let message = "strict decoding error: unknown field \"spec.a\", unknown field \"spec.b[0].c\"";
        assert_eq!(unknown(message).collect::<Vec<_>>(), ["spec.a", "spec.b[0].c"]);
    }
}
