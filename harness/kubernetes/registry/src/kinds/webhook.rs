//! Configurations of admission webhooks.
//!
//! Source: `pkg/apis/admissionregistration/validation`, release 1.35. What is wrong with an object that is stored already stays allowed
//! in updates that do not touch it.

use std::collections::BTreeSet;

use proofmark_admission::{Names, environment};
use proofmark_cel::Type;
use proofmark_json::Value;
use proofmark_status::FieldError;

use crate::node::{Errors, Node};
use crate::strategy::{BASE, Generation, Repeats};
use crate::{Strategy, check, content};

const CONFIGURATION: Strategy = Strategy {
    group: "admissionregistration.k8s.io",
    generation: Generation::States,
    repeats: Repeats::Object,
    unconditional_update: false,
    validate: |new| configuration(new, None),
    validate_update: |new, old| configuration(new, Some(old)),
    ..BASE
};

pub(super) const ROWS: &[Strategy] = &[
    Strategy { resource: "mutatingwebhookconfigurations", ..CONFIGURATION },
    Strategy { resource: "validatingwebhookconfigurations", ..CONFIGURATION },
];

/// What an update leaves alone although it could not be created today.
#[derive(Default)]
struct Tolerated {
    /// Match conditions that nobody changed.
    conditions: bool,
    side_effects: bool,
    review_versions: bool,
    names: bool,
}

impl Tolerated {
    fn of(new: &Value, old: &Value) -> Self {
        let hooks = |o: &Value| o.get("webhooks").and_then(Value::as_array).cloned().unwrap_or_default();
        let (new, old) = (hooks(new), hooks(old));
        let null = Value::Null;
        let conditions = |hook: &Value| hook.get("matchConditions").unwrap_or(&null).clone();
        let text = |hook: &Value, field: &str| hook.get(field).and_then(Value::as_str).map(str::to_owned);
        let names: BTreeSet<_> = old.iter().map(|hook| text(hook, "name")).collect();
        let harmless = |hook: &Value| matches!(text(hook, "sideEffects").as_deref(), Some("None" | "NoneOnDryRun"));
        let unknown = |hook: &Value| {
            let versions = hook.get("admissionReviewVersions").and_then(Value::as_array);
            versions.is_some_and(|v| !v.is_empty() && !v.iter().any(|v| v == "v1" || v == "v1beta1"))
        };
        Self {
            conditions: new.len() == old.len()
                && new.iter().zip(&old).all(|(n, o)| check::same(&conditions(n), &conditions(o))),
            side_effects: !old.iter().all(harmless),
            review_versions: old.iter().any(unknown),
            names: names.len() != old.len(),
        }
    }
}

fn configuration(new: &Value, old: Option<&Value>) -> Errors {
    let tolerated = old.map_or_else(Tolerated::default, |old| Tolerated::of(new, old));
    let mut errors = Errors::new();
    let mut names = BTreeSet::new();
    for hook in Node::root(new).get("webhooks").items() {
        webhook(&hook, &tolerated, &mut errors);
        review_versions(&hook.get("admissionReviewVersions"), !tolerated.review_versions, &mut errors);
        let name = hook.get("name");
        if !tolerated.names && name.filled() && !names.insert(name.text()) {
            errors.push(name.duplicate());
        }
    }
    errors
}

