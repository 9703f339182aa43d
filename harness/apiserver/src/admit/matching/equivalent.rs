//! Other versions of a resource, and objects in them.

use std::sync::Arc;

use serde_json::Value;

use crate::admit::Request;
use crate::resource::{Body, Resource};

/// The other resources that show the same stored objects and have the request's subresource.
pub(super) fn others(request: &Request<'_>) -> Vec<Arc<Resource>> {
    let own = request.target.resource;
    let has = |r: &Resource| request.subresource.is_empty() || r.subresource(request.subresource).is_some();
    let all = request.call.server.catalog.all();
    all.into_iter().filter(|r| r.prefix == own.prefix && !Arc::ptr_eq(r, own) && has(r)).collect()
}

/// An object as another version shows it.
pub(in crate::admit) fn convert(object: &Value, to: &Resource) -> Value {
    let mut object = proofmark_registry::versions::convert(object.clone(), &to.group_version());
    if let Body::Typed(ty) = to.body
        && let Ok(decoded) = proofmark_builtin::decode::decode(&object, ty, false)
    {
        object = decoded.value;
    }
    crate::value::identify(&mut object, &to.group_version(), &to.kind);
    object
}
