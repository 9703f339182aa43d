//! PATCH: JSON patch, merge patch, strategic merge patch and server-side apply.

use std::sync::Arc;

use proofmark_merge::PatchError;
use proofmark_registry::meta;
use proofmark_status::{Details, FieldError, Reason, Status};
use serde_json::Value;

use super::options::{FieldValidation, WriteOptions};
use super::update::{Change, check_uid, may_create};
use super::{Reply, Target, bad_request, body, create, managed};
use crate::decode;
use crate::refusal::Refusal;
use crate::resource::Resource;
use crate::server::Call;
use crate::store::Object;

/// The forms of a patch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Json,
    Merge,
    Strategic,
    Apply,
}

/// How often a patch is tried again when the object changes meanwhile.
const TRIES: usize = 5;

/// Patches an object.
pub(super) async fn patch(call: &Call<'_>, target: &Target<'_>) -> Result<Reply, Refusal> {
    patch_through(call, target, "").await
}

/// Patches an object through a subresource (`status`), or itself (empty).
pub(super) async fn patch_through(call: &Call<'_>, target: &Target<'_>, subresource: &str) -> Result<Reply, Refusal> {
    body::check_size(call.exchange.body.len())?;
    let form = form(call, target.resource)?;
    let options = WriteOptions::read(call, "PatchOptions")?;
    check_options(form, &options)?;
    for attempt in 1..=TRIES {
        match attempt_patch(call, target, subresource, form, &options).await {
            Err(Refusal::Status(status))
                if attempt < TRIES && status.reason == Some(Reason::Conflict) && raced(call, target, &status) => {}
            outcome => return outcome,
        }
    }
    Err(super::write::changed(target))
}

/// Whether a conflict came from somebody else's write rather than from the patch itself.
fn raced(_: &Call<'_>, target: &Target<'_>, status: &Status) -> bool {
    let Refusal::Status(lost) = super::write::changed(target) else {
        return false;
    };
    lost.message == status.message
}

async fn attempt_patch(
    call: &Call<'_>,
    target: &Target<'_>,
    subresource: &str,
    form: Form,
    options: &WriteOptions,
) -> Result<Reply, Refusal> {
    let live = target.live(call).ok();
    if form == Form::Apply {
        return apply(call, target, subresource, live, options).await;
    }
    let live = live.ok_or_else(|| target.not_found())?;
    let patched = patched(call, target.resource, form, &live.value)?;
    let mut object = decode_patched(call, target.resource, patched, options)?;
    let given = meta::text(&object, "resourceVersion").to_owned();
    if !given.is_empty() && given != live.revision.to_string() {
        if given.parse::<u64>().is_err() {
            let why = format!("strconv.ParseUint: parsing {}: invalid syntax", proofmark_status::quote(&given));
            return Err(Refusal::untyped(500, why));
        }
        // A stale version in the patch cannot be cured by trying again.
        return Err(conflict_for_good(target));
    }
    body::check_name(&object, target)?;
    body::settle_namespace(&mut object, target)?;
    check_uid(target, &object, &live)?;
    let change = Change { target, options, subresource, live: &live, managed: false, admitted: false };
    let value = change.apply(call, object).await?;
    Ok(Reply::object(200, target.resource, value))
}

fn conflict_for_good(target: &Target<'_>) -> Refusal {
    super::write::changed(target)
}

fn form(call: &Call<'_>, resource: &Resource) -> Result<Form, Refusal> {
    let essence = call.exchange.header("content-type").unwrap_or_default().split(';').next().unwrap_or_default().trim();
    match essence {
        "application/json-patch+json" => Ok(Form::Json),
        "application/merge-patch+json" => Ok(Form::Merge),
        "application/strategic-merge-patch+json" if resource.custom().is_none() => Ok(Form::Strategic),
        "application/apply-patch+yaml" => Ok(Form::Apply),
        _ if resource.custom().is_some() => {
            let accepted = "application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml";
            let message =
                format!("the body of the request was in an unknown format - accepted media types include: {accepted}");
            Err(Status::new(415, Reason::UnsupportedMediaType, message).into())
        }
        _ => Err(Status::new(415, Reason::UnsupportedMediaType, "415: Unsupported Media Type")
            .with_details(Details::default())
            .into()),
    }
}

fn check_options(form: Form, options: &WriteOptions) -> Result<(), Refusal> {
    let mut errors = Vec::new();
    if form == Form::Apply && !options.manager_given {
        errors.push(FieldError::required("fieldManager", "is required for apply patch"));
    }
    if form != Form::Apply && options.force.is_some() {
        errors.push(FieldError::forbidden("force", "may not be specified for non-apply patch"));
    }
    if errors.is_empty() { Ok(()) } else { Err(Status::invalid("meta.k8s.io", "PatchOptions", "", &errors).into()) }
}

