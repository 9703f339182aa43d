//! Calls: which function is meant, and which of its overloads the arguments admit.

use std::sync::Arc;

use super::Reference;
use super::checker::Checker;
use super::scope::qualified_name;
use crate::source::Position;
use crate::syntax::ast::{Call, Expr, ExprId, ExprKind, Literal, op};
use crate::types::{Function, Overload, Substitution, Type};

impl Checker<'_> {
    pub(super) fn call(&mut self, expr: &mut Expr) {
        let (id, at) = (expr.id, expr.at);
        let ExprKind::Call(call) = &mut expr.kind else { return };
        if call.function == op::OPT_SELECT {
            return self.opt_select(id, at, call);
        }
        for arg in &mut call.args {
            self.check(arg);
        }
        if let Some(name) =
            call.target.as_deref().and_then(qualified_name).map(|prefix| format!("{prefix}.{}", call.function))
            && self.env.function(&name).is_some()
        {
            // What looks like a method of a variable is a function with a dotted name.
            call.function = name;
            call.target = None;
        }
        if let Some(target) = call.target.as_deref_mut() {
            self.check(target);
        }
        match self.env.function(&call.function).cloned() {
            Some(function) => self.resolve(id, at, &function, call),
            None => {
                self.set(id, Type::Error);
                self.undeclared(at, &call.function);
            }
        }
    }

    /// `operand.?field`
    fn opt_select(&mut self, id: ExprId, at: Position, call: &mut Call) {
        let [operand, field] = call.args.as_mut_slice() else { return };
        let ExprKind::Literal(Literal::String(name)) = &field.kind else { return };
        let name = name.clone();
        self.set(field.id, Type::String);
        let found = self.field(at, operand, &name, true);
        let ty = self.known.apply(&found, false);
        self.set(id, ty);
        if let Some(function) = self.env.function(op::OPT_SELECT).cloned() {
            self.refer(id, Reference::Call(function, vec![0]));
        }
    }

    fn resolve(&mut self, id: ExprId, at: Position, function: &Arc<Function>, call: &Call) {
        let args: Vec<&Expr> = call.target.as_deref().into_iter().chain(&call.args).collect();
        let types: Vec<Type> = args.iter().map(|arg| self.ty(arg)).collect();
        if matches!(function.name, op::AND | op::OR) {
            let mut fine = true;
            for (arg, ty) in args.iter().zip(&types) {
                if !self.known.assign(ty, &Type::Bool) {
                    self.report(arg.at, format!("expected type 'bool' but found '{ty}'"));
                    fine = false;
                }
            }
            self.set(id, if fine { Type::Bool } else { Type::Error });
            self.refer(id, Reference::Call(function.clone(), vec![0]));
            return;
        }
        let mut chosen = Vec::new();
        let mut result: Option<Type> = None;
        for (i, overload) in function.overloads.iter().enumerate() {
            if overload.is_method != call.target.is_some() || overload.params.len() != types.len() {
                continue;
            }
            let (params, returns) = self.instance(overload);
            if !self.known.assign_all(&types, &params) {
                continue;
            }
            chosen.push(i);
            let returns = self.known.apply(&returns, false);
            result = Some(match result {
                None => returns,
                Some(previous) if previous == Type::Dyn || previous == returns => previous,
                Some(_) => Type::Dyn,
            });
        }
        match result {
            Some(ty) => {
                self.set(id, ty);
                self.refer(id, Reference::Call(function.clone(), chosen));
            }
            None => {
                self.set(id, Type::Error);
                let signature = self.signature(&types, call.target.is_some());
                self.report(at, format!("found no matching overload for '{}' applied to '{signature}'", function.name));
            }
        }
    }

    /// Parameters and result of an overload, with type parameters of its own.
    fn instance(&mut self, overload: &Overload) -> (Vec<Type>, Type) {
        let mut names: Vec<Arc<str>> = Vec::new();
        for ty in overload.params.iter().chain([&overload.result]) {
            collect_params(ty, &mut names);
        }
        if names.is_empty() {
            return (overload.params.clone(), overload.result.clone());
        }
        let mut own = Substitution::default();
        for name in names {
            let fresh = self.fresh();
            own.bind(name, fresh);
        }
        let params = overload.params.iter().map(|ty| own.apply(ty, false)).collect();
        (params, own.apply(&overload.result, false))
    }

    /// `(int, string)`, or `string.(int)` for a method.
    fn signature(&self, types: &[Type], is_method: bool) -> String {
        let shown: Vec<String> = types.iter().map(|ty| self.known.apply(ty, true).to_string()).collect();
        match shown.split_first().filter(|_| is_method) {
            Some((target, args)) => format!("{target}.({})", args.join(", ")),
            None => format!("({})", shown.join(", ")),
        }
    }
}

fn collect_params(ty: &Type, names: &mut Vec<Arc<str>>) {
    match ty {
        Type::Param(name) if !names.contains(name) => names.push(name.clone()),
        other => other.parts().into_iter().for_each(|part| collect_params(part, names)),
    }
}
