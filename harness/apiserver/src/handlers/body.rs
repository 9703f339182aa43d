//! From a request's body to an object of the resource: format, version, kind, fields, namespace and name.

use std::sync::Arc;

use proofmark_builtin::decode::{Complaint, Text};
use proofmark_builtin::proto::ProtoError;
use proofmark_json::{Value, json};
use proofmark_registry::meta;
use proofmark_status::{FieldError, Reason, Status};

use super::options::{FieldValidation, WriteOptions};
use super::{Target, bad_request};
use crate::decode::{self, BODY_MAX, Format};
use crate::refusal::Refusal;
use crate::resource::{Body, Resource};
use crate::server::{Call, Sent};
use crate::store::Object;

/// Reads a body that is an object of its own: that of a create, a review, a binding.
pub(crate) fn read(call: &Call<'_>, resource: &Resource, options: &WriteOptions) -> Result<Value, Refusal> {
    read_beside(call, resource, options, || None)
}

/// Reads the body of an update, which may be a changed copy of what is stored.
pub(super) fn read_update(call: &Call<'_>, target: &Target<'_>, options: &WriteOptions) -> Result<Value, Refusal> {
    read_beside(call, target.resource, options, || target.stored(call))
}

/// Only a body that was handed over can share anything with what is stored, so only then is that looked up.
fn read_beside(
    call: &Call<'_>,
    resource: &Resource,
    options: &WriteOptions,
    stored: impl FnOnce() -> Option<Arc<Object>>,
) -> Result<Value, Refusal> {
    check_size(call.exchange.body)?;
    let format = Format::of(call.exchange.header("content-type"))
        .filter(|f| resource.custom().is_none() || *f != Format::Protobuf)
        .ok_or_else(|| decode::unsupported(resource.custom().is_some()))?;
    if let (Sent::Value(value), Format::Json) = (call.exchange.body, format) {
        check_identity(resource, value, call.exchange.body)?;
        let stored = stored();
        let stored = stored.as_ref().map(|stored| &*stored.value);
        let of_version = |stored: &&Value| stored.get("apiVersion").is_some_and(|of| *of == resource.group_version());
        let object = object(call, resource, value.clone(), stored.filter(of_version), Vec::new(), options.validation)?;
        return check_version(resource, &object).map(|()| object);
    }
    let sent = call.exchange.body.text();
    let body = sent.as_ref();
    let unreadable = |why: &str| unrecognized(&resource.kind, why, body);
    let value = match format {
        Format::Json => {
            let text = Text::parse(body)
                .map_err(|why| unreadable(&format!("couldn't get version/kind; json parse error: {why}")))?;
            check_identity(resource, &text.outline(&["apiVersion", "kind"]), call.exchange.body)?;
            return match resource.body {
                Body::Typed(ty) => {
                    let decoded = text.decode(ty, options.validation.strict());
                    let decoded = decoded.map_err(|e| handled(resource, &e.to_string()))?;
                    settle(
                        call,
                        resource,
                        finish(resource, decoded.value, None, text.is_empty_list(&["metadata", "managedFields"])),
                        told(&decoded.complaints),
                        options.validation,
                    )
                }
                Body::Custom(_) => {
                    let read = text.untyped();
                    let (value, repeated) = read.map_err(|e| handled(resource, &e.to_string()))?;
                    let object = object(call, resource, value, None, repeated, options.validation)?;
                    check_version(resource, &object).map(|()| object)
                }
            };
        }
        Format::Yaml => {
            let value = decode::yaml(body).map_err(|why| unreadable(&why))?;
            check_identity(resource, &value, call.exchange.body)?;
            let repeated = if options.validation.strict() { decode::repeated_keys(body) } else { Vec::new() };
            let complaints = match options.validation {
                FieldValidation::Strict if !repeated.is_empty() => {
                    vec![format!("yaml: unmarshal errors:\n  {}", repeated.join("\n  "))]
                }
                _ => repeated,
            };
            let object = object(call, resource, value, None, complaints, options.validation)?;
            return check_version(resource, &object).map(|()| object);
        }
        Format::Protobuf => {
            let read = proofmark_builtin::proto::decode_as(body, &resource.group_version(), &resource.kind);
            read.map_err(|error| match error {
                ProtoError::Empty | ProtoError::Prefix | ProtoError::Envelope(_) => unreadable(&error.to_string()),
                other => handled(resource, &other.to_string()),
            })?
            .value
        }
    };
    check_identity(resource, &value, call.exchange.body)?;
    object(call, resource, value, None, Vec::new(), options.validation)
}

