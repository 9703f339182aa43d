//! Priority and fairness: FlowSchemas, PriorityLevelConfigurations.
//!
//! Source: `pkg/apis/flowcontrol/validation`, release 1.35.

use proofmark_json::{Value, json};
use proofmark_status::FieldError;

use crate::node::{Errors, Node};
use crate::strategy::{BASE, Generation};
use crate::{Strategy, check, content, flow_control, internal, meta};

const FLOW: Strategy = Strategy {
    group: flow_control::GROUP,
    status: true,
    generation: Generation::States,
    validate_status: Some(|new, _| conditions(new)),
    ..BASE
};

pub(super) const ROWS: &[Strategy] = &[
    Strategy { resource: "flowschemas", validate: schema, validate_update: |new, _| schema(new), ..FLOW },
    Strategy { resource: "prioritylevelconfigurations", validate: level, validate_update: |new, _| level(new), ..FLOW },
];

/// What comes last among all schemas.
const PRECEDENCE_MAX: i64 = 10_000;
/// The most queues of a level.
const QUEUES_MAX: i64 = 10_000_000;
/// How many bits of a flow's hash may be used up when it is dealt a hand of queues.
const HASH_BITS: f64 = 60.0;
/// What a rule may name, in order.
const VERBS: [&str; 9] = ["create", "delete", "deletecollection", "get", "list", "patch", "proxy", "update", "watch"];

fn schema(new: &Value) -> Errors {
    let mut errors = Errors::new();
    let name = meta::text(new, "name");
    let spec = Node::root(new).get("spec");
    let precedence = spec.get("matchingPrecedence");
    let wrong = |why: String| FieldError::invalid(precedence.at.clone(), precedence.number(), why);
    match precedence.number() {
        ..=0 => errors.push(wrong("must be a positive value".to_owned())),
        n if n > PRECEDENCE_MAX => errors.push(wrong(format!("must not be greater than {PRECEDENCE_MAX}"))),
        1 if name != "exempt" => {
            errors.push(wrong("only the schema named 'exempt' may have matchingPrecedence 1".to_owned()));
        }
        _ => {}
    }
    let method = spec.get("distinguisherMethod");
    if method.given() && !matches!(method.get("type").text(), "ByNamespace" | "ByUser") {
        let shown = internal::show(new, "/spec/distinguisherMethod");
        errors.push(FieldError::not_supported(method.child("type"), shown, &["ByNamespace", "ByUser"]));
    }
    let level = spec.get("priorityLevelConfiguration.name");
    if level.filled() {
        check::shape(&level, content::dns_subdomain, &mut errors);
    } else {
        errors.push(level.required("must reference a priority level"));
    }
    for rule in spec.get("rules").items() {
        policy_rules(&rule, &mut errors);
    }
    if let Some(fixed) = flow_control::mandatory("FlowSchema", name)
        && !check::same(spec.value, fixed)
    {
        let shown = internal::show(new, "/spec");
        errors.push(FieldError::invalid("spec", shown, format!("spec of '{name}' must equal the fixed value")));
    }
    errors.extend(conditions(new));
    errors
}

fn policy_rules(rule: &Node<'_>, errors: &mut Errors) {
    let subjects = rule.get("subjects");
    if subjects.len() == 0 {
        errors.push(subjects.required("subjects must contain at least one value"));
    }
    for subject in subjects.items() {
        self::subject(&subject, errors);
    }
    let (resources, others) = (rule.get("resourceRules"), rule.get("nonResourceRules"));
    if resources.len() == 0 && others.len() == 0 {
        errors.push(rule.required("at least one of resourceRules and nonResourceRules has to be non-empty"));
    }
    for rule in resources.items() {
        resource_rule(&rule, errors);
    }
    for rule in others.items() {
        other_rule(&rule, errors);
    }
}

/// Kinds of subjects with the field of each, in the order in which superfluous ones are complained about.
const SUBJECTS: [(&str, &str); 3] = [("ServiceAccount", "serviceAccount"), ("User", "user"), ("Group", "group")];

