//! Objects and lists in the shape that was asked for.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::{BufMut as _, Bytes, BytesMut};
use proofmark_builtin::proto;
use proofmark_json::{Value, json};
use proofmark_printers::{IncludeObject, Printer, TableOptions, partial_object_metadata, table};
use proofmark_status::{Reason, Status};

use super::negotiate::{Form, Negotiated, Shape};
use crate::handlers::{List, bad_request};
use crate::refusal::Refusal;
use crate::resource::{Resource, shown};
use crate::server::{Exchange, Inner};
use crate::store::Object;

/// A list, ready to be written.
pub(super) enum Listed {
    /// Already JSON.
    Bytes(Bytes),
    /// Already protobuf.
    Protobuf(Bytes),
    Value(Value),
}

/// The printer of a resource's objects.
pub(super) fn printer(resource: &Resource) -> Printer {
    match resource.custom() {
        Some(custom) => Printer::custom(&Value::Array(custom.columns.clone())),
        None => Printer::builtin(&resource.group, &resource.kind),
    }
}

/// One object, ready to be written.
pub(super) enum One {
    /// Already a line of JSON.
    Bytes(Bytes),
    Value(Value),
}

/// One object.
pub(super) fn one(
    server: &Arc<Inner>,
    exchange: &Exchange<'_>,
    wanted: &Negotiated,
    resource: &Resource,
    object: &Object,
) -> Result<One, Refusal> {
    match (shown(resource, &object.value), &wanted.shape) {
        (Cow::Borrowed(_), Shape::Object) if wanted.form == Form::Json && !wanted.pretty => {
            Ok(One::Bytes(object.line()))
        }
        (value, _) => {
            let (value, printer) = (value.into_owned(), || printer(resource));
            shaped(server, exchange, wanted, value, printer, || go_name(resource, false)).map(One::Value)
        }
    }
}

/// The Scale of an object.
pub(super) fn scale(
    server: &Arc<Inner>,
    exchange: &Exchange<'_>,
    wanted: &Negotiated,
    custom: bool,
    value: Value,
) -> Result<Value, Refusal> {
    let printer = || if custom { Printer::custom_scale() } else { Printer::builtin("autoscaling", "Scale") };
    shaped(server, exchange, wanted, value, printer, || "*autoscaling.Scale".to_owned())
}

/// One value in the shape that was asked for.
fn shaped(
    server: &Arc<Inner>,
    exchange: &Exchange<'_>,
    wanted: &Negotiated,
    value: Value,
    printer: impl FnOnce() -> Printer,
    go_name: impl FnOnce() -> String,
) -> Result<Value, Refusal> {
    Ok(match wanted.shape {
        Shape::Object => value,
        Shape::Table(version) => {
            let options = TableOptions { include: include(exchange)?, version, ..TableOptions::default() };
            table(&printer(), &value, options, server.clock.now())
        }
        Shape::Partial(version) => partial_object_metadata(&value, version),
        Shape::PartialList(_) => {
            let kind = go_name();
            let message =
                format!("you requested PartialObjectMetadataList, but the requested object is not a list ({kind})");
            return Err(Status::new(406, Reason::NotAcceptable, message).into());
        }
    })
}

/// A list.
pub(super) fn list(
    server: &Arc<Inner>,
    exchange: &Exchange<'_>,
    wanted: &Negotiated,
    resource: &Resource,
    list: &List,
) -> Result<Listed, Refusal> {
    let metadata = list_metadata(resource, list);
    match wanted.shape {
        Shape::Object if wanted.form == Form::Json && !wanted.pretty => {
            Ok(Listed::Bytes(list_bytes(resource, list, &metadata)))
        }
        Shape::Object if wanted.form == Form::Protobuf && resource.custom().is_none() => {
            let (_, ty) = resource.types();
            let items: Vec<Cow<'_, Value>> = list.items.iter().map(|o| shown(resource, &o.value)).collect();
            let (version, kind) = (resource.group_version(), &resource.list_kind);
            let bytes = proto::encode_list(&version, kind, &metadata, items.iter().map(Cow::as_ref), ty);
            Ok(Listed::Protobuf(bytes.into()))
        }
        Shape::Object => {
            let items: Vec<Value> = list.items.iter().map(|o| item(resource, o)).collect();
            Ok(Listed::Value(whole_list(resource, &metadata, items)))
        }
        Shape::Table(version) => {
            let items: Vec<Value> = list.items.iter().map(|o| shown(resource, &o.value).into_owned()).collect();
            let options = TableOptions { include: include(exchange)?, version, ..TableOptions::default() };
            Ok(Listed::Value(table(
                &printer(resource),
                &whole_list(resource, &metadata, items),
                options,
                server.clock.now(),
            )))
        }
        Shape::PartialList(version) => {
            let items: Vec<Value> = list.items.iter().map(|o| partial_object_metadata(&o.value, version)).collect();
            let kind = "PartialObjectMetadataList";
            let mut metadata = metadata;
            if metadata.get("continue") == Some(&json!("")) {
                metadata.as_object_mut().map(|m| m.shift_remove("continue"));
            }
            Ok(Listed::Value(
                json!({"kind": kind, "apiVersion": format!("meta.k8s.io/{version}"), "metadata": metadata, "items": items}),
            ))
        }
        Shape::Partial(_) => {
            let kind = go_name(resource, true);
            let message = format!("you requested PartialObjectMetadata, but the requested object is a list ({kind})");
            Err(Status::new(406, Reason::NotAcceptable, message).into())
        }
    }
}

