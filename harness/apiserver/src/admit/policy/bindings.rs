//! Policies and their bindings against a request.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;
use proofmark_admission::{Decision, Outcome, Policy};
use proofmark_json::{Value, json};
use proofmark_registry::meta;
use proofmark_status::{Cause, Details, Reason, Status};

use super::params;
use crate::admit::expressions::{Access, NOTHING, describe, inputs};
use crate::admit::matching::{View, convert_both, names_allow, selects_namespace, selects_object, view};
use crate::admit::{Request, find, stored};
use crate::refusal::Refusal;
use crate::store::Object;

const GROUP: &str = "admissionregistration.k8s.io";

/// The policies that were used lately, compiled, by name and as of their revision.
#[derive(Debug, Default)]
pub(crate) struct Compiled(Mutex<BTreeMap<String, (u64, Arc<Policy>)>>);

/// How many compiled policies are kept.
const KEPT: usize = 256;

impl Compiled {
    fn get(&self, policy: &Object) -> Arc<Policy> {
        let name = meta::text(&policy.value, "name");
        let mut kept = self.0.lock();
        if let Some((_, compiled)) = kept.get(name).filter(|(revision, _)| *revision == policy.revision) {
            return compiled.clone();
        }
        let compiled = Arc::new(Policy::new(policy.value.get("spec").unwrap_or(NOTHING)));
        if kept.len() >= KEPT {
            kept.clear();
        }
        kept.insert(name.to_owned(), (policy.revision, compiled.clone()));
        compiled
    }
}

/// Holds a request against all policies; a deletion has no object.
pub(in crate::admit) async fn validate(request: &Request<'_>, object: Option<&Value>) -> Result<(), Refusal> {
    if is_excluded(request) {
        return Ok(());
    }
    let policies = stored(request.call, GROUP, "v1", "validatingadmissionpolicies", "");
    if policies.is_empty() {
        return Ok(());
    }
    let bindings = stored(request.call, GROUP, "v1", "validatingadmissionpolicybindings", "");
    let mut denials = Vec::new();
    for policy in &policies {
        let name = meta::text(&policy.value, "name");
        let bound = |b: &&Arc<Object>| b.value.pointer("/spec/policyName").and_then(Value::as_str) == Some(name);
        let bindings: Vec<&Arc<Object>> = bindings.iter().filter(bound).collect();
        if !bindings.is_empty() {
            Box::pin(one(request, object, policy, &bindings, &mut denials)).await?;
        }
    }
    denials.into_iter().next().map_or(Ok(()), |denial| Err(denial.refusal(request)))
}

/// What is never held against policies: policies themselves, webhooks' configurations, and questions that change nothing.
fn is_excluded(request: &Request<'_>) -> bool {
    crate::admit::webhook::is_exempt(request)
        || matches!(request.target.resource.group.as_str(), "authentication.k8s.io" | "authorization.k8s.io")
}

/// A reason to refuse a request.
struct Denial {
    policy: String,
    binding: Option<String>,
    decision: Decision,
}

impl Denial {
    fn refusal(self, request: &Request<'_>) -> Refusal {
        let Self { policy, binding, decision } = self;
        let binding = binding.map(|b| format!(" with binding '{b}'")).unwrap_or_default();
        let message = format!("ValidatingAdmissionPolicy '{policy}'{binding} denied request: {}", decision.message);
        let resource = request.target.resource;
        // Who deletes a collection names no object.
        let of_collection = request.call.exchange.info.verb == "deletecollection";
        let name = if of_collection { "Unknown" } else { request.target.name };
        let mut status = Status::forbidden(&resource.group, &resource.plural, name, &message);
        (status.code, status.reason) = match decision.reason.as_str() {
            "Forbidden" => (403, Some(Reason::Forbidden)),
            "RequestEntityTooLarge" => (413, Some(Reason::RequestEntityTooLarge)),
            _ => (422, Some(Reason::Invalid)),
        };
        let cause = Cause { message, reason: String::new(), field: String::new() };
        status.details = Some(Details { causes: vec![cause], ..status.details.unwrap_or_default() });
        status.into()
    }
}

/// How the resources of a policy or binding (`matchConstraints`, `matchResources`) see a request.
fn matches(resources: &Value, request: &Request<'_>, object: Option<&Value>) -> Result<Option<View>, Refusal> {
    let field = |name: &str| resources.get(name).unwrap_or(NOTHING);
    let rules = |name: &str| field(name).as_array().map(Vec::as_slice).unwrap_or_default();
    let namespace = selects_namespace(field("namespaceSelector"), request, object);
    if matches!(namespace, Ok(false)) || !selects_object(field("objectSelector"), object, request.old) {
        return Ok(None);
    }
    let equivalent = field("matchPolicy").as_str() == Some("Equivalent");
    let suits = |rule: &Value| names_allow(rule, request);
    if view(request, rules("excludeResourceRules"), equivalent, suits).is_some() {
        return Ok(None);
    }
    let found = match rules("resourceRules") {
        [] => Some(View { resource: request.target.resource.clone(), body: request.body.clone() }),
        rules => view(request, rules, equivalent, suits),
    };
    if found.is_some() {
        namespace?;
    }
    Ok(found)
}

