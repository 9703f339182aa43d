//! ValidatingAdmissionPolicies and their bindings.
//!
//! Source: `pkg/apis/admissionregistration/validation`, release 1.35.

use std::collections::BTreeSet;

use indexmap::IndexMap;
use proofmark_admission::{Names, environment, variables};
use proofmark_cel::{Env, Type};
use proofmark_json::Value;
use proofmark_status::FieldError;

use super::webhook::{conditions, rule_with_operations};
use crate::node::{Errors, Node};
use crate::strategy::{BASE, Generation, Repeats};
use crate::{Strategy, check, content};

const ROW: Strategy = Strategy {
    group: "admissionregistration.k8s.io",
    generation: Generation::States,
    repeats: Repeats::Object,
    unconditional_update: false,
    ..BASE
};

pub(super) const ROWS: &[Strategy] = &[
    Strategy {
        resource: "validatingadmissionpolicies",
        status: true,
        validate: |new| policy(new, None),
        validate_update: |new, old| policy(new, Some(old)),
        ..ROW
    },
    Strategy {
        resource: "validatingadmissionpolicybindings",
        validate: binding,
        validate_update: |new, _| binding(new),
        ..ROW
    },
];

/// The most audit annotations of a policy.
const ANNOTATIONS_MAX: usize = 20;
/// The longest expression of an audit annotation, in bytes.
const ANNOTATION_EXPRESSION_MAX: usize = 5 * 1024;

fn policy(new: &Value, old: Option<&Value>) -> Errors {
    let mut errors = Errors::new();
    let root = Node::root(new);
    let spec = root.get("spec");
    let failure = spec.get("failurePolicy");
    if failure.given() {
        check::supported_text(&failure, &["Fail", "Ignore"], &mut errors);
    } else {
        errors.push(failure.required(""));
    }
    let kind = spec.get("paramKind");
    if kind.given() {
        param_kind(&kind, &mut errors);
    }
    let constraints = spec.get("matchConstraints");
    if constraints.given() {
        match_resources(&constraints, &mut errors);
        if constraints.get("resourceRules").len() == 0 {
            errors.push(constraints.get("resourceRules").required(""));
        }
    } else {
        errors.push(constraints.required(""));
    }
    let null = Value::Null;
    let part = |object: &Value, at: &str| object.pointer(at).unwrap_or(&null).clone();
    let untouched = |old: &Value| {
        ["/spec/paramKind", "/spec/matchConditions"].iter().all(|at| check::same(&part(new, at), &part(old, at)))
    };
    if !old.is_some_and(untouched) {
        conditions(&spec.get("matchConditions"), kind.given(), &mut errors);
    }
    let expressions = Expressions::of(&spec, &mut errors);
    let (validations, annotations) = (spec.get("validations"), spec.get("auditAnnotations"));
    if validations.len() == 0 && annotations.len() == 0 {
        const WHY: &str = "validations or auditAnnotations must contain at least one item";
        errors.push(validations.required(WHY));
        errors.push(annotations.required(WHY));
        return errors;
    }
    for item in validations.items() {
        validation(&item, &expressions, &mut errors);
    }
    if annotations.len() > ANNOTATIONS_MAX {
        errors.push(annotations.invalid(format!("must not have more than {ANNOTATIONS_MAX} auditAnnotations")));
    }
    let mut keys = BTreeSet::new();
    for item in annotations.items() {
        annotation(crate::meta::text(new, "name"), &item, &expressions, &mut errors);
        if !keys.insert(item.get("key").text()) {
            errors.push(item.get("key").duplicate());
        }
    }
    errors
}

/// The environments of a policy's expressions.
struct Expressions {
    full: Env,
    /// Without `authorizer`.
    silent: Env,
}