fn webhook(hook: &Node<'_>, tolerated: &Tolerated, errors: &mut Errors) {
    let name = hook.get("name");
    let complaints = content::dns_subdomain(name.text());
    if !name.filled() {
        errors.push(name.required(""));
    } else if !complaints.is_empty() {
        errors.push(name.invalid(complaints.join(",")));
    } else if name.text().split('.').count() < 3 {
        errors.push(name.invalid("should be a domain with at least three segments separated by dots"));
    }
    for rule in hook.get("rules").items() {
        rule_with_operations(&rule, errors);
    }
    let choice = |field: &str, supported: &[&str], errors: &mut Errors| {
        let node = hook.get(field);
        if node.given() {
            check::supported_text(&node, supported, errors);
        }
    };
    choice("failurePolicy", &["Fail", "Ignore"], errors);
    choice("matchPolicy", &["Equivalent", "Exact"], errors);
    let side_effects: &[&str] =
        if tolerated.side_effects { &["None", "NoneOnDryRun", "Some", "Unknown"] } else { &["None", "NoneOnDryRun"] };
    if !hook.get("sideEffects").given() {
        let why = format!("must specify one of {}", side_effects.join(", "));
        errors.push(hook.get("sideEffects").required(&why));
    }
    choice("sideEffects", side_effects, errors);
    let timeout = hook.get("timeoutSeconds");
    if timeout.given() && !(1..=30).contains(&timeout.number()) {
        errors.push(timeout.invalid("the timeout value must be between 1 and 30 seconds"));
    }
    check::selector(&hook.get("namespaceSelector"), errors);
    check::selector(&hook.get("objectSelector"), errors);
    choice("reinvocationPolicy", &["IfNeeded", "Never"], errors);
    client(&hook.get("clientConfig"), errors);
    if !tolerated.conditions {
        conditions(&hook.get("matchConditions"), false, errors);
    }
}

/// Match conditions of a webhook or policy; `params` says whether they may name parameters.
pub(super) fn conditions(list: &Node<'_>, params: bool, errors: &mut Errors) {
    if list.len() > 64 {
        errors.push(FieldError::too_many(list.at.clone(), list.len(), 64));
    }
    let mut names = BTreeSet::new();
    let env = (list.len() > 0).then(|| environment(Names { params, authorizer: true }));
    for condition in list.items() {
        let (name, expression) = (condition.get("name"), condition.get("expression"));
        let source = expression.text().trim();
        if source.is_empty() {
            errors.push(expression.required(""));
        } else if let Some(env) = &env
            && let Err(why) = proofmark_admission::check(env, source, &[Type::Bool])
        {
            errors.push(FieldError::invalid(expression.at.clone(), source, why));
        }
        check::required_shape(&name, content::qualified_name, errors);
        if name.filled() && !names.insert(name.text()) {
            errors.push(name.duplicate());
        }
    }
}

/// A rule of a webhook or policy.
pub(super) fn rule_with_operations(rule: &Node<'_>, errors: &mut Errors) {
    let operations = rule.get("operations");
    if operations.len() == 0 {
        errors.push(operations.required(""));
    }
    alone(&operations, "operations", errors);
    for operation in operations.items() {
        check::supported_text(&operation, &["*", "CONNECT", "CREATE", "DELETE", "UPDATE"], errors);
    }
    for (field, what) in [("apiGroups", "API groups"), ("apiVersions", "API versions")] {
        let list = rule.get(field);
        if list.len() == 0 {
            errors.push(list.required(""));
        }
        alone(&list, what, errors);
    }
    for version in rule.get("apiVersions").items() {
        check::required(&version, errors);
    }
    resources(&rule.get("resources"), errors);
    let scope = rule.get("scope");
    if scope.given() {
        check::supported_text(&scope, &["*", "Cluster", "Namespaced"], errors);
    }
}

fn alone(list: &Node<'_>, what: &str, errors: &mut Errors) {
    if list.len() > 1 && list.texts().contains(&"*") {
        errors.push(list.invalid(format!("if '*' is present, must not specify other {what}")));
    }
}

fn resources(list: &Node<'_>, errors: &mut Errors) {
    if list.len() == 0 {
        errors.push(list.required(""));
    }
    let (mut all_subresources, mut all_resources) = (BTreeSet::new(), BTreeSet::new());
    let mut plain = false;
    for item in list.items() {
        let text = item.text();
        if text.is_empty() {
            errors.push(item.required(""));
            continue;
        }
        let Some((resource, sub)) = text.split_once('/') else {
            plain = text != "*";
            continue;
        };
        if all_subresources.contains(resource) {
            errors.push(item.invalid(format!("if '{resource}/*' is present, must not specify {text}")));
        }
        if all_resources.contains(sub) {
            errors.push(item.invalid(format!("if '*/{sub}' is present, must not specify {text}")));
        }
        if sub == "*" {
            all_subresources.insert(resource);
        }
        if resource == "*" {
            all_resources.insert(sub);
        }
    }
    let texts = list.texts();
    if texts.len() > 1 && texts.contains(&"*/*") {
        errors.push(list.invalid("if '*/*' is present, must not specify other resources"));
    }
    if texts.contains(&"*") && plain {
        errors.push(list.invalid("if '*' is present, must not specify other resources without subresources"));
    }
}

