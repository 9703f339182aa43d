//! A ValidatingAdmissionPolicy, compiled, and what it says of a request.

use indexmap::IndexMap;
use proofmark_cel::{Type, Value as Cel};
use proofmark_json::Value;

use crate::conditions::Conditions;
use crate::environment::{Names, environment, variables};
use crate::expression::{Expression, Scope, Variable};
use crate::inputs::Inputs;

/// The most that the validations of a policy may cost together, in CEL's units.
const BUDGET: u64 = 10_000_000;
/// The longest message that an expression may make, in bytes.
const MESSAGE_MAX: usize = 5 * 1024;
/// The longest audit annotation, in bytes; the rest is cut off.
const ANNOTATION_MAX: usize = 10 * 1024;

/// The expressions of a policy.
#[derive(Debug)]
pub struct Policy {
    ignore: bool,
    conditions: Conditions,
    variables: Vec<Variable>,
    validations: Vec<Validation>,
    annotations: Vec<(String, Expression)>,
}

#[derive(Debug)]
struct Validation {
    expression: Expression,
    message_expression: Option<Expression>,
    /// What is said where no expression makes a message.
    message: String,
    reason: String,
}

/// What a policy says of a request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// The validations that failed: their index, and what is said.
    pub denied: Vec<(usize, Decision)>,
    /// Annotations for the audit log, without the policy's name.
    pub annotations: Vec<(String, String)>,
    /// Audit annotations that could not be made; they deny the request whatever the binding does with failures.
    pub failed_annotations: Vec<Decision>,
}

/// Why a request is denied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// For people.
    pub message: String,
    /// `Invalid`, `Forbidden` or `RequestEntityTooLarge`
    pub reason: String,
}

impl Decision {
    fn error(message: String) -> Self {
        Self { message, reason: "Invalid".to_owned() }
    }
}

fn list<'a>(spec: &'a Value, field: &str) -> &'a [Value] {
    spec.get(field).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value.get(field).and_then(Value::as_str).unwrap_or_default()
}

impl Policy {
    /// Compiles the `spec` of a policy.
    pub fn new(spec: &Value) -> Self {
        let params = spec.get("paramKind").is_some_and(Value::is_object);
        let base = environment(Names { params, authorizer: true });
        let (mut compiled, mut types) = (Vec::new(), IndexMap::new());
        for variable in list(spec, "variables") {
            let env = base.clone().with("variables", variables(&types));
            let (expression, ty) = Expression::new(&env, text(variable, "expression"), &[]);
            let name = text(variable, "name").to_owned();
            types.insert(name.clone(), ty.unwrap_or(Type::Dyn));
            compiled.push(Variable { name, expression });
        }
        let env = base.with("variables", variables(&types));
        let silent = environment(Names { params, authorizer: false }).with("variables", variables(&types));
        let validation = |v: &Value| {
            let (source, message) = (text(v, "expression"), text(v, "message").trim());
            let made = text(v, "messageExpression");
            let reason = text(v, "reason");
            Validation {
                expression: Expression::new(&env, source, &[Type::Bool]).0,
                message_expression: (!made.is_empty()).then(|| Expression::new(&silent, made, &[Type::String]).0),
                message: match message {
                    "" => format!("failed expression: {}", source.trim()),
                    message => message.to_owned(),
                },
                reason: if reason.is_empty() { "Invalid" } else { reason }.to_owned(),
            }
        };
        let annotation = |a: &Value| {
            let types = [Type::String, Type::Null];
            (text(a, "key").to_owned(), Expression::new(&silent, text(a, "valueExpression"), &types).0)
        };
        Self {
            ignore: text(spec, "failurePolicy") == "Ignore",
            conditions: Conditions::new(list(spec, "matchConditions"), params),
            validations: list(spec, "validations").iter().map(validation).collect(),
            annotations: list(spec, "auditAnnotations").iter().map(annotation).collect(),
            variables: compiled,
        }
    }

    /// Whether errors let requests pass (`failurePolicy: Ignore`).
    pub fn ignores_errors(&self) -> bool {
        self.ignore
    }

    /// Evaluates the policy for one request and one parameter.
    pub fn evaluate<'v>(&'v self, inputs: &'v Inputs<'v>) -> Outcome {
        let failed = |why: String| match self.ignore {
            true => Outcome::default(),
            false => Outcome { denied: vec![(0, Decision::error(why))], ..Outcome::default() },
        };
        match self.conditions.met(inputs, self.ignore) {
            Ok(true) => {}
            Ok(false) => return Outcome::default(),
            Err(why) => return failed(why),
        }
        match self.decide(inputs) {
            Ok(outcome) => outcome,
            Err(why) => failed(why),
        }
    }

    /// The outer error ends everything.
    fn decide<'v>(&'v self, inputs: &'v Inputs<'v>) -> Result<Outcome, String> {
        let mut outcome = Outcome::default();
        let scope = Scope::new(inputs, &self.variables, true);
        let silent = Scope::new(inputs, &self.variables, false);
        let mut budget = BUDGET;
        let mut results = Vec::with_capacity(self.validations.len());
        for validation in &self.validations {
            results.push(validation.expression.eval(&scope, &mut budget)?);
        }
        // Messages are made for all validations before anybody knows which of them failed.
        let mut messages = Ok(Vec::with_capacity(self.validations.len()));
        for validation in &self.validations {
            let made = match &validation.message_expression {
                Some(expression) => expression.eval(&silent, &mut budget).map(|made| message(made.ok())),
                None => Ok(None),
            };
            messages = messages.and_then(|mut all: Vec<Option<String>>| {
                made.map(|made| {
                    all.push(made);
                    all
                })
            });
        }
        for (index, (validation, result)) in self.validations.iter().zip(results).enumerate() {
            let decision = match (result, &messages) {
                (Err(why), _) => Decision::error(why),
                (_, Err(why)) => Decision::error(format!("failed messageExpression: {why}")),
                (Ok(value), _) if value.as_bool() == Some(true) => continue,
                (Ok(_), Ok(messages)) => {
                    let made = messages.get(index).cloned().flatten();
                    let message = made.unwrap_or_else(|| validation.message.clone());
                    outcome.denied.push((index, Decision { message, reason: validation.reason.clone() }));
                    continue;
                }
            };
            if !self.ignore {
                outcome.denied.push((index, decision));
            }
        }
        self.annotate(&silent, &mut outcome)?;
        Ok(outcome)
    }

    fn annotate<'v>(&'v self, scope: &Scope<'v>, outcome: &mut Outcome) -> Result<(), String> {
        let mut budget = BUDGET;
        for (key, expression) in &self.annotations {
            match expression.eval(scope, &mut budget)? {
                Ok(value) => {
                    let text = value.as_str().unwrap_or_default().trim();
                    if !text.is_empty() {
                        let end = (0..=ANNOTATION_MAX.min(text.len())).rev().find(|i| text.is_char_boundary(*i));
                        outcome.annotations.push((key.clone(), text[..end.unwrap_or(0)].to_owned()));
                    }
                }
                Err(_) if self.ignore => {}
                Err(why) => outcome.failed_annotations.push(Decision::error(why)),
            }
        }
        Ok(())
    }
}

/// A message that an expression made, if it can be shown: one line, not too long, not blank.
fn message(value: Option<Cel<'_>>) -> Option<String> {
    let text = value?.as_str()?.trim().to_owned();
    (!text.is_empty() && text.len() <= MESSAGE_MAX && !text.contains('\n')).then_some(text)
}