/// A value that no resource stores (a scale), patched and read.
pub(super) fn patched_value(call: &Call<'_>, resource: &Resource, value: &Value) -> Result<Value, Refusal> {
    body::check_size(call.exchange.body.len())?;
    let form = form(call, resource)?;
    if form == Form::Apply {
        return Err(Status {
            code: 501,
            ..Status::new(501, Reason::InternalError, "not simulated: server-side apply of a scale")
        }
        .into());
    }
    let patched = patched(call, resource, form, value)?;
    body::object(call, resource, patched, Vec::new(), FieldValidation::Ignore)
}

/// The live object with the patch applied.
fn patched(call: &Call<'_>, resource: &Resource, form: Form, live: &Value) -> Result<Value, Refusal> {
    let unreadable = |why: &str| bad_request(format!("error decoding patch: {why}"));
    let patch = decode::json(call.exchange.body).map_err(|why| unreadable(&why))?;
    match form {
        Form::Json => proofmark_merge::json_patch(live, &patch).map_err(refused),
        Form::Merge if patch.is_object() => Ok(proofmark_merge::merge_patch(live, &patch)),
        Form::Merge if patch.is_null() => Err(bad_request("Invalid JSON Patch")),
        Form::Merge => Err(unreadable(&format!(
            "json: cannot unmarshal {} into Go value of type map[string]interface {{}}",
            crate::value::type_name(&patch)
        ))),
        Form::Strategic | Form::Apply => {
            let (types, id) = resource.types();
            proofmark_merge::strategic_merge(live, &patch, types, id).map_err(refused)
        }
    }
}

fn refused(error: PatchError) -> Refusal {
    error.status().into()
}

/// A patched object, read as a body would be. What cannot be read is 422 with the whole object, as a real server says it.
fn decode_patched(
    call: &Call<'_>,
    resource: &Resource,
    patched: Value,
    options: &WriteOptions,
) -> Result<Value, Refusal> {
    let shown = patched.clone();
    body::object(call, resource, patched, Vec::new(), options.validation).map_err(|refusal| match refusal {
        Refusal::Status(status) if status.code == 400 => {
            let handled = format!(
                "{0} in version {1} cannot be handled as a {0}: ",
                resource.kind,
                proofmark_status::quote(&resource.version)
            );
            let why = status.message.strip_prefix(&handled).unwrap_or(&status.message).to_owned();
            let error = FieldError::invalid("patch", shown.to_string(), why);
            Status::invalid("", "", "", &[error]).into()
        }
        other => other,
    })
}

/// Server-side apply.
async fn apply(
    call: &Call<'_>,
    target: &Target<'_>,
    subresource: &str,
    live: Option<Arc<Object>>,
    options: &WriteOptions,
) -> Result<Reply, Refusal> {
    let resource = target.resource;
    let applied = decode::yaml(call.exchange.body).map_err(|why| bad_request(format!("error decoding YAML: {why}")))?;
    if !applied.is_object() {
        return Err(bad_request("error decoding YAML: the body is no object"));
    }
    if live.is_none() && subresource.is_empty() {
        may_create(call, target)?;
    }
    let live = match live {
        None if !subresource.is_empty() => return Err(target.not_found()),
        live => live,
    };
    let force = options.force.unwrap_or(false);
    let outcome =
        managed::apply(call, target, live.as_deref().map(|o| &o.value), &applied, &options.manager, force, subresource)
            .map_err(|error| Refusal::from(error.status()))?;
    let mut merged = outcome.object;
    body::check_name(&merged, target)?;
    body::settle_namespace(&mut merged, target)?;
    let options = WriteOptions { validation: FieldValidation::Ignore, ..options.clone() };
    let Some(live) = live else {
        let merged = body::object(call, resource, merged, Vec::new(), options.validation)?;
        let value = create::create_object(call, target, merged, &options, Some(&options.manager)).await?;
        return Ok(Reply::object(201, resource, value));
    };
    let given = meta::text(&applied, "resourceVersion").to_owned();
    if !given.is_empty() && given != live.revision.to_string() {
        return Err(conflict_for_good(target));
    }
    check_uid(target, &applied, &live)?;
    let merged = body::object(call, resource, merged, Vec::new(), options.validation)?;
    let change = Change { target, options: &options, subresource, live: &live, managed: true, admitted: false };
    let value = change.apply(call, merged).await?;
    Ok(Reply::object(200, resource, value))
}