/// The namespace of the request's object as expressions see it.
fn namespace_object(request: &Request<'_>) -> Result<Value, Refusal> {
    let name = request.namespace();
    if name.is_empty() || request.is_core("namespaces") {
        return Ok(Value::Null);
    }
    let missing = || Refusal::from(Status::not_found("", "namespaces", name));
    let found = find(request.call, "", "v1", "namespaces", name).ok_or_else(missing)?;
    let mut namespace = Value::clone(&found.value);
    if let Some(members) = namespace.as_object_mut() {
        members.retain(|field, _| matches!(field.as_str(), "metadata" | "spec" | "status"));
    }
    let metadata = meta::of_mut(&mut namespace);
    metadata.retain(|field, _| !matches!(field.as_str(), "managedFields" | "ownerReferences" | "selfLink"));
    Ok(namespace)
}

async fn one(
    request: &Request<'_>,
    object: Option<&Value>,
    policy: &Object,
    bindings: &[&Arc<Object>],
    denials: &mut Vec<Denial>,
) -> Result<(), Refusal> {
    let name = meta::text(&policy.value, "name");
    let spec = policy.value.get("spec").unwrap_or(NOTHING);
    let constraints = spec.get("matchConstraints").unwrap_or(NOTHING);
    let ignore = spec.get("failurePolicy").and_then(Value::as_str) == Some("Ignore");
    let mut misconfigured = |what: &str, binding: Option<&str>, why: String| {
        if !ignore {
            let decision = Decision { message: format!("failed to configure {what}: {why}"), reason: String::new() };
            denials.push(Denial { policy: name.to_owned(), binding: binding.map(str::to_owned), decision });
        }
    };
    let view = match matches(constraints, request, object) {
        Ok(Some(view)) => view,
        Ok(None) => return Ok(()),
        Err(refusal) => {
            misconfigured("policy", None, words(refusal));
            return Ok(());
        }
    };
    let mut relevant = Vec::new();
    for binding in bindings {
        let of = |field: &str| binding.value.pointer(&format!("/spec/{field}")).filter(|v| v.is_object());
        let binding_name = meta::text(&binding.value, "name");
        match matches(of("matchResources").unwrap_or(NOTHING), request, object) {
            Ok(None) => continue,
            Ok(Some(_)) => {}
            Err(refusal) => {
                misconfigured("binding", Some(binding_name), words(refusal));
                continue;
            }
        }
        match params::collect(request, spec.get("paramKind").filter(|k| k.is_object()), of("paramRef")) {
            Ok(params) => relevant.push((*binding, params)),
            Err(why) => misconfigured("binding", Some(binding_name), why),
        }
    }
    if relevant.is_empty() {
        return Ok(());
    }
    let compiled = request.call.server.policies.get(policy);
    let described = Value::Object(describe(request, &view));
    let other = !Arc::ptr_eq(&view.body, request.body);
    let (converted, converted_old) = match other {
        true => convert_both(request, object, &view.body).await?,
        false => (None, None),
    };
    let namespace = namespace_object(request)?;
    let access = Access(request.call);
    let (object, old) = (converted.as_ref().or(object), converted_old.as_ref().or(request.old));
    let base = inputs(request, &described, object, old, &namespace, &access);
    for (binding, params) in relevant {
        for param in params {
            let inputs =
                proofmark_admission::Inputs { params: param.as_ref().map_or(NOTHING, |p| &p.value), ..base.clone() };
            settle(request, name, &binding.value, compiled.evaluate(&inputs), denials);
        }
    }
    Ok(())
}

/// Does with an outcome what the binding says.
fn settle(request: &Request<'_>, policy: &str, binding: &Value, outcome: Outcome, denials: &mut Vec<Denial>) {
    let name = meta::text(binding, "name");
    let actions = binding.pointer("/spec/validationActions").and_then(Value::as_array).cloned().unwrap_or_default();
    let acts = |action: &str| actions.iter().any(|a| a == action);
    let deny = |decision: Decision| Denial { policy: policy.to_owned(), binding: Some(name.to_owned()), decision };
    for (index, decision) in outcome.denied {
        if acts("Warn") {
            let of = format!("Validation failed for ValidatingAdmissionPolicy '{policy}' with binding '{name}'");
            request.call.warn(vec![format!("{of}: {}", decision.message)]);
        }
        if acts("Audit") {
            let failure = json!([{
                "message": decision.message, "policy": policy, "binding": name,
                "expressionIndex": index, "validationActions": actions,
            }]);
            let key = "validation.policy.admission.k8s.io/validation_failure";
            request.call.annotate(key.to_owned(), failure.to_string());
        }
        if acts("Deny") {
            denials.push(deny(decision));
        }
    }
    for (key, value) in outcome.annotations {
        request.call.annotate(format!("{policy}/{key}"), value);
    }
    denials.extend(outcome.failed_annotations.into_iter().map(deny));
}

/// What a refusal says.
fn words(refusal: Refusal) -> String {
    match refusal {
        Refusal::Status(status) => status.message,
        Refusal::Worded(_, status) => crate::value::text_at(&status, "/message"),
        Refusal::NoSuchPage => String::new(),
        Refusal::Text(_, text) => text,
        Refusal::Later(_, refused) => words(*refused),
    }
}
