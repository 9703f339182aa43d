//! Expectations in CEL, for scenarios that are written as files.

use std::collections::BTreeMap;

use proofmark_cel::{Env, EvalError, Program, Type, Value as Cel};
use proofmark_json::json;

use crate::{Difference, Outcome};

/// The most that one evaluation may cost, in CEL's units: ten times what an API server grants an expression of its own.
const LIMIT: u64 = 100_000_000;

/// A condition on an outcome in the Common Expression Language.
///
/// It may use `body` (the answer's JSON document), `status` (the HTTP status code, 0 without an answer) and `text` (what a command printed).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expression(String);

impl Expression {
    /// Reads an expression.
    ///
    /// # Errors
    /// The compiler's words, with line, column and a caret, when it is not well formed or not a condition.
    pub fn new(source: impl Into<String>) -> Result<Self, String> {
        let source = source.into();
        let ast = environment().compile(&source).map_err(|issues| issues.to_string())?;
        match ast.output_type() {
            Type::Bool | Type::Dyn => Ok(Self(source)),
            other => Err(format!("must be true or false, but is of type {other}")),
        }
    }

    /// As it was written.
    pub fn source(&self) -> &str {
        &self.0
    }

    /// Why it does not hold; nothing if it does.
    pub(crate) fn check(&self, outcome: &Outcome) -> Option<Difference> {
        let found = match self.value(outcome) {
            Ok(Some(true)) => return None,
            Ok(Some(false)) => json!(false),
            Ok(None) => json!("neither true nor false"),
            Err(error) => json!(error),
        };
        Some(Difference::new(self.0.clone(), json!(true), found))
    }

    fn value(&self, outcome: &Outcome) -> Result<Option<bool>, String> {
        let ast = environment().compile(&self.0).map_err(|issues| issues.to_string())?;
        let words = |error: EvalError| error.to_string();
        let program = Program::new(&ast).map_err(words)?;
        let variables = BTreeMap::from([
            ("body", Cel::untyped(&outcome.body)),
            ("status", Cel::Int(outcome.status.unwrap_or_default().into())),
            ("text", Cel::string(outcome.text.as_deref().unwrap_or_default())),
        ]);
        let value = program.eval(&variables, LIMIT).result.map_err(words)?;
        Ok(value.as_bool())
    }
}

fn environment() -> Env {
    Env::kubernetes().with("body", Type::Dyn).with("status", Type::Int).with("text", Type::String)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proofmark_json::Value;

    use super::*;

    #[rstest::rstest]
    #[case("body.items.exists(i, i.metadata.name == 'a')", None)]
    #[case("status == 200 && text == ''", None)]
    #[case("body.items.all(i, i.metadata.name == 'a')", Some(json!(false)))]
    #[case("body.nothing == 1", Some(json!("no such key: nothing")))]
    #[case("body.kind", Some(json!("neither true nor false")))]
    fn conditions_hold_or_say_why_not(#[case] source: &str, #[case] found: Option<Value>) {
        let body = json!({"kind": "List", "items": [{"metadata": {"name": "a"}}, {"metadata": {"name": "b"}}]});
        let outcome = Outcome {
            at: Duration::ZERO,
            status: Some(200),
            headers: Vec::new(),
            body,
            text: None,
            exit: None,
            decision: None,
            summary: None,
        };
        let difference = Expression::new(source).expect("well formed").check(&outcome);
        assert_eq!(difference.and_then(|difference| difference.found), found);
    }

    #[rstest::rstest]
    #[case("body.", "Syntax error")]
    #[case("unknown == 1", "undeclared reference to 'unknown'")]
    #[case("1 + 1", "must be true or false, but is of type int")]
    fn what_is_no_condition_is_refused(#[case] source: &str, #[case] words: &str) {
        let refused = Expression::new(source).expect_err("refused");
        assert!(refused.contains(words), "{refused}");
    }
}