fn subject(subject: &Node<'_>, errors: &mut Errors) {
    let kind = subject.get("kind");
    let Some((_, own)) = SUBJECTS.into_iter().find(|(known, _)| kind.is(known)) else {
        errors.push(kind.not_supported(&["Group", "ServiceAccount", "User"]));
        return;
    };
    let given = subject.get(own);
    if !given.given() {
        errors.push(given.required(&format!("{own} is required when subject kind is '{}'", kind.text())));
    } else {
        let name = given.get("name");
        if !name.filled() {
            errors.push(name.required(""));
        } else if own == "serviceAccount" && !name.is("*") {
            check::shape(&name, content::dns_subdomain, errors);
        }
        let namespace = given.get("namespace");
        if own == "serviceAccount" && namespace.filled() {
            check::shape(&namespace, content::dns_label, errors);
        } else if own == "serviceAccount" {
            errors.push(namespace.required("must specify namespace for service account"));
        }
    }
    for (other, field) in SUBJECTS.into_iter().filter(|(_, field)| *field != own) {
        let superfluous = subject.get(field);
        if superfluous.given() {
            errors.push(superfluous.forbidden(format!("{field} is forbidden when subject kind is not '{other}'")));
        }
    }
}

/// Whether the list has the wildcard; it then has to stand alone.
fn wildcard(list: &Node<'_>, what: &str, errors: &mut Errors) -> bool {
    let found = list.texts().contains(&"*");
    if found && list.len() > 1 {
        errors.push(list.invalid(format!("if '*' is present, must not specify other {what}")));
    }
    found
}

fn verbs(rule: &Node<'_>, errors: &mut Errors) {
    let list = rule.get("verbs");
    if list.len() == 0 {
        errors.push(list.required("verbs must contain at least one value"));
    } else if !wildcard(&list, "verbs", errors) && !list.texts().iter().all(|verb| VERBS.contains(verb)) {
        errors.push(FieldError::not_supported(list.at.clone(), list.value.clone(), &VERBS));
    }
}

fn resource_rule(rule: &Node<'_>, errors: &mut Errors) {
    verbs(rule, errors);
    for (field, one, many) in [("apiGroups", "api group", "api groups"), ("resources", "resource", "resources")] {
        let list = rule.get(field);
        if list.len() == 0 {
            errors.push(list.required(&format!("resource rules must supply at least one {one}")));
        } else {
            wildcard(&list, many, errors);
        }
    }
    let namespaces = rule.get("namespaces");
    if namespaces.len() == 0 && !rule.get("clusterScope").on() {
        let why = "resource rules that are not cluster scoped must supply at least one namespace";
        errors.push(namespaces.required(why));
    } else if !wildcard(&namespaces, "namespaces", errors) {
        for namespace in namespaces.items() {
            let complaints = content::dns_label(namespace.text());
            let prefix = "each member of this list must be '*' or a DNS-1123 label; ";
            errors.extend(complaints.into_iter().map(|why| namespace.invalid(format!("{prefix}{why}"))));
        }
    }
}

fn other_rule(rule: &Node<'_>, errors: &mut Errors) {
    verbs(rule, errors);
    let paths = rule.get("nonResourceURLs");
    if paths.len() == 0 {
        errors.push(paths.required("nonResourceURLs must contain at least one value"));
    } else if !wildcard(&paths, "non-resource URLs", errors) {
        errors.extend(paths.items().filter_map(|path| Some(path.invalid(path_problem(path.text())?))));
    }
}

fn path_problem(path: &str) -> Option<&'static str> {
    let wildcards = path.matches('*').count();
    match path {
        "" => Some("must not be empty"),
        "/" => None,
        _ if !path.starts_with('/') => Some("must start with slash"),
        _ if path.contains(' ') => Some("must not contain white-space"),
        _ if path.contains("//") => Some("must not contain double slash"),
        _ if wildcards > 1 || (wildcards == 1 && !path.ends_with("/*")) => Some("wildcard can only do suffix matching"),
        _ => None,
    }
}

/// Keeps the shares of version v1beta3 that were zero; nobody may set it.
const PRESERVED: &str = "flowcontrol.k8s.io/v1beta3-preserve-zero-concurrency-shares";