impl Expressions {
    /// Checks the variables on the way: each may use those before it.
    fn of(spec: &Node<'_>, errors: &mut Errors) -> Self {
        let params = spec.get("paramKind").given();
        let mut full = environment(Names { params, authorizer: true });
        let mut silent = environment(Names { params, authorizer: false });
        let list = spec.get("variables");
        let mut defined = IndexMap::new();
        for variable in list.items() {
            let (name, expression) = (variable.get("name"), variable.get("expression"));
            if name.text().trim().is_empty() {
                errors.push(name.required("name is not specified"));
            } else if !is_identifier(name.text()) {
                errors.push(name.invalid("must be a valid CEL identifier"));
            }
            if expression.text().trim().is_empty() {
                errors.push(expression.required("expression is not specified"));
                continue;
            }
            let env = full.clone().with("variables", variables(&defined));
            let ty = match proofmark_admission::check(&env, expression.text(), &[]) {
                Ok(ast) => ast.output_type().clone(),
                Err(why) => {
                    errors.push(expression.invalid(why));
                    Type::Dyn
                }
            };
            defined.insert(name.text().to_owned(), ty);
        }
        if list.len() > 0 {
            full = full.with("variables", variables(&defined));
            silent = silent.with("variables", variables(&defined));
        }
        Self { full, silent }
    }
}

/// What CEL takes for a name, and does not reserve.
fn is_identifier(name: &str) -> bool {
    const RESERVED: [&str; 21] = [
        "true",
        "false",
        "null",
        "in",
        "as",
        "break",
        "const",
        "continue",
        "else",
        "for",
        "function",
        "if",
        "import",
        "let",
        "loop",
        "package",
        "namespace",
        "return",
        "var",
        "void",
        "while",
    ];
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && !RESERVED.contains(&name)
}

fn compiles(node: &Node<'_>, source: &str, env: &Env, types: &[Type], errors: &mut Errors) {
    if let Err(why) = proofmark_admission::check(env, source, types) {
        errors.push(node.invalid(why));
    }
}

fn validation(item: &Node<'_>, expressions: &Expressions, errors: &mut Errors) {
    let expression = item.get("expression");
    if expression.text().trim().is_empty() {
        errors.push(expression.required("expression is not specified"));
    } else {
        compiles(&expression, expression.text(), &expressions.full, &[Type::Bool], errors);
    }
    let made = item.get("messageExpression");
    if made.filled() && made.text().trim().is_empty() {
        errors.push(made.invalid("must be non-empty if specified"));
    } else if made.filled() {
        compiles(&made, made.text(), &expressions.silent, &[Type::String], errors);
    }
    let message = item.get("message");
    let trimmed = message.text().trim();
    if message.filled() && trimmed.is_empty() {
        errors.push(message.invalid("must be non-empty if specified"));
    } else if trimmed.contains(['\n', '\r']) {
        errors.push(message.invalid("must not contain line breaks"));
    }
    let reason = item.get("reason");
    if reason.given() {
        check::supported_text(&reason, &["Forbidden", "Invalid", "RequestEntityTooLarge"], errors);
    }
}

fn annotation(policy: &str, item: &Node<'_>, expressions: &Expressions, errors: &mut Errors) {
    let (key, value) = (item.get("key"), item.get("valueExpression"));
    if policy.is_empty() {
        errors.push(key.invalid("requires metadata.name be non-empty"));
    } else {
        let full = format!("{policy}/{}", key.text());
        for why in content::qualified_name(&full) {
            errors.push(FieldError::invalid(key.at.clone(), full.as_str(), why));
        }
    }
    let source = value.text().trim();
    if source.is_empty() {
        errors.push(value.required("valueExpression is not specified"));
    } else if source.len() > ANNOTATION_EXPRESSION_MAX {
        errors.push(value.required(&format!("must not exceed {ANNOTATION_EXPRESSION_MAX} bytes in length")));
    } else {
        compiles(&value, source, &expressions.full, &[Type::String, Type::Null], errors);
    }
}

