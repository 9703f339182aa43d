//! The checker proper. Rules and words are those of `checker/checker.go` of cel-go 0.26.

use super::scope::{qualified_name, type_named};
use super::{Reference, index};
use crate::env::Env;
use crate::names::escape_reserved;
use crate::source::{Issue, Position};
use crate::syntax::ast::{Entry, Expr, ExprId, ExprKind, Field, Fold, Item, Literal};
use crate::types::{Substitution, Type};

pub(super) struct Checker<'e> {
    pub(super) env: &'e Env,
    pub(super) known: Substitution,
    types: Vec<Option<Type>>,
    references: Vec<Reference>,
    issues: Vec<Issue>,
    /// Loop variables, the innermost last.
    locals: Vec<(String, Type)>,
    variables: usize,
}

impl<'e> Checker<'e> {
    pub(super) fn new(env: &'e Env, ids: usize) -> Self {
        Self {
            env,
            known: Substitution::default(),
            types: vec![None; ids],
            references: vec![Reference::None; ids],
            issues: Vec::new(),
            locals: Vec::new(),
            variables: 0,
        }
    }

    /// Types by id, with everything settled; references by id; what is wrong.
    pub(super) fn finish(self) -> (Vec<Type>, Vec<Reference>, Vec<Issue>) {
        let known = self.known;
        let types = self.types.into_iter().map(|ty| ty.map_or(Type::Error, |ty| known.apply(&ty, true))).collect();
        (types, self.references, self.issues)
    }

    pub(super) fn report(&mut self, at: Position, message: String) {
        self.issues.push(Issue::new(at, message));
    }

    pub(super) fn undeclared(&mut self, at: Position, name: &str) {
        self.report(at, format!("undeclared reference to '{name}' (in container '')"));
    }

    fn mismatch(&mut self, at: Position, wanted: &Type, found: &Type) {
        self.report(at, format!("expected type '{wanted}' but found '{found}'"));
    }

    pub(super) fn set(&mut self, id: ExprId, ty: Type) {
        if let Some(slot) = self.types.get_mut(index(id)) {
            *slot = Some(ty);
        }
    }

    pub(super) fn refer(&mut self, id: ExprId, reference: Reference) {
        if let Some(slot) = self.references.get_mut(index(id)) {
            *slot = reference;
        }
    }

    pub(super) fn ty(&self, expr: &Expr) -> Type {
        self.types.get(index(expr.id)).cloned().flatten().unwrap_or(Type::Error)
    }

    pub(super) fn fresh(&mut self) -> Type {
        self.variables += 1;
        Type::param(format!("_var{}", self.variables - 1))
    }

    pub(super) fn check(&mut self, expr: &mut Expr) {
        let ty = match &mut expr.kind {
            ExprKind::Error => Type::Error,
            ExprKind::Literal(literal) => of_literal(literal),
            ExprKind::Ident(_) => return self.ident(expr),
            ExprKind::Select { .. } => return self.select(expr),
            ExprKind::Call(_) => return self.call(expr),
            ExprKind::List(items) => self.list(items),
            ExprKind::Map(entries) => self.map(entries),
            ExprKind::Struct { name, fields } => self.message(expr.at, name, fields),
            ExprKind::Fold(fold) => self.fold(fold),
        };
        self.set(expr.id, ty);
    }

    /// What a name means: a loop variable, a variable, or a type.
    fn lookup(&self, name: &str) -> Option<(Type, Reference)> {
        let (global, name) = name.strip_prefix('.').map_or((false, name), |name| (true, name));
        let local = self.locals.iter().rev().find(|(local, _)| local == name).filter(|_| !global);
        if let Some((_, ty)) = local {
            return Some((ty.clone(), Reference::None));
        }
        if let Some(ty) = self.env.variable(name) {
            return Some((ty.clone(), Reference::Variable(name.to_owned())));
        }
        let ty = type_named(name)?;
        Some((Type::Type(Some(ty.clone().into())), Reference::Type(ty)))
    }