fn level(new: &Value) -> Errors {
    let mut errors = Errors::new();
    let name = meta::text(new, "name");
    let root = Node::root(new);
    if root.get("metadata.annotations").value.get(PRESERVED).is_some() {
        errors.push(FieldError::forbidden("metadata.annotations", format!("annotation '{PRESERVED}' is forbidden")));
    }
    let spec = root.get("spec");
    let (kind, limited, exempt) = (spec.get("type"), spec.get("limited"), spec.get("exempt"));
    if (name == "exempt") != kind.is("Exempt") {
        let why = "must be 'Exempt' if and only if `name` is 'exempt'";
        errors.push(FieldError::invalid(kind.at.clone(), kind.text(), why));
    }
    match kind.text() {
        "Exempt" => {
            if limited.given() {
                errors.push(limited.forbidden("must be nil if the type is not Limited"));
            }
            shares(&exempt, &mut errors);
            percentage(&exempt.get("lendablePercent"), &mut errors);
        }
        "Limited" => {
            if exempt.given() {
                errors.push(exempt.forbidden("must be nil if the type is Limited"));
            }
            if limited.given() {
                self::limited(&limited, &mut errors);
            } else {
                errors.push(limited.required("must not be empty when type is Limited"));
            }
        }
        _ => errors.push(kind.not_supported(&["Exempt", "Limited"])),
    }
    if let Some(fixed) = flow_control::mandatory("PriorityLevelConfiguration", name) {
        let mut compared = spec.value.clone();
        // How much the exempt level lends is up to administrators.
        let but = if name == "exempt" { " except the 'spec.exempt' field" } else { "" };
        if let (Some(members), false) = (compared.as_object_mut(), but.is_empty()) {
            members.insert("exempt", fixed.get("exempt").cloned().unwrap_or(json!(null)));
        }
        if !check::same(&compared, fixed) {
            let why = format!("spec of '{name}'{but} must equal the fixed value");
            errors.push(FieldError::invalid("spec", internal::show(new, "/spec"), why));
        }
    }
    errors.extend(conditions(new));
    errors
}

fn shares(of: &Node<'_>, errors: &mut Errors) {
    let shares = of.get("nominalConcurrencyShares");
    if shares.number() < 0 {
        errors.push(shares.invalid("must be a non-negative integer"));
    }
}

fn percentage(percent: &Node<'_>, errors: &mut Errors) {
    if percent.given() && !(0..=100).contains(&percent.number()) {
        errors.push(percent.invalid("must be between 0 and 100, inclusive"));
    }
}

fn limited(limited: &Node<'_>, errors: &mut Errors) {
    shares(limited, errors);
    let response = limited.get("limitResponse");
    let (kind, queuing) = (response.get("type"), response.get("queuing"));
    match kind.text() {
        "Reject" if queuing.given() => {
            errors.push(queuing.forbidden("must be nil if limited.limitResponse.type is not Limited"));
        }
        "Reject" => {}
        "Queue" if !queuing.given() => {
            errors.push(queuing.required("must not be empty if limited.limitResponse.type is Limited"));
        }
        "Queue" => queues(&queuing, errors),
        _ => errors.push(kind.not_supported(&["Queue", "Reject"])),
    }
    percentage(&limited.get("lendablePercent"), errors);
    let borrowed = limited.get("borrowingLimitPercent");
    if borrowed.number() < 0 {
        errors.push(borrowed.invalid("if specified, must be a non-negative integer"));
    }
}

fn queues(queuing: &Node<'_>, errors: &mut Errors) {
    let (length, count, hand) = (queuing.get("queueLengthLimit"), queuing.get("queues"), queuing.get("handSize"));
    let (queues, dealt) = (count.number(), hand.number());
    if length.number() <= 0 {
        errors.push(length.invalid("must be positive"));
    }
    if queues <= 0 {
        errors.push(count.invalid("must be positive"));
    } else if queues > QUEUES_MAX {
        errors.push(count.invalid(format!("must not be greater than {QUEUES_MAX}")));
    }
    if dealt <= 0 {
        errors.push(hand.invalid("must be positive"));
    } else if dealt > queues {
        errors.push(hand.invalid(format!("should not be greater than queues ({queues})")));
    } else if entropy(queues, dealt) > HASH_BITS {
        errors.push(hand.invalid(format!(
            "required entropy bits of deckSize {queues} and handSize {dealt} should not be greater than {HASH_BITS}"
        )));
    }
}

/// About how many bits it takes to say which of the queues are in a hand.
fn entropy(queues: i64, dealt: i64) -> f64 {
    let float = |n: i64| i32::try_from(n).map_or(f64::INFINITY, f64::from);
    (float(queues).log2() * float(dealt)).ceil()
}

fn conditions(new: &Value) -> Errors {
    let mut errors = Errors::new();
    let list = Node::root(new).get("status.conditions");
    let mut seen: Vec<&str> = Vec::new();
    for kind in list.items().map(|condition| condition.get("type")) {
        if seen.contains(&kind.text()) {
            errors.push(kind.duplicate());
        }
        seen.push(kind.text());
        check::required(&kind, &mut errors);
    }
    errors
}
