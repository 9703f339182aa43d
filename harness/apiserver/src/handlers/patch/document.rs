//! Patches of documents: the live object, patched, and read again as a body would be.
//!
//! JSON and merge patches change the JSON text, which is then decoded; what cannot be decoded is 422 with the whole text. A strategic merge
//! patch changes a tree that moves into the typed object without JSON, with complaints of its own that show the patch. In both cases
//! complaints about fields come from the patch (repeated ones) and from the result (unknown ones).

use proofmark_builtin::decode::Text;
use proofmark_json::{Value, json};
use proofmark_merge::PatchError;
use proofmark_status::{FieldError, Status};

use super::Form;
use crate::handlers::options::FieldValidation;
use crate::handlers::{bad_request, body};
use crate::refusal::Refusal;
use crate::resource::{Body, Resource};
use crate::server::{Call, Sent};

/// The live object with the request's patch applied, decoded and with defaults.
pub(super) fn patched(
    call: &Call<'_>,
    resource: &Resource,
    form: Form,
    live: &Value,
    validation: FieldValidation,
) -> Result<Value, Refusal> {
    let (patch, repeated) = match call.exchange.body {
        Sent::Value(value) => (value.clone(), Vec::new()),
        Sent::Text(text) => {
            let text = Text::parse(text).map_err(|why| bad_request(format!("error decoding patch: {why}")))?;
            (text.value(), if validation.strict() { text.duplicates() } else { Vec::new() })
        }
    };
    let mut complaints = if validation.strict() { of_patch(form, repeated, &patch) } else { Vec::new() };
    let mut changed = change(resource, form, live, &patch)?;
    let read = match (form, &resource.body) {
        (Form::Strategic, Body::Typed(ty)) => {
            match proofmark_builtin::unstructured::convert(&mut changed, Some(live), *ty) {
                Ok(unknown) => {
                    body::read_value(resource, changed, Some(live), false).map(|(value, _)| (value, unknown))
                }
                Err(why) => Err(why),
            }
        }
        _ => body::read_document(resource, changed, live, validation.strict()),
    };
    let refuse = |why: String| {
        let shown = match form {
            Form::Strategic => proofmark_merge::go_text(&without_directives(&patch)),
            // Only now the order of the fields matters: that of Go's structs, sorted where the patch reached.
            _ => change(resource, form, &as_written(resource, live), &patch)?.to_string(),
        };
        let error = FieldError::invalid("patch", shown, why);
        Err(Status::invalid("", "", "", &[error]).into())
    };
    let (value, unknown) = match read {
        Ok(read) => read,
        Err(why) => return refuse(why),
    };
    complaints.extend(unknown);
    match validation {
        FieldValidation::Strict if !complaints.is_empty() => {
            return refuse(format!("strict decoding error: {}", complaints.join(", ")));
        }
        FieldValidation::Warn => call.warn(complaints),
        _ => {}
    }
    Ok(value)
}

/// The document after the patch, before anything reads it.
fn change(resource: &Resource, form: Form, live: &Value, patch: &Value) -> Result<Value, Refusal> {
    match form {
        Form::Json => proofmark_merge::json_patch(live, patch).map_err(refused),
        Form::Merge if patch.is_object() => Ok(proofmark_merge::merge_patch(live, patch)),
        Form::Merge if patch.is_null() => Err(bad_request("Invalid JSON Patch")),
        Form::Merge => Err(bad_request(format!(
            "error decoding patch: json: cannot unmarshal {} into Go value of type map[string]interface {{}}",
            crate::value::type_name(patch)
        ))),
        // Nothing at all changes nothing.
        Form::Strategic if patch.is_null() => Ok(live.clone()),
        Form::Strategic if !patch.is_object() => Err(bad_request(format!(
            "json: cannot unmarshal {} into Go value of type map[string]interface {{}}",
            crate::value::type_name(patch)
        ))),
        Form::Strategic | Form::Apply => {
            let (types, id) = resource.types();
            proofmark_merge::strategic_merge(live, patch, types, id).map_err(refused)
        }
    }
}

fn refused(error: PatchError) -> Refusal {
    error.status().into()
}

/// What a strict reader says of the patch itself.
fn of_patch(form: Form, repeated: Vec<String>, patch: &Value) -> Vec<String> {
    if form != Form::Json {
        return repeated;
    }
    let operations = patch.as_array().into_iter().flatten().enumerate();
    let unknown = operations.flat_map(|(index, operation)| {
        let fields = operation.as_object().into_iter().flatten().map(|(name, _)| name.as_str());
        let unknown = fields.filter(|name| !matches!(*name, "op" | "path" | "from" | "value"));
        unknown.map(move |name| format!("unknown field \"[{index}].{name}\""))
    });
    repeated.into_iter().chain(unknown).map(|complaint| format!("json patch {complaint}")).collect()
}

/// A patch as the merge leaves it: what told the merge how to proceed is gone.
fn without_directives(patch: &Value) -> Value {
    match patch {
        Value::Object(fields) => {
            let kept = fields.iter().filter(|(name, _)| !name.starts_with('$'));
            kept.map(|(name, value)| (name.clone(), without_directives(value))).collect()
        }
        Value::Array(items) => items.iter().map(without_directives).collect(),
        other => other.clone(),
    }
}

/// An object as Go would write it.
fn as_written(resource: &Resource, object: &Value) -> Value {
    match resource.body {
        Body::Typed(ty) => match proofmark_builtin::decode::decode(object, ty, false) {
            Ok(decoded) => {
                let mut value = decoded.value;
                if object.get("kind").is_some() {
                    crate::value::identify(&mut value, &resource.group_version(), &resource.kind);
                }
                value
            }
            Err(_) => json!(object),
        },
        Body::Custom(_) => proofmark_builtin::decode::untyped(object.clone()),
    }
}
