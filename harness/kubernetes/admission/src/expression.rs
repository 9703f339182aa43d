//! One expression, compiled or not, and its evaluation within a budget.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use proofmark_cel::{Activation, Ast, Env, EvalError, Evaluated, Program, Type, Value};

use crate::environment::check;
use crate::inputs::Inputs;

/// The most that one evaluation may cost, in CEL's units.
const PER_CALL: u64 = 1_000_000;

/// The words of an exhausted budget.
const OUT_OF_BUDGET: &str =
    "validation failed due to running out of cost budget, no further validation rules will be run";

/// An expression. One that does not compile fails when it is evaluated.
#[derive(Debug)]
pub(crate) struct Expression {
    source: String,
    program: Result<Program, String>,
}

impl Expression {
    /// Compiles; also returns the type of the value where there is one.
    pub(crate) fn new(env: &Env, source: &str, types: &[Type]) -> (Self, Option<Type>) {
        let compiled = check(env, source, types);
        let ty = compiled.as_ref().ok().map(|ast| ast.output_type().clone());
        let program = compiled
            .and_then(|ast: Ast| Program::new(&ast).map_err(|error| format!("program instantiation failed: {error}")));
        (Self { source: source.to_owned(), program }, ty)
    }

    /// Evaluates. The inner error is this expression's; the outer one ends everything.
    pub(crate) fn eval<'v>(&'v self, scope: &Scope<'v>, budget: &mut u64) -> Result<Result<Value<'v>, String>, String> {
        let program = match &self.program {
            Ok(program) => program,
            Err(why) => return Ok(Err(format!("compilation error: {why}"))),
        };
        let evaluation = program.eval(scope, PER_CALL);
        // What the variables cost that were made for it counts, too.
        let cost = evaluation.cost.saturating_add(scope.made_cost.take());
        *budget = budget.checked_sub(cost).ok_or(OUT_OF_BUDGET)?;
        Ok(evaluation.result.map_err(|error| format!("expression '{}' resulted in error: {error}", self.source)))
    }
}

/// A name for an expression's value, made when it is first used.
#[derive(Debug)]
pub(crate) struct Variable {
    pub(crate) name: String,
    pub(crate) expression: Expression,
}

/// Where expressions of one request get their values.
pub(crate) struct Scope<'v> {
    inputs: &'v Inputs<'v>,
    variables: &'v [Variable],
    /// Whether `authorizer` has a value.
    authorizer: bool,
    made: RefCell<BTreeMap<&'v str, Evaluated<'v>>>,
    made_cost: Cell<u64>,
}

impl<'v> Scope<'v> {
    pub(crate) fn new(inputs: &'v Inputs<'v>, variables: &'v [Variable], authorizer: bool) -> Self {
        Self { inputs, variables, authorizer, made: RefCell::default(), made_cost: Cell::new(0) }
    }
}

impl<'v> Activation<'v> for Scope<'v> {
    fn resolve(&self, name: &str) -> Option<Evaluated<'v>> {
        let inputs = self.inputs;
        let authorizer = inputs.authorizer.filter(|_| self.authorizer);
        Some(Ok(match name {
            "object" => Value::untyped(inputs.object),
            "oldObject" => Value::untyped(inputs.old_object),
            "params" => Value::untyped(inputs.params),
            "request" => Value::untyped(inputs.request),
            "namespaceObject" => Value::untyped(inputs.namespace),
            "authorizer" => Value::authorizer(authorizer?),
            "authorizer.requestResource" => Value::resource_check(authorizer?, inputs.about.clone()),
            _ => return None,
        }))
    }

    fn resolve_field(&self, name: &str, field: &str) -> Option<Evaluated<'v>> {
        if name != "variables" {
            return None;
        }
        let variable = self.variables.iter().find(|v| v.name == field)?;
        if let Some(value) = self.made.borrow().get(variable.name.as_str()) {
            return Some(value.clone());
        }
        let fails = |how: &str, why: &dyn std::fmt::Display| {
            EvalError::Other(format!("composited variable \"{field}\" fails to {how}: {why}"))
        };
        let value = match &variable.expression.program {
            Err(why) => Err(fails("compile", why)),
            Ok(program) => {
                let evaluation = program.eval(self, PER_CALL);
                self.made_cost.set(self.made_cost.get().saturating_add(evaluation.cost));
                evaluation.result.map_err(|error| fails("evaluate", &error))
            }
        };
        self.made.borrow_mut().insert(&variable.name, value.clone());
        Some(value)
    }
}
