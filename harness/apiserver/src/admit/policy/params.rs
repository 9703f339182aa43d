//! The parameters of a binding: objects of the policy's `paramKind`, by name or by labels.

use std::sync::Arc;

use proofmark_json::Value;
use proofmark_registry::meta;

use crate::admit::Request;
use crate::store::Object;

/// What is missing or wrong, in the words of a denial.
pub(super) type Problem = String;

/// The parameters with which a policy is evaluated. None stands for an evaluation without parameter; an empty list for no
/// evaluation at all.
pub(super) fn collect(
    request: &Request<'_>,
    kind: Option<&Value>,
    reference: Option<&Value>,
) -> Result<Vec<Option<Arc<Object>>>, Problem> {
    let (Some(kind), Some(reference)) = (kind, reference) else { return Ok(vec![None]) };
    let text = |of: &Value, field: &str| of.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (version, name) = (text(kind, "apiVersion"), text(kind, "kind"));
    let (group, short) = version.split_once('/').unwrap_or(("", &version));
    let server = request.call.server;
    let resource = server.catalog.find_kind(group, short, &name).ok_or_else(|| {
        let shown = format!("&ParamKind{{APIVersion:{version},Kind:{name},}}");
        format!("paramKind kind `{shown}` not known")
    })?;
    let given = text(reference, "namespace");
    let namespace = if given.is_empty() { request.namespace().to_owned() } else { given.clone() };
    if resource.namespaced && namespace.is_empty() {
        return Err("cannot use namespaced paramRef in policy binding that matches cluster-scoped resources".to_owned());
    }
    if !resource.namespaced && !given.is_empty() {
        return Err("paramRef.namespace must not be provided for a cluster-scoped `paramKind`".to_owned());
    }
    let snapshot = server.store.snapshot();
    let wanted = text(reference, "name");
    let found: Vec<Option<Arc<Object>>> = if wanted.is_empty() {
        let selector = reference.get("selector").cloned().unwrap_or_default();
        let under = if resource.namespaced { format!("{namespace}/") } else { String::new() };
        let labels = |o: &Value| meta::of(o).and_then(|m| m.get("labels")?.as_object().cloned());
        let picked = |o: &Arc<Object>| proofmark_registry::matches(&selector, labels(&o.value).as_ref());
        let all = snapshot.list(&resource.prefix, &under, None).map(|(_, object)| object);
        all.filter(|object| picked(object)).map(|object| Some(object.clone())).collect()
    } else {
        snapshot.get(&resource.prefix, &resource.place(&namespace, &wanted)).cloned().map(Some).into_iter().collect()
    };
    if found.is_empty() && text(reference, "parameterNotFoundAction") == "Deny" {
        return Err("no params found for policy binding with `Deny` parameterNotFoundAction".to_owned());
    }
    Ok(found)
}