/// 413 for bodies beyond the limit.
pub(crate) fn check_size(body: Sent<'_>) -> Result<(), Refusal> {
    let length = match body {
        Sent::Text(text) => text.len(),
        // Texts make bodies large; the exact size is only of interest near the limit.
        Sent::Value(value) if crate::value::text_size(value) < BODY_MAX / 4 => 0,
        Sent::Value(_) => body.text().len(),
    };
    if length > BODY_MAX {
        let message = format!("Request entity too large: limit is {BODY_MAX}");
        return Err(Status::new(413, Reason::RequestEntityTooLarge, message).into());
    }
    Ok(())
}

/// How much of a body a refusal shows, in bytes.
const SHOWN: usize = 30;

/// 400 for a body that says nothing that could be decoded; shows where it begins, as text only if it could be JSON.
fn unrecognized(kind: &str, why: &str, body: &[u8]) -> Refusal {
    let head = &body[..body.len().min(SHOWN)];
    let more = if body.len() > SHOWN { " ..." } else { "" };
    let shown = match head {
        [] => "<empty>".to_owned(),
        [b'{', ..] => String::from_utf8_lossy(head).into_owned(),
        _ => hex::encode(head),
    };
    bad_request(format!("the object provided is unrecognized (must be of type {kind}): {why} ({shown}{more})"))
}

/// A body says what it is by two texts; the error is Go's.
pub(crate) fn check_type_meta(value: &Value) -> Result<(), String> {
    if !value.is_object() && !value.is_null() {
        let given = crate::value::type_name(value);
        let of =
            r#"struct { APIVersion string "json:\"apiVersion,omitempty\""; Kind string "json:\"kind,omitempty\"" }"#;
        return Err(format!("json: cannot unmarshal {given} into Go value of type {of}"));
    }
    for field in ["apiVersion", "kind"] {
        if let Some(given) = value.get(field).filter(|v| !v.is_string() && !v.is_null()) {
            let given = crate::value::type_name(given);
            return Err(format!("json: cannot unmarshal {given} into Go struct field .{field} of type string"));
        }
    }
    Ok(())
}

/// The body's apiVersion and kind against the resource's.
fn check_identity(resource: &Resource, value: &Value, body: Sent<'_>) -> Result<(), Refusal> {
    let unreadable = |why: &str| unrecognized(&resource.kind, why, &body.text());
    check_type_meta(value).map_err(|why| unreadable(&format!("couldn't get version/kind; json parse error: {why}")))?;
    let version = value.get("apiVersion").and_then(Value::as_str).unwrap_or_default();
    let kind = value.get("kind").and_then(Value::as_str).unwrap_or_default();
    if version.matches('/').count() > 1 {
        return Err(unreadable(&format!("unexpected GroupVersion string: {version}")));
    }
    if resource.custom().is_some() {
        if kind.is_empty() {
            let text = body.text();
            let text = String::from_utf8_lossy(&text);
            return Err(unreadable(&format!("Object 'Kind' is missing in '{text}'")));
        }
    } else {
        check_scheme(resource, version, kind)?;
        check_version(resource, value)?;
    }
    Ok(())
}

/// A body must be at the resource's version. That of a custom resource is read before, at its own version.
fn check_version(resource: &Resource, value: &Value) -> Result<(), Refusal> {
    let version = value.get("apiVersion").and_then(Value::as_str).unwrap_or_default();
    let want = resource.group_version();
    if version == want || (version.is_empty() && resource.custom().is_none()) {
        return Ok(());
    }
    Err(bad_request(format!(
        "the API version in the data ({version}) does not match the expected API version ({want})"
    )))
}

/// A typed body must be of a kind that is built in, and of the resource's kind; either may be left out.
fn check_scheme(resource: &Resource, version: &str, kind: &str) -> Result<(), Refusal> {
    let Some(words) = scheme_mismatch(resource, version, kind) else { return Ok(()) };
    let kind = if kind.is_empty() { &resource.kind } else { kind };
    let own = resource.group_version();
    let version = if version.is_empty() { &own } else { version };
    let short = proofmark_status::quote(version.split_once('/').map_or(version, |(_, short)| short));
    Err(bad_request(format!("{kind} in version {short} cannot be handled as a {}: {words}", resource.kind)))
}

/// Why a kind at a version cannot become an object of the resource.
fn scheme_mismatch(resource: &Resource, version: &str, kind: &str) -> Option<String> {
    let own = resource.group_version();
    let version = if version.is_empty() { &own } else { version };
    let kind = if kind.is_empty() { &resource.kind } else { kind };
    let (group, short) = version.split_once('/').unwrap_or(("", version));
    if !is_registered(group, short, kind) {
        let (kind, version) = (proofmark_status::quote(kind), proofmark_status::quote(version));
        return Some(format!(
            "no kind {kind} is registered for version {version} in scheme \"pkg/runtime/scheme.go:111\""
        ));
    }
    (kind != resource.kind).then(|| {
        let of = internal_package(&resource.group);
        format!("converting ({short}.{kind}) to ({of}.{}): unknown conversion", resource.kind)
    })
}