fn review_versions(list: &Node<'_>, known: bool, errors: &mut Errors) {
    if list.len() == 0 {
        errors.push(list.required("must specify one of v1, v1beta1"));
        return;
    }
    let mut seen = BTreeSet::new();
    for version in list.items() {
        if seen.insert(version.text()) {
            check::shape(&version, content::dns_1035_label, errors);
        } else {
            errors.push(version.invalid("duplicate version"));
        }
    }
    if known && !seen.contains("v1") && !seen.contains("v1beta1") {
        errors.push(list.invalid("must include at least one of v1, v1beta1"));
    }
}

fn client(config: &Node<'_>, errors: &mut Errors) {
    let (address, service) = (config.get("url"), config.get("service"));
    if address.given() == service.given() {
        errors.push(config.required("exactly one of url or service is required"));
    } else if address.given() {
        url(&address, errors);
    } else {
        // The two are mixed up upstream.
        for (field, shown) in [("namespace", "name"), ("name", "namespace")] {
            if !service.get(field).filled() {
                errors.push(FieldError::required(service.child(shown), ""));
            }
        }
        let port = service.get("port");
        for why in content::port(port.number()) {
            errors.push(FieldError::invalid(port.at.clone(), port.number(), format!("port is not valid: {why}")));
        }
        service_path(&service.get("path"), errors);
    }
}

fn url(node: &Node<'_>, errors: &mut Errors) {
    const FORM: &str = "; desired format: https://host[/path]";
    let text = node.text();
    let (text, fragment) = text.split_once('#').map_or((text, ""), |(text, fragment)| (text, fragment));
    let (text, query) = text.split_once('?').map_or((text, ""), |(text, query)| (text, query));
    let (scheme, rest) =
        text.split_once(':').filter(|(s, _)| !s.contains('/')).map_or(("", text), |(s, rest)| (s, rest));
    let authority = rest.strip_prefix("//").map_or("", |rest| rest.split('/').next().unwrap_or_default());
    let (user, host) = authority.rsplit_once('@').map_or(("", authority), |(user, host)| (user, host));
    let mut complain = |value: &str, why: String| errors.push(FieldError::invalid(node.at.clone(), value, why));
    if !scheme.eq_ignore_ascii_case("https") {
        complain(scheme, format!("'https' is the only allowed URL scheme{FORM}"));
    }
    if host.is_empty() {
        complain(host, format!("host must be specified{FORM}"));
    }
    if !user.is_empty() {
        complain(user, "user information is not permitted in the URL".to_owned());
    }
    if !fragment.is_empty() {
        complain(fragment, "fragments are not permitted in the URL".to_owned());
    }
    if !query.is_empty() {
        complain(query, "query parameters are not permitted in the URL".to_owned());
    }
}

fn service_path(node: &Node<'_>, errors: &mut Errors) {
    let path = node.text();
    if matches!(path, "" | "/") {
        return;
    }
    if path == "//" {
        errors.push(node.invalid("segment[0] may not be empty"));
        return;
    }
    if !path.starts_with('/') {
        errors.push(node.invalid("must start with a '/'"));
    }
    let rest: String = path.chars().skip(1).collect();
    for (i, step) in rest.strip_suffix('/').unwrap_or(&rest).split('/').enumerate() {
        if step.is_empty() {
            errors.push(node.invalid(format!("segment[{i}] may not be empty")));
            continue;
        }
        for why in content::dns_subdomain(step) {
            errors.push(node.invalid(format!("segment[{i}]: {why}")));
        }
    }
}