fn include(exchange: &Exchange<'_>) -> Result<IncludeObject, Refusal> {
    IncludeObject::parse(exchange.query.get("includeObject")).map_err(bad_request)
}

/// The Go type of an object or list, as negotiation errors name it.
fn go_name(resource: &Resource, list: bool) -> String {
    let package = match resource.group.as_str() {
        "" => "core",
        group => group.split('.').next().unwrap_or(group),
    };
    let suffix = if list { "List" } else { "" };
    match resource.custom() {
        Some(_) => format!("*unstructured.Unstructured{suffix}"),
        None => format!("*{package}.{}{suffix}", resource.kind),
    }
}

fn list_metadata(resource: &Resource, list: &List) -> Value {
    let mut metadata = json!({});
    // What is not stored has none.
    if list.revision > 0 {
        metadata["resourceVersion"] = json!(list.revision.to_string());
    }
    match &list.next {
        Some(next) => metadata["continue"] = json!(next),
        // Unstructured lists always carry the member.
        None if resource.custom().is_some() => metadata["continue"] = json!(""),
        None => {}
    }
    if let Some(remaining) = list.remaining {
        metadata["remainingItemCount"] = json!(remaining);
    }
    metadata
}

/// An object inside a list: typed ones go without apiVersion and kind.
fn item(resource: &Resource, object: &Object) -> Value {
    let mut value = shown(resource, &object.value).into_owned();
    if resource.custom().is_none()
        && let Some(members) = value.as_object_mut()
    {
        members.shift_remove("kind");
        members.shift_remove("apiVersion");
    }
    value
}

fn whole_list(resource: &Resource, metadata: &Value, items: Vec<Value>) -> Value {
    if resource.custom().is_some() {
        return json!({"apiVersion": resource.group_version(), "items": items, "kind": resource.list_kind, "metadata": metadata});
    }
    json!({"kind": resource.list_kind, "apiVersion": resource.group_version(), "metadata": metadata, "items": items})
}

/// A JSON list out of the bytes that the store keeps of each object.
fn list_bytes(resource: &Resource, list: &List, metadata: &Value) -> Bytes {
    let version = resource.group_version();
    // Typed objects are stored as {"kind":..,"apiVersion":..,<rest>}: inside a list only the rest is wanted.
    let head = format!("{{\"kind\":{},\"apiVersion\":{},", json!(resource.kind), json!(version));
    let mut out = BytesMut::with_capacity(64 + list.items.len() * 512);
    let open = format!(
        "{{\"kind\":{},\"apiVersion\":{},\"metadata\":{metadata},\"items\":[",
        json!(resource.list_kind),
        json!(version)
    );
    out.put_slice(open.as_bytes());
    for (i, object) in list.items.iter().enumerate() {
        if i > 0 {
            out.put_u8(b',');
        }
        let bytes = object.json();
        match bytes.strip_prefix(head.as_bytes()) {
            Some(rest) if resource.custom().is_none() => {
                out.put_u8(b'{');
                out.put_slice(rest);
            }
            None | Some(_) if resource.custom().is_some() && same_version(object, &version) => out.put_slice(&bytes),
            _ => out.put_slice(&proofmark_json::to_vec(&item(resource, object)).unwrap_or_default()),
        }
    }
    out.put_slice(b"]}\n");
    out.freeze()
}

fn same_version(object: &Object, version: &str) -> bool {
    object.value.get("apiVersion").and_then(Value::as_str) == Some(version)
}

/// A built-in object as Kubernetes protobuf; none for kinds without a table.
pub(super) fn protobuf(value: &Value) -> Option<Bytes> {
    let text = |field: &str| value.get(field).and_then(Value::as_str);
    let (version, kind) = (text("apiVersion")?, text("kind")?);
    let (group, version) = version.split_once('/').unwrap_or(("", version));
    let ty = proofmark_builtin::type_of(group, version, kind)?;
    Some(Bytes::from(proto::encode(value, ty)))
}
