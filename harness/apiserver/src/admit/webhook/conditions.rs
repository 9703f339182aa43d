//! `matchConditions`: expressions that must all hold before a webhook is asked.

use std::sync::Arc;

use proofmark_admission::Conditions;
use proofmark_json::Value;
use proofmark_status::Status;

use crate::admit::Request;
use crate::admit::expressions::{Access, NOTHING, describe, inputs};
use crate::admit::matching::{View, convert_both};
use crate::refusal::Refusal;

/// Whether a request meets all conditions; a condition that errs refuses the request unless failures are ignored.
pub(super) async fn met(
    conditions: &[Value],
    request: &Request<'_>,
    view: &View,
    object: Option<&Value>,
    ignore: bool,
) -> Result<bool, Refusal> {
    if conditions.is_empty() {
        return Ok(true);
    }
    let compiled = Conditions::new(conditions, false);
    let described = Value::Object(describe(request, view));
    let other = !Arc::ptr_eq(&view.body, request.body);
    let (converted, converted_old) = match other {
        true => convert_both(request, object, &view.body).await?,
        false => (None, None),
    };
    let access = Access(request.call);
    let (object, old) = (converted.as_ref().or(object), converted_old.as_ref().or(request.old));
    let inputs = inputs(request, &described, object, old, NOTHING, &access);
    compiled.met(&inputs, ignore).map_err(|why| {
        let resource = request.target.resource;
        Status::forbidden(&resource.group, &resource.plural, request.target.name, &why).into()
    })
}
