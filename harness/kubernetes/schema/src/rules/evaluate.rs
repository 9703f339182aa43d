//! One rule evaluated for one value.

use proofmark_cel::{Activation, EvalError, Evaluated, Program, Shape, Value as Cel};
use proofmark_json::Value;
use proofmark_status::quote;

use super::compile::Compiled;

/// What one evaluation may cost.
const CALL_LIMIT: u64 = 1_000_000;
/// The longest message, in bytes.
const MAX_MESSAGE: usize = 5 * 1024;
pub(super) const OUT_OF_BUDGET: &str =
    "validation failed due to running out of cost budget, no further validation rules will be run";

/// What a rule says of a value.
pub(super) enum Outcome {
    Holds,
    /// The rule does not hold: why.
    Fails(String),
    /// It could not be evaluated.
    Broken(String),
    /// Nor can any other: why, and whether it is the server's own fault.
    Over(String),
}

/// `self` and `oldSelf`.
pub(super) struct Scope<'v> {
    pub(super) shape: &'v Shape,
    pub(super) new: &'v Value,
    pub(super) old: Option<&'v Value>,
    /// Whether `oldSelf` is an optional.
    pub(super) is_optional: bool,
}

impl<'v> Activation<'v> for Scope<'v> {
    fn resolve(&self, name: &str) -> Option<Evaluated<'v>> {
        let read = |json| Cel::read(json, self.shape);
        match (name, self.old) {
            ("self", _) => Some(read(self.new)),
            ("oldSelf", Some(old)) if self.is_optional => Some(read(old).map(|old| Cel::optional(Some(old)))),
            ("oldSelf", None) if self.is_optional => Some(Ok(Cel::optional(None))),
            ("oldSelf", Some(old)) => Some(read(old)),
            _ => None,
        }
    }
}

/// Evaluates a rule. What it costs is taken from `budget`.
pub(super) fn evaluate(compiled: &Compiled, program: &Program, scope: &Scope<'_>, budget: &mut u64) -> Outcome {
    let rule = &compiled.rule;
    let shown = if rule.message.is_empty() { rule.rule.trim() } else { rule.message.trim() };
    let evaluation = program.eval(scope, CALL_LIMIT);
    let Some(left) = budget.checked_sub(evaluation.cost) else {
        return Outcome::Over(OUT_OF_BUDGET.to_owned());
    };
    *budget = left;
    match evaluation.result {
        Ok(value) if value.as_bool() == Some(true) => Outcome::Holds,
        Ok(_) => message(compiled, scope, budget),
        Err(error @ EvalError::CostLimit) => Outcome::Over(format!(
            "'{error}': no further validation rules will be run due to call cost exceeds limit for rule: {shown}"
        )),
        Err(error @ (EvalError::NoSuchOverload | EvalError::NoSuchOverloadOf(_))) => Outcome::Broken(format!(
            "'{error}': call arguments did not match a supported operator, function or macro signature for rule: {shown}"
        )),
        Err(error) => Outcome::Broken(format!("{error} evaluating rule: {shown}")),
    }
}

/// What to say of a rule that does not hold. An expression that gives no proper text is passed over.
fn message(compiled: &Compiled, scope: &Scope<'_>, budget: &mut u64) -> Outcome {
    let rule = &compiled.rule;
    let plain = || match rule.message.as_str() {
        "" => format!("failed rule: {}", rule.rule.trim()),
        message => message.trim().to_owned(),
    };
    let Some(program) = &compiled.message else { return Outcome::Fails(plain()) };
    let scope = Scope { is_optional: false, ..*scope };
    let evaluation = program.eval(&scope, CALL_LIMIT);
    let Some(left) = budget.checked_sub(evaluation.cost) else {
        let why = "messageExpression evaluation failed due to running out of cost budget, no further validation rules will be run";
        return Outcome::Over(why.to_owned());
    };
    if evaluation.result.as_ref().is_err_and(|error| *error == EvalError::CostLimit) {
        let source = quote(&rule.message_expression);
        return Outcome::Over(format!(
            "no further validation rules will be run due to call cost exceeds limit for messageExpression: {source}"
        ));
    }
    *budget = left;
    let text = evaluation.result.ok().and_then(|value| value.as_str().map(|text| text.trim().to_owned()));
    let fits = |text: &String| !text.is_empty() && text.len() <= MAX_MESSAGE && !text.contains('\n');
    Outcome::Fails(text.filter(fits).unwrap_or_else(plain))
}
