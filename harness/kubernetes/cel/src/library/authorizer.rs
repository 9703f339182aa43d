//! Access: `authorizer.group('apps').resource('deployments').namespace('ns').check('create').allowed()`.
//!
//! The caller decides ([`Authorizer`]); here questions are put together.

use std::fmt;
use std::sync::Arc;

use proofmark_text::content;

use super::mismatch;
use crate::types::Functions;
use crate::value::{EvalError, Evaluated, Opaque, Value};

/// What is asked of an [`Authorizer`]. Empty texts are unset.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AccessQuestion {
    /// Who: a service account as namespace and name, or nobody else than the one who makes the request.
    pub service_account: Option<(String, String)>,
    /// The verb.
    pub verb: String,
    /// A path, for what is no resource.
    pub path: Option<String>,
    /// The API group.
    pub group: String,
    /// The resource, in plural.
    pub resource: String,
    /// The subresource.
    pub subresource: String,
    /// The namespace.
    pub namespace: String,
    /// The object's name.
    pub name: String,
    /// A field selector, for lists.
    pub field_selector: String,
    /// A label selector, for lists.
    pub label_selector: String,
}

/// An [`Authorizer`]'s answer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AccessDecision {
    /// Whether access is allowed.
    pub allowed: bool,
    /// Why, or why not; may be empty.
    pub reason: String,
    /// What went wrong, if something did.
    pub error: Option<String>,
}

/// Whoever decides about access.
pub trait Authorizer: Sync {
    /// Answers a question.
    fn decide(&self, question: &AccessQuestion) -> AccessDecision;
}

/// A question that is being put together, or its answer.
#[derive(Clone)]
pub struct Check<'v> {
    authorizer: &'v dyn Authorizer,
    stage: Stage,
}

#[derive(Debug, Clone, PartialEq)]
enum Stage {
    Authorizer(Arc<AccessQuestion>),
    Path(Arc<AccessQuestion>),
    Group(Arc<AccessQuestion>),
    Resource(Arc<AccessQuestion>),
    Decision(Arc<AccessDecision>),
}

impl fmt::Debug for Check<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.stage.fmt(f)
    }
}

impl PartialEq for Check<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.stage == other.stage
    }
}

impl<'v> Check<'v> {
    pub(crate) fn type_name(&self) -> &'static str {
        match self.stage {
            Stage::Authorizer(_) => "kubernetes.authorization.Authorizer",
            Stage::Path(_) => "kubernetes.authorization.PathCheck",
            Stage::Group(_) => "kubernetes.authorization.GroupCheck",
            Stage::Resource(_) => "kubernetes.authorization.ResourceCheck",
            Stage::Decision(_) => "kubernetes.authorization.Decision",
        }
    }

    fn at(&self, stage: Stage) -> Value<'v> {
        Value::Opaque(Opaque::Authorizer(Check { authorizer: self.authorizer, stage }))
    }
}

impl<'v> Value<'v> {
    /// The variable `authorizer`.
    pub fn authorizer(authorizer: &'v dyn Authorizer) -> Self {
        Self::Opaque(Opaque::Authorizer(Check { authorizer, stage: Stage::Authorizer(Arc::default()) }))
    }

    /// The variable `authorizer.requestResource`: a question about the resource of a request, of which only the verb is missing.
    pub fn resource_check(authorizer: &'v dyn Authorizer, about: AccessQuestion) -> Self {
        Self::Opaque(Opaque::Authorizer(Check { authorizer, stage: Stage::Resource(Arc::new(about)) }))
    }
}

