//! Checking: names are resolved, every expression gets its type, every call its overloads.

mod calls;
mod checker;
mod literals;
mod scope;

use std::sync::Arc;

use crate::env::Env;
use crate::source::{Issue, Issues};
use crate::syntax::ast::{Expr, ExprId};
use crate::syntax::parse;
use crate::types::{Function, Overload, Type};

/// What a name or a call was found to mean.
#[derive(Debug, Clone, Default)]
pub(crate) enum Reference {
    /// Nothing in particular: literals, fields, loop variables.
    #[default]
    None,
    /// A variable of the environment.
    Variable(String),
    /// The name of a type.
    Type(Type),
    /// A call, and which overloads its arguments admit.
    Call(Arc<Function>, Vec<usize>),
}

/// An expression that has been parsed and checked.
#[derive(Debug, Clone)]
pub struct Ast {
    pub(crate) expr: Expr,
    /// By [`ExprId`].
    types: Vec<Type>,
    references: Vec<Reference>,
}

impl Ast {
    /// The type of the result.
    pub fn output_type(&self) -> &Type {
        self.ty(&self.expr)
    }

    /// Whether the expression refers to a variable of that name.
    pub fn refers_to(&self, variable: &str) -> bool {
        self.references.iter().any(|r| matches!(r, Reference::Variable(name) if name == variable))
    }

    pub(crate) fn ty(&self, expr: &Expr) -> &Type {
        self.types.get(index(expr.id)).unwrap_or(&Type::Error)
    }

    pub(crate) fn reference(&self, expr: &Expr) -> &Reference {
        self.references.get(index(expr.id)).unwrap_or(&Reference::None)
    }

    /// The overloads that a call admits.
    pub(crate) fn overloads(&self, expr: &Expr) -> Vec<&Overload> {
        match self.reference(expr) {
            Reference::Call(function, chosen) => chosen.iter().filter_map(|i| function.overloads.get(*i)).collect(),
            _ => Vec::new(),
        }
    }
}

fn index(id: ExprId) -> usize {
    usize::try_from(id).unwrap_or(usize::MAX)
}

/// Parses and checks.
pub(crate) fn compile(env: &Env, source: &str) -> Result<Ast, Issues> {
    let parsed = parse(source)?;
    let mut checker = checker::Checker::new(env, index(parsed.ids));
    let mut expr = parsed.expr;
    checker.check(&mut expr);
    let (types, references, issues) = checker.finish();
    if !issues.is_empty() {
        return Err(Issues::new(source, issues));
    }
    let ast = Ast { expr, types, references };
    let issues: Vec<Issue> = literals::mistakes(&ast);
    if issues.is_empty() { Ok(ast) } else { Err(Issues::new(source, issues)) }
}
