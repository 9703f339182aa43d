//! How objects of one version become objects of another: not at all but for their `apiVersion`, or by a webhook.
//!
//! A webhook is asked with a `ConversionReview` about one object. It may change everything but who the object is; of the metadata it
//! returns only labels and annotations count.
//!
//! Source: `k8s.io/apiextensions-apiserver/pkg/apiserver/conversion/webhook_converter.go`, release 1.35.

use std::sync::Arc;
use std::time::Duration;

use proofmark_json::{Key, Map, Value, json};
use proofmark_registry::{content, meta};
use proofmark_status::{FieldError, aggregate, quote};

use crate::server::Inner;
use crate::webhook::{self, ClientConfig};

/// The API group of reviews.
const GROUP: &str = "apiextensions.k8s.io";
/// How long an answer may take.
const TIMEOUT: Duration = Duration::from_secs(30);
/// All annotations together may not be larger, in bytes.
const ANNOTATIONS_MAX: usize = 256 * 1024;

/// `spec.conversion` of a definition.
#[derive(Debug)]
pub(crate) enum Conversion {
    /// Versions differ in nothing but `apiVersion`, and in what their schemas know.
    None,
    Webhook(Box<Webhook>),
}

/// Why an object has no form at a version, in Go's words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct ConversionError(pub(super) String);

/// A webhook that converts.
#[derive(Debug)]
pub(crate) struct Webhook {
    client: ClientConfig,
    /// The first version of reviews that it and the server know.
    review: Option<String>,
}

impl Conversion {
    /// Reads a stored (that is: valid, with defaults) `spec.conversion`.
    pub(crate) fn read(conversion: &Value) -> Self {
        if conversion.get("strategy").and_then(Value::as_str) != Some("Webhook") {
            return Self::None;
        }
        let field = |pointer: &str| conversion.pointer(pointer).unwrap_or(&Value::Null);
        let versions = field("/webhook/conversionReviewVersions").as_array().into_iter().flatten();
        let review = versions.filter_map(Value::as_str).find(|v| matches!(*v, "v1" | "v1beta1")).map(str::to_owned);
        Self::Webhook(Box::new(Webhook { client: ClientConfig::read(field("/webhook/clientConfig")), review }))
    }
}

impl Webhook {
    /// An object at another version.
    pub(crate) async fn convert(
        &self,
        server: &Arc<Inner>,
        object: &Value,
        version: &str,
    ) -> Result<Value, ConversionError> {
        let review = self.review.as_deref();
        let review = review.ok_or_else(|| ConversionError("no supported conversion review versions".to_owned()))?;
        let uid = server.random.uid();
        let asked = json!({
            "kind": "ConversionReview",
            "apiVersion": format!("{GROUP}/{review}"),
            "request": {"uid": uid, "desiredAPIVersion": version, "objects": [object]},
        });
        let of = format!("conversion webhook for {}, Kind={}", text(object, "apiVersion"), text(object, "kind"));
        let failed = |why: String| ConversionError(format!("{of} failed: {why}"));
        let answered = webhook::call(server, &self.client, Some(TIMEOUT), &asked).await;
        let answered = answered.map_err(|error| failed(error.to_string()))?;
        let objects = converted(&answered, review, &uid).map_err(failed)?;
        let [converted] = objects else {
            return Err(ConversionError(format!("{of} returned {} objects, expected 1", objects.len())));
        };
        let converted = unstructured(converted).map_err(ConversionError)?;
        let returned = |why: String| ConversionError(format!("{of} returned {why}"));
        check(object, converted, version).map_err(returned)?;
        let metadata = metadata(object, converted).map_err(|why| returned(format!("invalid metadata: {why}")))?;
        let mut converted = converted.clone();
        converted["metadata"] = Value::Object(metadata);
        Ok(converted)
    }
}

fn text<'a>(object: &'a Value, field: &str) -> &'a str {
    object.get(field).and_then(Value::as_str).unwrap_or_default()
}

