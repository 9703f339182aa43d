//! Environments: which names expressions may use.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use crate::check::{Ast, compile};
use crate::library;
use crate::shape::Shape;
use crate::source::Issues;
use crate::types::{Function, Functions, Type};

/// The names that expressions may use: the functions of Kubernetes 1.35, and variables.
#[derive(Debug, Clone)]
pub struct Env {
    functions: &'static Functions,
    variables: BTreeMap<String, Type>,
}

impl Env {
    /// What every expression in Kubernetes may use, without variables.
    pub fn kubernetes() -> Self {
        static FUNCTIONS: LazyLock<Functions> = LazyLock::new(library::functions);
        Self { functions: &FUNCTIONS, variables: BTreeMap::new() }
    }

    /// The same, with one variable more.
    #[must_use]
    pub fn with(mut self, name: &str, ty: Type) -> Self {
        self.variables.insert(name.to_owned(), ty);
        self
    }

    /// The same, with a variable of that shape: `dyn`, where expressions cannot see such values.
    #[must_use]
    pub fn with_shape(self, name: &str, shape: &Shape) -> Self {
        self.with(name, shape.ty().cloned().unwrap_or(Type::Dyn))
    }

    /// Parses and checks an expression.
    ///
    /// # Errors
    /// Everything wrong with it, in cel-go's words.
    pub fn compile(&self, source: &str) -> Result<Ast, Issues> {
        compile(self, source)
    }

    pub(crate) fn function(&self, name: &str) -> Option<&Arc<Function>> {
        self.functions.get(name.strip_prefix('.').unwrap_or(name))
    }

    pub(crate) fn variable(&self, name: &str) -> Option<&Type> {
        self.variables.get(name)
    }
}
