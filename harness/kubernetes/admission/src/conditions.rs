//! `matchConditions`: expressions that must all hold before anything else happens.

use proofmark_cel::Type;
use proofmark_json::Value;

use crate::environment::{Names, environment};
use crate::expression::{Expression, Scope};
use crate::inputs::Inputs;

/// The most that the conditions of one webhook or policy may cost together, in CEL's units.
const BUDGET: u64 = 2_500_000;

/// Match conditions, compiled.
#[derive(Debug)]
pub struct Conditions(Vec<Expression>);

impl Conditions {
    /// Compiles a list of `{name, expression}`; `params` says whether there are parameters.
    pub fn new(list: &[Value], params: bool) -> Self {
        let env = environment(Names { params, authorizer: true });
        let source = |c: &Value| c.get("expression").and_then(Value::as_str).unwrap_or_default().trim().to_owned();
        Self(list.iter().map(|c| Expression::new(&env, &source(c), &[Type::Bool]).0).collect())
    }

    /// Whether all hold. One that is false decides, whatever the others say; `ignore` counts errors as false.
    ///
    /// # Errors
    /// What went wrong, unless it is ignored.
    pub fn met<'v>(&'v self, inputs: &'v Inputs<'v>, ignore: bool) -> Result<bool, String> {
        if self.0.is_empty() {
            return Ok(true);
        }
        let scope = Scope::new(inputs, &[], true);
        let mut budget = BUDGET;
        let evaluated: Result<Vec<_>, String> = self.0.iter().map(|c| c.eval(&scope, &mut budget)).collect();
        let results = match evaluated {
            Ok(results) => results,
            Err(_) if ignore => return Ok(false),
            Err(why) => return Err(why),
        };
        if results.iter().any(|r| r.as_ref().is_ok_and(|value| value.as_bool() == Some(false))) {
            return Ok(false);
        }
        let errors: Vec<String> = results.into_iter().filter_map(Result::err).collect();
        match errors.as_slice() {
            [] => Ok(true),
            _ if ignore => Ok(false),
            [one] => Err(one.clone()),
            several => Err(format!("[{}]", several.join(", "))),
        }
    }
}
