//! An object in the version that is asked for, and in the one that is stored.

use std::borrow::Cow;
use std::sync::Arc;

use proofmark_json::Value;
use proofmark_registry::versions::{convert, storage_version};

use super::custom::ConversionError;
use super::{Body, Resource};
use crate::refusal::Refusal;
use crate::server::Inner;
use crate::store::Object;

/// A stored object as the resource's version shows it now. 500 if a conversion fails.
pub(crate) async fn read(
    server: &Arc<Inner>,
    resource: &Resource,
    object: &Arc<Object>,
) -> Result<Arc<Object>, Refusal> {
    match resource.custom() {
        Some(custom) => custom.family.read(server, object, &resource.group_version()).await.map_err(failed),
        None => Ok(shown_object(resource, object)),
    }
}

/// The same as lists and watches see it, for whom objects are converted once.
pub(crate) async fn read_kept(
    server: &Arc<Inner>,
    resource: &Resource,
    object: &Arc<Object>,
) -> Result<Arc<Object>, Refusal> {
    match resource.custom() {
        Some(custom) => custom.family.read_kept(server, object, &resource.group_version()).await.map_err(failed),
        None => Ok(shown_object(resource, object)),
    }
}

/// The same for whoever is about to change it. A webhook must be able to convert it back: the real server compares what is stored.
pub(crate) async fn live(
    server: &Arc<Inner>,
    resource: &Resource,
    object: &Arc<Object>,
) -> Result<Arc<Object>, Refusal> {
    let live = read_kept(server, resource, object).await?;
    if resource.custom().is_some_and(|custom| custom.family.asks_webhook()) {
        to_storage(server, resource, Value::clone(&live.value)).await?;
    }
    Ok(live)
}

/// An object at the version at which it is stored. 500 if a conversion fails.
pub(crate) async fn to_storage(server: &Arc<Inner>, resource: &Resource, object: Value) -> Result<Value, Refusal> {
    match resource.custom() {
        Some(custom) => custom.family.store(server, object).await.map_err(failed),
        None => Ok(stored(resource, object)),
    }
}

/// An object as another version of its resource has it, for those who look at it on its way: neither pruned nor defaulted.
pub(crate) async fn converted(server: &Arc<Inner>, object: &Value, to: &Resource) -> Result<Value, ConversionError> {
    let mut object = match to.custom() {
        Some(custom) => custom.family.convert(server, object.clone(), &to.group_version()).await?,
        None => convert(object.clone(), &to.group_version()),
    };
    if let Body::Typed(ty) = to.body
        && let Ok(decoded) = proofmark_builtin::decode::decode(&object, ty, false)
    {
        object = decoded.value;
    }
    crate::value::identify(&mut object, &to.group_version(), &to.kind);
    Ok(object)
}

/// Lets a webhook convert what was just stored for those who will list and watch other versions, as the real server's caches do.
pub(crate) fn spread(server: &Arc<Inner>, resource: &Resource, stored: &Arc<Object>) {
    let Some(custom) = resource.custom().filter(|custom| custom.family.asks_webhook()) else { return };
    let (server, stored, family) = (server.clone(), stored.clone(), custom.family.clone());
    tokio::spawn(async move {
        for version in &family.served {
            // Who asks for it will be told why it fails.
            let _ = family.read_kept(&server, &stored, version).await;
        }
    });
}

fn failed(error: ConversionError) -> Refusal {
    Refusal::untyped(500, error.to_string())
}

/// An object of a built-in resource as the resource's version shows it: stored objects may carry another version.
pub(crate) fn shown<'a>(resource: &Resource, value: &'a Value) -> Cow<'a, Value> {
    let version = resource.group_version();
    if resource.custom().is_some() || value.get("apiVersion").and_then(Value::as_str) == Some(version.as_str()) {
        return Cow::Borrowed(value);
    }
    Cow::Owned(shown_as(value.clone(), &version))
}

/// The same, with the object's revision.
fn shown_object(resource: &Resource, object: &Arc<Object>) -> Arc<Object> {
    match shown(resource, &object.value) {
        Cow::Borrowed(_) => object.clone(),
        Cow::Owned(value) => Arc::new(Object::new(object.revision, value)),
    }
}

/// An object of a built-in resource as it is stored.
pub(crate) fn stored(resource: &Resource, value: Value) -> Value {
    match storage_version(&resource.group, &resource.plural) {
        Some(version) if value.get("apiVersion").and_then(Value::as_str) != Some(version) => shown_as(value, version),
        _ => value,
    }
}

/// A built-in object in another version, filled with what Go always writes of a built-in one.
fn shown_as(value: Value, version: &str) -> Value {
    let converted = convert(value, version);
    let kind = converted.get("kind").and_then(Value::as_str).unwrap_or_default().to_owned();
    let (group, short) = version.split_once('/').unwrap_or(("", version));
    let Some(ty) = proofmark_builtin::type_of(group, short, &kind) else { return converted };
    match proofmark_builtin::decode::decode(&converted, ty, false) {
        Ok(decoded) => {
            let mut filled = decoded.value;
            crate::value::identify(&mut filled, version, &kind);
            filled
        }
        Err(_) => converted,
    }
}
