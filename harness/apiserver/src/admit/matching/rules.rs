//! Rules: operations, groups, versions, resources, scope.

use proofmark_json::Value;

use super::list;
use crate::admit::Request;
use crate::resource::Resource;

/// Whether a rule speaks of a request, as if it were about `resource`.
pub(super) fn matches_rule(rule: &Value, request: &Request<'_>, resource: &Resource) -> bool {
    any(list(rule, "operations"), request.operation.as_str())
        && any(list(rule, "apiGroups"), &resource.group)
        && any(list(rule, "apiVersions"), &resource.version)
        && list(rule, "resources").iter().filter_map(Value::as_str).any(|wanted| {
            let (plural, sub) = wanted.split_once('/').unwrap_or((wanted, ""));
            (plural == "*" || plural == resource.plural) && (sub == "*" || sub == request.subresource)
        })
        && in_scope(rule, request)
}

/// Whether a rule's `resourceNames`, if it has any, name the object.
pub(in crate::admit) fn names_allow(rule: &Value, request: &Request<'_>) -> bool {
    let names = list(rule, "resourceNames");
    names.is_empty() || names.iter().any(|n| n.as_str() == Some(request.target.name))
}

fn any(wanted: &[Value], given: &str) -> bool {
    wanted.iter().filter_map(Value::as_str).any(|w| w == "*" || w == given)
}

/// Namespaces themselves are cluster-scoped, although their requests have a namespace.
fn in_scope(rule: &Value, request: &Request<'_>) -> bool {
    let cluster = request.is_core("namespaces") || request.namespace().is_empty();
    match rule.get("scope").and_then(Value::as_str).unwrap_or("*") {
        "*" => true,
        "Cluster" => cluster,
        "Namespaced" => !cluster,
        _ => false,
    }
}