/// The objects in the response of a review. Those of v1beta1 were never checked, and webhooks rely on it.
fn converted<'a>(answered: &'a Value, review: &str, uid: &str) -> Result<&'a [Value], String> {
    if review == "v1"
        && (text(answered, "apiVersion"), text(answered, "kind")) != ("apiextensions.k8s.io/v1", "ConversionReview")
    {
        let (group, version) =
            text(answered, "apiVersion").split_once('/').unwrap_or(("", text(answered, "apiVersion")));
        let got = format!("{group}/{version}, Kind={}", text(answered, "kind"));
        return Err(format!("expected webhook response of {GROUP}/v1, Kind=ConversionReview, got {got}"));
    }
    let response = answered.get("response").filter(|r| r.is_object()).ok_or("no response provided")?;
    let given = text(response, "uid");
    if review == "v1" && given != uid {
        return Err(format!("expected response.uid={}, got {}", quote(uid), quote(given)));
    }
    let result = response.get("result").unwrap_or(&Value::Null);
    match (text(result, "status"), text(result, "message")) {
        ("Success", _) => {}
        (status, "") => return Err(format!("response.result.status was '{status}', not 'Success'")),
        (_, message) => return Err(message.to_owned()),
    }
    Ok(response.get("convertedObjects").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default())
}

/// An answer's object, if it says what it is.
fn unstructured(object: &Value) -> Result<&Value, String> {
    match object {
        Value::Object(_) if text(object, "kind").is_empty() || text(object, "apiVersion").matches('/').count() > 1 => {
            Err(format!("Object 'Kind' is missing in '{object}'"))
        }
        Value::Object(_) => Ok(object),
        Value::Null => Err("unexpected end of JSON input".to_owned()),
        other => {
            let given = crate::value::type_name(other);
            Err(format!("json: cannot unmarshal {given} into Go value of type map[string]interface {{}}"))
        }
    }
}

/// Whether a converted object is what was asked for, and still the same object.
fn check(object: &Value, converted: &Value, version: &str) -> Result<(), String> {
    let invalid = |what: &str, expected: &str, received: &str| {
        Err(format!("invalid object at index 0: invalid {what} (expected {expected}, received {received})"))
    };
    if text(converted, "apiVersion") != version {
        return invalid("groupVersion", version, text(converted, "apiVersion"));
    }
    if text(converted, "kind") != text(object, "kind") {
        return invalid("kind", text(object, "kind"), text(converted, "kind"));
    }
    for (field, shown) in [("name", "name"), ("namespace", "namespace"), ("uid", "UID")] {
        let (before, after) = (meta::text(object, field), meta::text(converted, field));
        if before != after {
            return Err(format!("invalid object: must have the same {shown}: {before} != {after}"));
        }
    }
    Ok(())
}

/// The metadata of the object, with the labels and annotations of the converted one.
fn metadata(object: &Value, converted: &Value) -> Result<Map, String> {
    let returned = converted.get("metadata").ok_or("missing metadata in converted object")?;
    let returned = returned
        .as_object()
        .ok_or_else(|| format!("invalid metadata of type {} in converted object", go_type(returned)))?;
    let mut kept = meta::of(object).cloned().unwrap_or_default();
    for (field, validate) in [("labels", labels as fn(&Map) -> Vec<FieldError>), ("annotations", annotations)] {
        let Some(given) = returned.get(field).filter(|given| !given.is_null()) else {
            kept.shift_remove(field);
            continue;
        };
        let entries = given
            .as_object()
            .ok_or_else(|| format!("invalid metadata.{field} of type {} in converted object", go_type(given)))?;
        if let Some((key, odd)) = entries.iter().find(|(_, value)| !value.is_string()) {
            let odd = go_type(odd);
            return Err(format!("metadata.{field}[{key}] must be a string, but is {odd} in converted object"));
        }
        let errors = if kept.get(field) == Some(given) { Vec::new() } else { validate(entries) };
        if !errors.is_empty() {
            return Err(aggregate(&errors));
        }
        kept.insert(field.to_owned(), given.clone());
    }
    Ok(kept)
}

fn labels(labels: &Map) -> Vec<FieldError> {
    meta::validate_labels(labels, "metadata.labels")
}

fn annotations(annotations: &Map) -> Vec<FieldError> {
    let at = "metadata.annotation";
    let of = |key: &Key| {
        let complaints = content::qualified_name(&key.to_lowercase());
        complaints.into_iter().map(|why| FieldError::invalid(at, key.as_str(), why)).collect::<Vec<_>>()
    };
    let mut errors: Vec<FieldError> = annotations.keys().flat_map(of).collect();
    let size: usize = annotations.iter().map(|(key, value)| key.len() + value.as_str().map_or(0, str::len)).sum();
    if size > ANNOTATIONS_MAX {
        errors.push(FieldError::too_long(at, ANNOTATIONS_MAX));
    }
    errors
}

/// The Go type of a decoded JSON value.
fn go_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "<nil>",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float64",
        Value::Number(_) => "int64",
        Value::String(_) => "string",
        Value::Array(_) => "[]interface {}",
        Value::Object(_) => "map[string]interface {}",
    }
}
