//! PATCH: JSON patch, merge patch, strategic merge patch and server-side apply.
//!
//! Source: `k8s.io/apiserver/pkg/endpoints/handlers/patch.go`, release 1.35.

mod apply;
mod document;

use proofmark_json::Value;
use proofmark_registry::meta;
use proofmark_status::{Details, FieldError, Reason, Status};

use super::options::WriteOptions;
use super::update::Change;
use super::{Reply, Target, body};
use crate::refusal::Refusal;
use crate::resource::Resource;
use crate::server::Call;

pub(super) use apply::{complain, configuration};

/// The forms of a patch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
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
    let (form, options) = read(call, target.resource)?;
    retrying(target, || attempt_patch(call, target, subresource, form, &options)).await
}

/// Tries a change again when somebody else wrote meanwhile.
pub(super) async fn retrying<F>(target: &Target<'_>, change: impl Fn() -> F) -> Result<Reply, Refusal>
where
    F: Future<Output = Result<Reply, Refusal>>,
{
    for attempt in 1..=TRIES {
        match change().await {
            Err(Refusal::Status(status)) if attempt < TRIES && raced(target, &status) => {}
            outcome => return outcome,
        }
    }
    Err(super::write::changed(target))
}

/// The form and the options of a patch to an object of `resource`, also through its subresources.
pub(super) fn read(call: &Call<'_>, resource: &Resource) -> Result<(Form, WriteOptions), Refusal> {
    body::check_size(call.exchange.body)?;
    let form = form(call, resource)?;
    let options = WriteOptions::read(call, "PatchOptions")?;
    check_options(form, &options)?;
    Ok((form, options))
}

/// Whether somebody else wrote meanwhile.
fn raced(target: &Target<'_>, status: &Status) -> bool {
    matches!(super::write::changed(target), Refusal::Status(lost) if *lost == *status)
}

async fn attempt_patch(
    call: &Call<'_>,
    target: &Target<'_>,
    subresource: &str,
    form: Form,
    options: &WriteOptions,
) -> Result<Reply, Refusal> {
    let live = target.live(call).await?;
    if form == Form::Apply {
        return apply::apply(call, target, subresource, live, options).await;
    }
    let live = live.ok_or_else(|| target.not_found())?;
    let mut object = document::patched(call, target.resource, form, &live.value, options.validation)?;
    check_revision(target, meta::text(&object, "resourceVersion"), live.revision)?;
    body::check_name(&object, target)?;
    body::settle_namespace(&mut object, target)?;
    let change = Change { target, options, subresource, live: &live, managed: false, admitted: false };
    let value = change.apply(call, object).await?;
    Ok(Reply::object(200, target.resource, value))
}

/// A version in the patch must be the live one. A stale one cannot be cured by trying again, but is tried all the same: its
/// refusal is that of a lost race.
pub(super) fn check_revision(target: &Target<'_>, given: &str, live: u64) -> Result<(), Refusal> {
    let any = given == "0" && target.resource.strategy.unconditional_update;
    if any || given.is_empty() || given == live.to_string() {
        return Ok(());
    }
    if given.parse::<u64>().is_err() {
        let why = format!("strconv.ParseUint: parsing {}: invalid syntax", proofmark_status::quote(given));
        return Err(Refusal::untyped(500, why));
    }
    Err(super::write::changed(target))
}

/// The form that the request's Content-Type names; 415 for those that the resource does not take.
pub(super) fn form(call: &Call<'_>, resource: &Resource) -> Result<Form, Refusal> {
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

/// A value that no resource stores (a scale), patched and read. Not for server-side apply.
pub(super) fn patched_value(
    call: &Call<'_>,
    resource: &Resource,
    form: Form,
    value: &Value,
    options: &WriteOptions,
) -> Result<Value, Refusal> {
    document::patched(call, resource, form, value, options.validation)
}
