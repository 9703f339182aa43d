//! Declared functions: name, overloads, and what calls of them do.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::signature;
use super::ty::Type;
use crate::value::{EvalError, Value};

/// What a call does with its arguments, the target first. The arguments are of the types of the overload, at least on the outside.
pub(crate) type Body = for<'v> fn(&[Value<'v>]) -> Result<Value<'v>, EvalError>;

/// One form of a function.
#[derive(Debug)]
pub(crate) struct Overload {
    /// The name that costs go by.
    pub(crate) id: &'static str,
    /// Whether it is called as a method of its first parameter.
    pub(crate) is_method: bool,
    pub(crate) params: Vec<Type>,
    pub(crate) result: Type,
    pub(crate) body: Body,
}

/// A function: all overloads of a name.
#[derive(Debug)]
pub(crate) struct Function {
    pub(crate) name: &'static str,
    pub(crate) overloads: Vec<Overload>,
    /// How arguments that fit no overload are refused: operators say `no such overload`, functions name themselves and the arguments.
    pub(crate) is_plain: bool,
}

/// All functions of an environment.
#[derive(Debug, Default)]
pub(crate) struct Functions(BTreeMap<&'static str, Arc<Function>>);

impl Functions {
    pub(crate) fn get(&self, name: &str) -> Option<&Arc<Function>> {
        self.0.get(name)
    }

    /// Declares a global function: `("size", "size_list", "list(A) -> int", body)`.
    pub(crate) fn global(&mut self, name: &'static str, id: &'static str, signature: &'static str, body: Body) {
        self.declare(name, id, signature, body, false);
    }

    /// Declares a method, whose target is the first parameter.
    pub(crate) fn method(&mut self, name: &'static str, id: &'static str, signature: &'static str, body: Body) {
        self.declare(name, id, signature, body, true);
    }

    fn declare(&mut self, name: &'static str, id: &'static str, signature: &'static str, body: Body, is_method: bool) {
        // A test holds that every signature can be read.
        let (params, result) = signature::parse(signature).unwrap_or((Vec::new(), Type::Error));
        let overload = Overload { id, is_method, params, result, body };
        let function = self.0.entry(name).or_insert_with(|| {
            let is_plain = name.starts_with(['_', '-', '!', '@']);
            Arc::new(Function { name, overloads: Vec::new(), is_plain })
        });
        if let Some(function) = Arc::get_mut(function) {
            function.overloads.push(overload);
        }
    }

    /// Every overload.
    #[cfg(test)]
    pub(crate) fn overloads(&self) -> impl Iterator<Item = &Overload> {
        self.0.values().flat_map(|function| &function.overloads)
    }
}