/// Whether a kind, or the list of one, is built in.
fn is_registered(group: &str, version: &str, kind: &str) -> bool {
    let known = |kind: &str| proofmark_builtin::type_of(group, version, kind).is_some();
    known(kind)
        || kind
            .strip_suffix("List")
            .is_some_and(|item| known(item) || (item.is_empty() && group.is_empty() && version == "v1"))
}

/// The Go package of a group's internal types.
fn internal_package(group: &str) -> &str {
    if group.is_empty() { "core" } else { group.split('.').next().unwrap_or(group) }
}

/// A decoded body as an object: unknown fields told, dropped or refused; defaults set. It may be a changed copy of a `live` one.
pub(crate) fn object(
    call: &Call<'_>,
    resource: &Resource,
    value: Value,
    live: Option<&Value>,
    duplicates: Vec<String>,
    validation: FieldValidation,
) -> Result<Value, Refusal> {
    let read = read_value(resource, value, live, validation.strict());
    let (object, unknown) = read.map_err(|why| handled(resource, &why))?;
    settle(call, resource, object, [duplicates, unknown].concat(), validation)
}

/// Complaints in the words of a decoder.
fn told(complaints: &[Complaint]) -> Vec<String> {
    complaints.iter().map(Complaint::to_string).collect()
}

/// A value as an object of the resource, with its defaults, and what of it was unknown. It may be a changed copy of a `live` object, which had all that.
/// The error says what does not fit.
pub(super) fn read_value(
    resource: &Resource,
    value: Value,
    live: Option<&Value>,
    strict: bool,
) -> Result<(Value, Vec<String>), String> {
    match &resource.body {
        Body::Typed(ty) => {
            let disowned = disowns(&value);
            let decoded = proofmark_builtin::decode::decode_changed(value, live, *ty, strict);
            let decoded = decoded.map_err(|e| e.to_string())?;
            Ok((finish(resource, decoded.value, live, disowned), told(&decoded.complaints)))
        }
        Body::Custom(version) => {
            let mut object = value;
            let unknown = version.decode(&resource.group, &resource.kind, &mut object)?;
            Ok((object, unknown))
        }
    }
}

/// What the apply of `configuration` made, as an object of the resource. Into a built-in one it moves without JSON, with complaints of its own.
pub(super) fn applied(resource: &Resource, configuration: &Value, mut value: Value) -> Result<Value, Refusal> {
    let read = match &resource.body {
        Body::Typed(ty) => {
            if let Err(why) = proofmark_builtin::unstructured::convert(&mut value, None, *ty) {
                let what = format!("{}/{}, Kind={}", resource.group, resource.version, resource.kind);
                let why = format!("unable to convert unstructured object to {what}: {why}");
                return Err(unconverted(configuration, &what, &why));
            }
            read_value(resource, value, None, false).map(|(object, _)| object)
        }
        Body::Custom(version) => {
            let mut object = value;
            version.shape.decode_applied(&mut object).map(|()| object)
        }
    };
    read.map_err(|why| handled(resource, &why))
}

/// 500 of what an apply made and what cannot be an object of its kind.
pub(super) fn unconverted(configuration: &Value, what: &str, why: &str) -> Refusal {
    let own = [meta::text(configuration, "namespace"), meta::text(configuration, "name")].join("/");
    Refusal::untyped(500, format!("failed to convert new object ({own}; {what}) to proper version: {why}"))
}

/// The same as [`read_value`] for a document that says itself what it is, and is read as that first: one that says nothing of its version is read as
/// Go's internal type, which knows no field by its JSON name.
pub(super) fn read_document(
    resource: &Resource,
    value: Value,
    live: &Value,
    strict: bool,
) -> Result<(Value, Vec<String>), String> {
    let Body::Typed(own) = resource.body else {
        return read_value(resource, value, Some(live), strict);
    };
    check_type_meta(&value).map_err(|why| format!("couldn't get version/kind; json parse error: {why}"))?;
    let text = |field: &str| value.get(field).and_then(Value::as_str).unwrap_or_default();
    let (version, kind) = (text("apiVersion"), text("kind"));
    if version.is_empty() {
        let fields = value.as_object().into_iter().flatten().map(|(name, _)| name);
        let unknown = fields.filter(|name| *name != "apiVersion" && *name != "kind");
        let unknown = unknown.map(|name| format!("unknown field \"{name}\"")).collect();
        return Ok((finish(resource, json!({}), None, false), if strict { unknown } else { Vec::new() }));
    }
    let mismatch = scheme_mismatch(resource, version, kind);
    let (group, short) = version.split_once('/').unwrap_or(("", version));
    let kind = if kind.is_empty() { &resource.kind } else { kind };
    if let Some(ty) = proofmark_builtin::type_of(group, short, kind).filter(|ty| *ty != own) {
        proofmark_builtin::decode::decode(&value, ty, false).map_err(|e| e.to_string())?;
    }
    match mismatch {
        Some(words) => Err(words),
        None => read_value(resource, value, Some(live), strict),
    }
}

