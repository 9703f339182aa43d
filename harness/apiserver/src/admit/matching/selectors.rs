//! Selectors: labels of the object and of its namespace.

use proofmark_json::{Map, Value};
use proofmark_registry::meta;
use proofmark_status::Status;

use crate::admit::{Operation, Request, find};
use crate::refusal::Refusal;

/// Whether a selector asks for anything.
fn is_empty(selector: &Value) -> bool {
    let none = |field: &str| match selector.get(field) {
        Some(Value::Object(labels)) => labels.is_empty(),
        Some(Value::Array(list)) => list.is_empty(),
        _ => true,
    };
    none("matchLabels") && none("matchExpressions")
}

fn labels(object: &Value) -> Option<&Map> {
    meta::of(object)?.get("labels")?.as_object()
}

/// Whether a selector picks the object as it is or as it was.
pub(in crate::admit) fn selects_object(selector: &Value, object: Option<&Value>, old: Option<&Value>) -> bool {
    is_empty(selector)
        || [object, old].into_iter().flatten().any(|state| proofmark_registry::matches(selector, labels(state)))
}

/// Whether a selector picks the request's namespace. Cluster-scoped objects are always picked; a Namespace that is written is
/// judged by its new labels. The error says that the namespace is not there.
pub(in crate::admit) fn selects_namespace(
    selector: &Value,
    request: &Request<'_>,
    object: Option<&Value>,
) -> Result<bool, Refusal> {
    let itself = request.is_core("namespaces");
    if is_empty(selector) || (request.namespace().is_empty() && !itself) {
        return Ok(true);
    }
    let written = itself && request.subresource.is_empty() && request.operation != Operation::Delete;
    if let Some(object) = object.filter(|_| written) {
        return Ok(proofmark_registry::matches(selector, labels(object)));
    }
    let name = request.namespace();
    let namespace = find(request.call, "", "v1", "namespaces", name)
        .ok_or_else(|| Refusal::from(Status::not_found("", "namespaces", name)))?;
    Ok(proofmark_registry::matches(selector, labels(&namespace.value)))
}