    fn ident(&mut self, expr: &Expr) {
        let ExprKind::Ident(name) = &expr.kind else { return };
        match self.lookup(name) {
            Some((ty, reference)) => {
                self.set(expr.id, ty);
                self.refer(expr.id, reference);
            }
            None => {
                self.set(expr.id, Type::Error);
                self.undeclared(expr.at, name);
            }
        }
    }

    fn select(&mut self, expr: &mut Expr) {
        if let Some((ty, reference)) = qualified_name(expr).and_then(|name| self.lookup(&name)) {
            self.set(expr.id, ty);
            self.refer(expr.id, reference);
            return;
        }
        let (at, id) = (expr.at, expr.id);
        let ExprKind::Select { operand, field, test } = &mut expr.kind else { return };
        let (field, test) = (field.clone(), *test);
        let found = self.field(at, operand, &field, false);
        let ty = if test { Type::Bool } else { self.known.apply(&found, false) };
        self.set(id, ty);
    }

    /// The type of a field of an expression.
    pub(super) fn field(&mut self, at: Position, operand: &mut Expr, field: &str, optional: bool) -> Type {
        self.check(operand);
        let operand = self.known.apply(&self.ty(operand), false);
        let (target, is_optional) = operand.unwrap_optional();
        let found = match target {
            Type::Map(_, value) => (**value).clone(),
            Type::Object(_) | Type::Opaque(_) => match declared(target, field) {
                Ok(ty) => ty,
                Err(message) => {
                    self.report(at, message);
                    Type::Error
                }
            },
            Type::Param(_) => {
                self.known.assign(&Type::Dyn, target);
                Type::Dyn
            }
            Type::Dyn | Type::Error => Type::Dyn,
            other => {
                let message = format!("type '{other}' does not support field selection");
                self.report(at, message);
                Type::Dyn
            }
        };
        if is_optional || optional { Type::optional(found) } else { found }
    }

    /// The type of a value that is given as optional.
    fn unwrapped(&mut self, value: &Expr, optional: bool) -> Type {
        let ty = self.ty(value);
        if !optional {
            return ty;
        }
        let (inner, is_optional) = ty.unwrap_optional();
        if !is_optional && *inner != Type::Dyn {
            self.mismatch(value.at, &Type::optional(inner.clone()), inner);
        }
        inner.clone()
    }

    fn list(&mut self, items: &mut [Item]) -> Type {
        let mut joined = None;
        for item in items {
            self.check(&mut item.value);
            let ty = self.unwrapped(&item.value, item.optional);
            joined = Some(self.join(joined, ty));
        }
        Type::list(joined.unwrap_or_else(|| self.fresh()))
    }

    fn map(&mut self, entries: &mut [Entry]) -> Type {
        let (mut keys, mut values) = (None, None);
        for entry in entries {
            self.check(&mut entry.key);
            keys = Some(self.join(keys, self.ty(&entry.key)));
            self.check(&mut entry.value);
            let ty = self.unwrapped(&entry.value, entry.optional);
            values = Some(self.join(values, ty));
        }
        match (keys, values) {
            (Some(key), Some(value)) => Type::map(key, value),
            _ => Type::map(self.fresh(), self.fresh()),
        }
    }

    /// The type that holds both. Mixed literals are found later, where it is known what they are arguments of.
    fn join(&mut self, previous: Option<Type>, current: Type) -> Type {
        match previous {
            None => current,
            Some(previous) if self.known.assign(&previous, &current) => {
                crate::types::most_general(&previous, &current).clone()
            }
            Some(_) => Type::Dyn,
        }
    }

