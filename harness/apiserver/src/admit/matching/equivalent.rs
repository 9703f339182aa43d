//! Other versions of a resource, and objects in them.

use std::sync::Arc;

use proofmark_json::Value;
use proofmark_status::Status;

use crate::admit::Request;
use crate::refusal::Refusal;
use crate::resource::Resource;

/// The other resources that show the same stored objects and have the request's subresource.
pub(super) fn others(request: &Request<'_>) -> Vec<Arc<Resource>> {
    let own = request.target.resource;
    let has = |r: &Resource| request.subresource.is_empty() || r.subresource(request.subresource).is_some();
    let all = request.call.server.catalog.all();
    all.into_iter().filter(|r| r.prefix == own.prefix && !Arc::ptr_eq(r, own) && has(r)).collect()
}

/// An object as another version shows it. 500 if it cannot be converted.
pub(in crate::admit) async fn convert(request: &Request<'_>, object: &Value, to: &Resource) -> Result<Value, Refusal> {
    let converted = crate::resource::converted(request.call.server, object, to).await;
    converted.map_err(|error| Status::internal(&error.to_string()).into())
}

/// The object and the one before it as another version shows them.
pub(in crate::admit) async fn convert_both(
    request: &Request<'_>,
    object: Option<&Value>,
    to: &Resource,
) -> Result<(Option<Value>, Option<Value>), Refusal> {
    let mut both = (None, None);
    if let Some(object) = object {
        both.0 = Some(convert(request, object, to).await?);
    }
    if let Some(old) = request.old {
        both.1 = Some(convert(request, old, to).await?);
    }
    Ok(both)
}