pub(super) fn declare(functions: &mut Functions) {
    macro_rules! ty {
        ($name:literal) => {
            concat!("kubernetes.authorization.", $name)
        };
    }
    let to_path = concat!(ty!("Authorizer"), ", string -> ", ty!("PathCheck"));
    functions.method("path", "authorizer_path", to_path, |args| ask(args, "path", |q, text| q.path = Some(text)));
    let to_group = concat!(ty!("Authorizer"), ", string -> ", ty!("GroupCheck"));
    functions.method("group", "authorizer_group", to_group, |args| ask(args, "group", |q, text| q.group = text));
    let to_account = concat!(ty!("Authorizer"), ", string, string -> ", ty!("Authorizer"));
    functions.method("serviceAccount", "authorizer_serviceaccount", to_account, service_account);
    let to_resource = concat!(ty!("GroupCheck"), ", string -> ", ty!("ResourceCheck"));
    functions.method("resource", "groupcheck_resource", to_resource, |args| {
        ask(args, "resource", |q, text| q.resource = text)
    });
    let narrow = concat!(ty!("ResourceCheck"), ", string -> ", ty!("ResourceCheck"));
    functions.method("subresource", "resourcecheck_subresource", narrow, |args| {
        ask(args, "", |q, text| q.subresource = text)
    });
    functions
        .method("namespace", "resourcecheck_namespace", narrow, |args| ask(args, "", |q, text| q.namespace = text));
    functions.method("name", "resourcecheck_name", narrow, |args| ask(args, "", |q, text| q.name = text));
    functions.method("fieldSelector", "authorizer_fieldselector", narrow, |args| {
        ask(args, "", |q, text| q.field_selector = text)
    });
    functions.method("labelSelector", "authorizer_labelselector", narrow, |args| {
        ask(args, "", |q, text| q.label_selector = text)
    });
    functions.method("check", "pathcheck_check", concat!(ty!("PathCheck"), ", string -> ", ty!("Decision")), check);
    functions.method(
        "check",
        "resourcecheck_check",
        concat!(ty!("ResourceCheck"), ", string -> ", ty!("Decision")),
        check,
    );
    let test = concat!(ty!("Decision"), " -> bool");
    functions.method("allowed", "decision_allowed", test, |args| answer(args, |d| Value::Bool(d.allowed)));
    functions.method("errored", "decision_errored", test, |args| answer(args, |d| Value::Bool(d.error.is_some())));
    let text = concat!(ty!("Decision"), " -> string");
    functions.method("reason", "decision_reason", text, |args| answer(args, |d| Value::string(d.reason.clone())));
    functions.method("error", "decision_error", text, |args| {
        answer(args, |d| Value::string(d.error.clone().unwrap_or_default()))
    });
}

/// Puts a text into a question, and takes it to its next stage.
fn ask<'v>(args: &[Value<'v>], step: &str, set: fn(&mut AccessQuestion, String)) -> Evaluated<'v> {
    let [Value::Opaque(Opaque::Authorizer(check)), Value::String(text)] = args else { return mismatch() };
    if matches!(step, "path" | "resource") && text.trim().is_empty() {
        return Err(EvalError::other(format!("{step} must not be empty")));
    }
    let filled = |question: &Arc<AccessQuestion>| {
        let mut question = AccessQuestion::clone(question);
        set(&mut question, text.to_string());
        Arc::new(question)
    };
    Ok(check.at(match (&check.stage, step) {
        (Stage::Authorizer(question), "path") => Stage::Path(filled(question)),
        (Stage::Authorizer(question), "group") => Stage::Group(filled(question)),
        (Stage::Group(question) | Stage::Resource(question), _) => Stage::Resource(filled(question)),
        _ => return mismatch(),
    }))
}

fn service_account<'v>(args: &[Value<'v>]) -> Evaluated<'v> {
    let [Value::Opaque(Opaque::Authorizer(check)), Value::String(namespace), Value::String(name)] = args else {
        return mismatch();
    };
    if !content::dns_subdomain(name).is_empty() {
        return Err(EvalError::other("Invalid service account name"));
    }
    if !content::dns_label(namespace).is_empty() {
        return Err(EvalError::other("Invalid service account namespace"));
    }
    let service_account = Some((namespace.to_string(), name.to_string()));
    Ok(check.at(Stage::Authorizer(Arc::new(AccessQuestion { service_account, ..AccessQuestion::default() }))))
}

fn check<'v>(args: &[Value<'v>]) -> Evaluated<'v> {
    let [Value::Opaque(Opaque::Authorizer(check)), Value::String(verb)] = args else { return mismatch() };
    let (Stage::Path(question) | Stage::Resource(question)) = &check.stage else { return mismatch() };
    let decision =
        check.authorizer.decide(&AccessQuestion { verb: verb.to_string(), ..AccessQuestion::clone(question) });
    Ok(check.at(Stage::Decision(Arc::new(decision))))
}

fn answer<'v>(args: &[Value<'v>], body: fn(&AccessDecision) -> Value<'v>) -> Evaluated<'v> {
    let [Value::Opaque(Opaque::Authorizer(check))] = args else { return mismatch() };
    let Stage::Decision(decision) = &check.stage else { return mismatch() };
    Ok(body(decision))
}