fn param_kind(kind: &Node<'_>, errors: &mut Errors) {
    let version = kind.get("apiVersion");
    let text = version.text();
    if text.is_empty() {
        errors.push(version.required(""));
    } else if text.matches('/').count() > 1 {
        errors.push(version.invalid(format!("unexpected GroupVersion string: {text}")));
    } else {
        let (group, short) = text.split_once('/').unwrap_or(("", text));
        let mut complain = |value: &str, complaints: Vec<String>| {
            if !complaints.is_empty() {
                errors.push(FieldError::invalid(version.at.clone(), value, complaints.join(",")));
            }
        };
        if !group.is_empty() {
            complain(group, content::dns_subdomain(group));
        }
        if short.is_empty() {
            complain(text, vec!["version must be specified".to_owned()]);
        } else {
            complain(short, content::dns_1035_label(short));
        }
    }
    let name = kind.get("kind");
    if !name.filled() {
        errors.push(name.required(""));
        return;
    }
    let complaints = content::dns_1035_label(&name.text().to_lowercase());
    if !complaints.is_empty() {
        errors.push(name.invalid(format!("may have mixed case, but should otherwise match: {}", complaints.join(","))));
    }
}

fn match_resources(resources: &Node<'_>, errors: &mut Errors) {
    let policy = resources.get("matchPolicy");
    if policy.given() {
        check::supported_text(&policy, &["Equivalent", "Exact"], errors);
    } else {
        errors.push(policy.required(""));
    }
    for field in ["namespaceSelector", "objectSelector"] {
        let selector = resources.get(field);
        if selector.given() {
            check::selector(&selector, errors);
        } else {
            errors.push(selector.required(""));
        }
    }
    for field in ["resourceRules", "excludeResourceRules"] {
        for rule in resources.get(field).items() {
            let mut names = BTreeSet::new();
            for name in rule.get("resourceNames").items() {
                check::shape(&name, content::path_segment, errors);
                if !names.insert(name.text()) {
                    errors.push(name.duplicate());
                }
            }
            rule_with_operations(&rule, errors);
        }
    }
}

fn binding(new: &Value) -> Errors {
    let mut errors = Errors::new();
    let root = Node::root(new);
    let spec = root.get("spec");
    check::required_shape(&spec.get("policyName"), content::dns_subdomain, &mut errors);
    let reference = spec.get("paramRef");
    if reference.given() {
        param_ref(&reference, &mut errors);
    }
    let resources = spec.get("matchResources");
    if resources.given() {
        match_resources(&resources, &mut errors);
    }
    actions(&spec.get("validationActions"), &mut errors);
    errors
}

fn param_ref(reference: &Node<'_>, errors: &mut Errors) {
    const EXCLUSIVE: &str = "name and selector are mutually exclusive";
    let (name, selector) = (reference.get("name"), reference.get("selector"));
    if name.filled() {
        check::shape(&name, content::path_segment, errors);
        if selector.given() {
            errors.push(name.forbidden(EXCLUSIVE));
        }
    }
    if selector.given() {
        check::selector(&selector, errors);
        if name.filled() {
            errors.push(selector.forbidden(EXCLUSIVE));
        }
    }
    if !name.filled() && !selector.given() {
        errors.push(reference.required("one of name or selector must be specified"));
    }
    let action = reference.get("parameterNotFoundAction");
    if !action.filled() {
        errors.push(action.required(""));
    } else if !matches!(action.text(), "Deny" | "Allow") {
        errors.push(action.not_supported(&["Deny", "Allow"]));
    }
}

fn actions(list: &Node<'_>, errors: &mut Errors) {
    let mut seen = BTreeSet::new();
    for action in list.items() {
        check::supported_text(&action, &["Audit", "Deny", "Warn"], errors);
        if !seen.insert(action.text()) {
            errors.push(action.duplicate());
        }
    }
    if seen.contains("Deny") && seen.contains("Warn") {
        let why = "repeating the same validation failure information in the API response and headers serves no purpose";
        errors.push(list.invalid(format!("must not contain both Deny and Warn ({why})")));
    }
    if seen.is_empty() {
        errors.push(list.required("at least one validation action is required"));
    }
}
