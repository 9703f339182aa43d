//! Evaluation: a checked expression is planned once ([`Program`]) and evaluated often.
//!
//! Errors are values of a kind: `false && error` is `false`, and loops carry errors in their accumulator until something absorbs
//! them. Every step costs what it costs on a real server, and evaluation ends where the caller's limit is exceeded.

mod attribute;
mod cost;
mod fold;
mod interpret;
mod plan;

use std::collections::BTreeMap;

use crate::check::Ast;
use crate::value::{EvalError, Evaluated, Value};

pub(crate) use cost::{PATTERN, TRAVERSAL};
use plan::Node;

/// Where variables get their values.
pub trait Activation<'v> {
    /// The value of a variable; none if there is no such variable. It is asked each time that an expression uses the variable.
    fn resolve(&self, name: &str) -> Option<Evaluated<'v>>;

    /// The value of a field of a variable, for variables that are made field by field (`variables.name`).
    /// None: the variable is asked for as a whole.
    fn resolve_field(&self, _name: &str, _field: &str) -> Option<Evaluated<'v>> {
        None
    }
}

impl<'v> Activation<'v> for BTreeMap<&str, Value<'v>> {
    fn resolve(&self, name: &str) -> Option<Evaluated<'v>> {
        self.get(name).cloned().map(Ok)
    }
}

/// What an evaluation came to.
#[derive(Debug)]
pub struct Evaluation<'v> {
    /// The value, or why there is none.
    pub result: Evaluated<'v>,
    /// What it has cost, in CEL's units.
    pub cost: u64,
}

/// An expression, ready to be evaluated.
#[derive(Debug)]
pub struct Program {
    root: Node,
}

impl Program {
    /// Plans an expression. Constant parts are evaluated already.
    ///
    /// # Errors
    /// A constant part has no value: `uint(-3)`.
    pub fn new(ast: &Ast) -> Result<Self, EvalError> {
        Ok(Self { root: plan::plan(ast)? })
    }

    /// Evaluates; the cost may be `limit` at most ([`EvalError::CostLimit`]).
    pub fn eval<'v>(&'v self, variables: &dyn Activation<'v>, limit: u64) -> Evaluation<'v> {
        interpret::run(&self.root, variables, limit)
    }
}