/// Whether a body clears who owns what: an empty list says so, and decoding would lose it.
fn disowns(body: &Value) -> bool {
    body.pointer("/metadata/managedFields").and_then(Value::as_array).is_some_and(Vec::is_empty)
}

/// Identity and defaults of a typed object.
fn finish(resource: &Resource, mut object: Value, live: Option<&Value>, disowned: bool) -> Value {
    identify(&mut object, resource);
    if disowned {
        meta::of_mut(&mut object).insert("managedFields", json!([]));
    }
    (resource.strategy.default)(&mut object, live);
    object
}

/// What becomes of complaints about fields.
fn settle(
    call: &Call<'_>,
    resource: &Resource,
    value: Value,
    complaints: Vec<String>,
    validation: FieldValidation,
) -> Result<Value, Refusal> {
    match validation {
        FieldValidation::Strict if !complaints.is_empty() => {
            let why = format!("strict decoding error: {}", complaints.join(", "));
            let of = |field: &str| value.get(field).and_then(Value::as_str);
            return Err(match (resource.custom(), of("apiVersion"), of("kind")) {
                // It is told of the kind and version that the body says it has.
                (Some(_), Some(version), Some(kind)) => handled_as(kind, version, resource, &why),
                _ => handled(resource, &why),
            });
        }
        FieldValidation::Warn => call.warn(complaints),
        _ => {}
    }
    Ok(value)
}

/// 400 of a body that is not of the resource's type.
fn handled(resource: &Resource, why: &str) -> Refusal {
    handled_as(&resource.kind, &resource.version, resource, why)
}

/// The same of a body that says it is something else; `version` may name its group.
fn handled_as(kind: &str, version: &str, resource: &Resource, why: &str) -> Refusal {
    let version = proofmark_status::quote(version.rsplit('/').next().unwrap_or(version));
    bad_request(format!("{kind} in version {version} cannot be handled as a {}: {why}", resource.kind))
}

/// Writes apiVersion and kind as the resource has them, in front.
fn identify(object: &mut Value, resource: &Resource) {
    crate::value::identify(object, &resource.group_version(), &resource.kind);
}

/// Fills an object of the server's own making with what Go always writes.
pub(crate) fn complete(resource: &Resource, object: &mut Value) {
    if let Body::Typed(ty) = resource.body
        && let Ok(decoded) = proofmark_builtin::decode::decode(object, ty, false)
    {
        *object = decoded.value;
        identify(object, resource);
    }
}

/// The body's namespace must be the path's; a cluster-scoped object loses its own.
pub(crate) fn settle_namespace(object: &mut Value, target: &Target<'_>) -> Result<(), Refusal> {
    if !target.resource.namespaced {
        meta::of_mut(object).shift_remove("namespace");
        return Ok(());
    }
    let given = meta::text(object, "namespace");
    if !given.is_empty() && given != target.namespace {
        return Err(bad_request(
            "the namespace of the provided object does not match the namespace sent on the request",
        ));
    }
    if given.is_empty() {
        meta::of_mut(object).insert("namespace", json!(target.namespace));
    }
    Ok(())
}

/// The body's name must be the URL's.
pub(crate) fn check_name(object: &Value, target: &Target<'_>) -> Result<(), Refusal> {
    let given = meta::text(object, "name");
    let url = target.name;
    if given.is_empty() {
        let words = format!("the name of the object ({url} based on URL) was undeterminable: name must be provided");
        return Err(bad_request(words));
    }
    if given != url {
        return Err(bad_request(format!(
            "the name of the object ({given}) does not match the name on the URL ({url})"
        )));
    }
    Ok(())
}

/// 422 of a resource's object.
pub(crate) fn invalid(resource: &Resource, name: &str, errors: &[FieldError]) -> Refusal {
    // The refusal names the group in which the kind has its internal type.
    let group = if resource.kind == "Event" && resource.custom().is_none() { "" } else { &resource.group };
    Status::invalid(group, &resource.kind, name, errors).into()
}
