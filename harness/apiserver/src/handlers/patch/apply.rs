//! Server-side apply.

use std::sync::Arc;

use proofmark_json::{Map, Value};
use proofmark_registry::meta;
use proofmark_status::Status;

use super::check_revision;
use crate::decode;
use crate::handlers::options::{FieldValidation, WriteOptions};
use crate::handlers::update::{Change, may_create};
use crate::handlers::{Reply, Target, bad_request, body, create, managed};
use crate::refusal::Refusal;
use crate::server::Call;
use crate::store::Object;

/// Applies the request's configuration to an object, or makes it.
pub(super) async fn apply(
    call: &Call<'_>,
    target: &Target<'_>,
    subresource: &str,
    live: Option<Arc<Object>>,
    options: &WriteOptions,
) -> Result<Reply, Refusal> {
    let resource = target.resource;
    let applied = configuration(call)?;
    match live {
        Some(_) => {}
        None if subresource.is_empty() => may_create(call, target)?,
        // Kinds that an update may create are created through their parts, too.
        None if !resource.strategy.create_on_update => return Err(target.not_found()),
        None => {}
    }
    let force = options.force.unwrap_or(false);
    let outcome = managed::apply(
        call,
        target,
        live.as_deref().map(|o| &*o.value),
        &applied,
        &options.manager,
        force,
        subresource,
    )
    .await
    .map_err(|error| Refusal::from(error.status()))?;
    complain(call, options.validation)?;
    let mut merged = outcome.object;
    let uid = meta::text(&merged, "uid");
    if live.is_none() && !uid.is_empty() {
        let why = format!("uid mismatch: the provided object specified uid {uid}, and no existing object was found");
        return Err(Status::conflict(&resource.group, &resource.plural, target.name, &why).into());
    }
    body::check_name(&merged, target)?;
    body::settle_namespace(&mut merged, target)?;
    let options = WriteOptions { validation: FieldValidation::Ignore, ..options.clone() };
    let Some(live) = live else {
        let merged = body::applied(resource, &applied, merged)?;
        let created = create::create_object(call, target, merged, &options, Some(&options.manager)).await?;
        return Ok(Reply::object(201, resource, created));
    };
    check_revision(target, meta::text(&applied, "resourceVersion"), live.revision)?;
    let merged = body::applied(resource, &applied, merged)?;
    let change = Change { target, options: &options, subresource, live: &live, managed: true, admitted: false };
    let changed = change.apply(call, merged).await?;
    Ok(Reply::object(200, resource, changed))
}

/// The configuration that the request applies; nothing at all is an empty one.
pub(in crate::handlers) fn configuration(call: &Call<'_>) -> Result<Value, Refusal> {
    let applied = decode::yaml(&call.exchange.body.text())
        .map_err(|why| bad_request(format!("error decoding YAML: error converting YAML to JSON: {why}")))?;
    match applied {
        Value::Object(_) => Ok(applied),
        Value::Null => Ok(Value::Object(Map::new())),
        other => Err(bad_request(format!(
            "error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {} into Go value of type \
             map[string]interface {{}}",
            crate::value::type_name(&other)
        ))),
    }
}

/// What a strict reader of YAML says of repeated keys.
pub(in crate::handlers) fn complain(call: &Call<'_>, validation: FieldValidation) -> Result<(), Refusal> {
    if !validation.strict() {
        return Ok(());
    }
    let repeated = decode::repeated_keys(&call.exchange.body.text());
    if validation == FieldValidation::Strict && !repeated.is_empty() {
        let lines = repeated.join("\n  ");
        let why =
            format!("error strict decoding YAML: error converting YAML to JSON: yaml: unmarshal errors:\n  {lines}");
        return Err(bad_request(why));
    }
    call.warn(repeated);
    Ok(())
}
