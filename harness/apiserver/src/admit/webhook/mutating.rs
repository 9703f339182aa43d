//! Mutating webhooks: one after the other, each on what the ones before made of the object.

use std::collections::BTreeSet;

use proofmark_json::Value;
use proofmark_status::Status;

use super::hook::{self, Hook};
use super::is_exempt;
use super::review::{Failure, ask};
use crate::admit::Request;
use crate::admit::matching::{View, convert};
use crate::refusal::Refusal;
use crate::resource::{Body, Resource};

/// The one or two times that mutating webhooks see a request.
///
/// The second comes if a webhook changed the object. It is for the webhooks that asked for it (`reinvocationPolicy: IfNeeded`), were
/// called before the change, and did not make it themselves.
#[derive(Debug, Default)]
pub(in crate::admit) struct Rounds {
    /// Called, wants to be called again, and nothing has changed since.
    called: BTreeSet<(String, usize)>,
    /// To be called again.
    due: BTreeSet<(String, usize)>,
    /// The object as the webhooks left it.
    last: Option<Value>,
}

impl Rounds {
    /// Asks the webhooks about an object. True if one of them changed it. A deletion has no object.
    pub(in crate::admit) async fn first(
        &mut self,
        request: &Request<'_>,
        object: Option<&mut Value>,
    ) -> Result<bool, Refusal> {
        self.round(request, object, false).await
    }

    /// Asks once more those for whom something has changed.
    pub(in crate::admit) async fn again(&mut self, request: &Request<'_>, object: &mut Value) -> Result<(), Refusal> {
        // The built-in plugins ran again, too.
        if self.last.as_ref().is_some_and(|last| last != object) {
            self.due.append(&mut self.called);
        }
        self.round(request, Some(object), true).await.map(|_| ())
    }

    async fn round(
        &mut self,
        request: &Request<'_>,
        mut object: Option<&mut Value>,
        again: bool,
    ) -> Result<bool, Refusal> {
        if is_exempt(request) {
            return Ok(false);
        }
        let mut any = false;
        for hook in hook::all(request.call, "mutatingwebhookconfigurations") {
            let Some(view) = hook.matches(request, object.as_deref()).await? else { continue };
            if again && !self.due.contains(&hook.id()) {
                continue;
            }
            // Most requests meet no webhook: what asking takes is held apart, so that it does not make every request large.
            let changed = match Box::pin(step(&hook, request, &view, object.as_deref_mut())).await {
                Ok(changed) => changed,
                Err(Failure::Calling(why)) if hook.ignores_failures() => {
                    tracing::warn!(webhook = hook.name(), why, "failed calling webhook, failing open");
                    false
                }
                Err(failure) => return Err(refused(&hook, failure)),
            };
            if changed {
                any = true;
                self.due.append(&mut self.called);
            }
            if hook.is_reinvocable() {
                self.called.insert(hook.id());
            }
        }
        self.last = object.as_deref().filter(|_| any).cloned();
        Ok(any)
    }
}

/// The refusal for a request that a webhook stands in the way of.
pub(super) fn refused(hook: &Hook, failure: Failure) -> Refusal {
    match failure {
        Failure::Refused(refusal) => refusal,
        Failure::Calling(why) => {
            let name = proofmark_status::quote(hook.name());
            Status::internal(&format!("failed calling webhook {name}: {why}")).into()
        }
    }
}

/// Asks one webhook and applies its patch. True if the object changed.
async fn step(hook: &Hook, request: &Request<'_>, view: &View, object: Option<&mut Value>) -> Result<bool, Failure> {
    let allowed = ask(hook, request, view, object.as_deref(), true).await?;
    let Some(patch) = allowed.patch else { return Ok(false) };
    let undecodable = |why: String| Failure::Calling(format!("received undecodable patch in webhook response: {why}"));
    let patch = crate::decode::json(&patch).map_err(undecodable)?;
    if patch.as_array().is_some_and(Vec::is_empty) || patch.is_null() {
        return Ok(false);
    }
    if !patch.is_array() {
        let given = crate::value::type_name(&patch);
        return Err(undecodable(format!("json: cannot unmarshal {given} into Go value of type jsonpatch.Patch")));
    }
    let Some(object) = object else {
        let name = proofmark_status::quote(hook.name());
        let why = format!(
            "admission webhook {name} attempted to modify the object, which is not supported for this operation"
        );
        return Err(Failure::Refused(Status::internal(&why).into()));
    };
    let own = std::sync::Arc::ptr_eq(&view.body, request.body);
    let before = match own {
        true => object.clone(),
        false => convert(request, object, &view.body).await.map_err(Failure::Refused)?,
    };
    let after = patched(&before, &patch, &view.body).map_err(Failure::Refused)?;
    let changed = before != after;
    *object = match own {
        true => after,
        false => convert(request, &after, request.body).await.map_err(Failure::Refused)?,
    };
    Ok(changed)
}

/// An object after a patch, read anew as its kind and with that kind's defaults.
fn patched(object: &Value, patch: &Value, kind: &Resource) -> Result<Value, Refusal> {
    let internal = |why: &str| Refusal::from(Status::internal(why));
    let after = proofmark_merge::json_patch(object, patch).map_err(|error| {
        let words = error.to_string();
        internal(words.strip_prefix("error decoding patch: ").unwrap_or(&words))
    })?;
    let mut read = match &kind.body {
        Body::Typed(own) => {
            let text = |field: &str| after.get(field).and_then(Value::as_str).unwrap_or_default();
            let (version, name) = (text("apiVersion"), text("kind"));
            let (group, short) = version.split_once('/').unwrap_or(("", version));
            let ty = proofmark_builtin::type_of(group, short, name).ok_or_else(|| {
                let (name, version) = (proofmark_status::quote(name), proofmark_status::quote(version));
                internal(&format!(
                    "no kind {name} is registered for version {version} in scheme \"pkg/runtime/scheme.go:111\""
                ))
            })?;
            let read = proofmark_builtin::decode::decode(&after, ty, false).map_err(|e| internal(&e.to_string()))?;
            if ty != *own {
                let words =
                    format!("converting ({short}.{name}) to ({}.{}): unknown conversion", kind.version, kind.kind);
                return Err(Refusal::untyped(500, words));
            }
            read.value
        }
        Body::Custom(_) => proofmark_builtin::decode::untyped(after),
    };
    crate::value::identify(&mut read, &kind.group_version(), &kind.kind);
    match &kind.body {
        Body::Typed(_) => (kind.strategy.default)(&mut read, None),
        Body::Custom(version) => {
            if let Some(schema) = version.schema() {
                schema.default(&mut read);
            }
            crate::value::sort(&mut read);
        }
    }
    Ok(read)
}