    fn message(&mut self, at: Position, name: &str, fields: &mut [Field]) -> Type {
        let Some((ty, _)) = self.lookup(name) else {
            self.undeclared(at, name);
            return Type::Error;
        };
        let message = match ty {
            Type::Type(Some(of)) => match &*of {
                Type::Object(_) => (*of).clone(),
                other => {
                    self.report(at, format!("'{}' is not a message type", other.runtime_name()));
                    Type::Error
                }
            },
            other => {
                self.report(at, format!("'{}' is not a type", other.runtime_name()));
                Type::Error
            }
        };
        for field in fields {
            self.check(&mut field.value);
            let wanted = if message == Type::Error {
                Type::Error
            } else {
                match declared(&message, &field.name) {
                    Ok(ty) => ty,
                    Err(complaint) => {
                        self.report(field.at, complaint);
                        Type::Error
                    }
                }
            };
            let given = self.unwrapped(&field.value, field.optional);
            if !self.known.assign(&wanted, &given) {
                let name = &field.name;
                let message = format!("expected type of field '{name}' is '{wanted}' but provided type is '{given}'");
                self.report(field.at, message);
            }
        }
        message
    }

    fn fold(&mut self, fold: &mut Fold) -> Type {
        self.check(&mut fold.range);
        self.check(&mut fold.init);
        let range = self.known.apply(&self.ty(&fold.range), false);
        let accumulator = self.ty(&fold.init);
        let (first, second) = match &range {
            Type::List(of) if fold.second.is_some() => (Type::Int, (**of).clone()),
            Type::List(of) => ((**of).clone(), Type::Dyn),
            Type::Map(key, value) => ((**key).clone(), (**value).clone()),
            Type::Dyn | Type::Error | Type::Param(_) => {
                self.known.assign(&Type::Dyn, &range);
                (Type::Dyn, Type::Dyn)
            }
            other => {
                let at = fold.range.at;
                self.report(
                    at,
                    format!("expression of type '{other}' cannot be range of a comprehension (must be list, map, or dynamic)"),
                );
                (Type::Error, Type::Error)
            }
        };
        let outer = self.locals.len();
        self.locals.push((fold.accumulator.clone(), accumulator.clone()));
        self.locals.push((fold.var.clone(), first));
        if let Some(name) = &fold.second {
            self.locals.push((name.clone(), second));
        }
        self.check(&mut fold.condition);
        self.assert(&fold.condition, &Type::Bool);
        self.check(&mut fold.step);
        self.assert(&fold.step, &accumulator);
        self.locals.truncate(outer + 1);
        self.check(&mut fold.result);
        self.locals.truncate(outer);
        self.known.apply(&self.ty(&fold.result), false)
    }

    fn assert(&mut self, expr: &Expr, wanted: &Type) {
        let found = self.ty(expr);
        if !self.known.assign(wanted, &found) {
            self.mismatch(expr.at, wanted, &found);
        }
    }
}

fn of_literal(literal: &Literal) -> Type {
    match literal {
        Literal::Null => Type::Null,
        Literal::Bool(_) => Type::Bool,
        Literal::Int(_) => Type::Int,
        Literal::Uint(_) => Type::Uint,
        Literal::Double(_) => Type::Double,
        Literal::String(_) => Type::String,
        Literal::Bytes(_) => Type::Bytes,
    }
}

/// The type of a field that a type declares.
fn declared(ty: &Type, field: &str) -> Result<Type, String> {
    match ty {
        Type::Object(object) => {
            // A reserved word is escaped in the type, but need not be in the expression.
            let escaped = || object.fields.get(&escape_reserved(field)?);
            let found = object.fields.get(field).or_else(escaped);
            found.cloned().ok_or_else(|| format!("undefined field '{field}'"))
        }
        // Types with a dotted prefix of Kubernetes are messages without fields, others have nothing inside.
        Type::Opaque(name) if name.starts_with("kubernetes.") => {
            Err(format!("unexpected failed resolution of '{name}'"))
        }
        other => Err(format!("type '{other}' does not support field selection")),
    }
}
