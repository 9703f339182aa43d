//! The walk over an expression: costs are added up, sizes and paths remembered.

use std::collections::BTreeMap;

use super::bounds::Bounds;
use crate::check::Ast;
use crate::shape::Shape;
use crate::syntax::ast::{ACCUMULATOR, Call, Expr, ExprId, ExprKind, Fold, Literal};
use crate::types::Type;

const NAME: Bounds = Bounds { min: 1, max: 1 };
const LIST: u64 = 10;
const MAP: u64 = 30;
const MESSAGE: u64 = 40;

/// Where in the schema a value comes from: the variable, then fields, `@items`, `@keys` and `@values`. Empty: from nowhere.
pub(super) type Path = Vec<String>;

/// The sizes of what a list or a map holds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entries {
    is_list: bool,
    key: Bounds,
    pub(super) value: Bounds,
}

impl Entries {
    pub(super) fn union(self, other: Self) -> Self {
        Self { is_list: self.is_list, key: self.key.union(other.key), value: self.value.union(other.value) }
    }
}

/// A loop variable or an accumulator.
struct Local<'a> {
    name: &'a str,
    path: Path,
    size: Option<Bounds>,
    entries: Option<Entries>,
}

pub(super) struct Coster<'a> {
    pub(super) ast: &'a Ast,
    root: &'a Shape,
    locals: Vec<Local<'a>>,
    paths: BTreeMap<ExprId, Path>,
    sizes: BTreeMap<ExprId, Bounds>,
    entries: BTreeMap<ExprId, Entries>,
}

impl<'a> Coster<'a> {
    pub(super) fn new(ast: &'a Ast, root: &'a Shape) -> Self {
        let (paths, sizes, entries) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Self { ast, root, locals: Vec::new(), paths, sizes, entries }
    }

    pub(super) fn cost(&mut self, expr: &'a Expr) -> Bounds {
        match &expr.kind {
            ExprKind::Error | ExprKind::Literal(_) => Bounds::NOTHING,
            ExprKind::Ident(name) => {
                let path = self.local(name).map_or_else(|| vec![name.clone()], |local| local.path.clone());
                self.paths.insert(expr.id, path);
                NAME
            }
            // Presence costs what the object costs.
            ExprKind::Select { operand, test: true, .. } => self.cost(operand),
            ExprKind::Select { operand, field, .. } => {
                let sum = self.cost(operand);
                let mut path = self.path(operand);
                path.push(field.clone());
                self.paths.insert(expr.id, path);
                let is_lookup = matches!(self.ast.ty(operand), Type::Map(..) | Type::Object(_) | Type::Param(_));
                if is_lookup { sum + NAME } else { sum }
            }
            ExprKind::Call(call) => self.call(expr, call),
            ExprKind::List(items) => {
                let (mut sum, mut size) = (Bounds::exactly(LIST), Bounds::EMPTY);
                for item in items {
                    sum = sum + self.cost(&item.value);
                    size = size.union(self.size_or_unknown(&item.value));
                }
                let value = if items.is_empty() { Bounds::NOTHING } else { size };
                self.entries.insert(expr.id, Entries { is_list: true, key: NAME, value });
                sum
            }
            ExprKind::Map(list) => {
                let (mut sum, mut key, mut value) = (Bounds::exactly(MAP), Bounds::EMPTY, Bounds::EMPTY);
                for entry in list {
                    sum = sum + self.cost(&entry.key) + self.cost(&entry.value);
                    key = key.union(self.size_or_unknown(&entry.key));
                    value = value.union(self.size_or_unknown(&entry.value));
                }
                if list.is_empty() {
                    (key, value) = (Bounds::NOTHING, Bounds::NOTHING);
                }
                self.entries.insert(expr.id, Entries { is_list: false, key, value });
                sum
            }
            ExprKind::Struct { fields, .. } => {
                fields.iter().fold(Bounds::exactly(MESSAGE), |sum, field| sum + self.cost(&field.value))
            }
            ExprKind::Fold(fold) if fold.is_bind() => self.bind(expr, fold),
            ExprKind::Fold(fold) => self.fold(expr, fold),
        }
    }

    fn call(&mut self, expr: &'a Expr, call: &'a Call) -> Bounds {
        if let ("dyn", [arg]) = (call.function.as_str(), call.args.as_slice()) {
            let cost = self.cost(arg);
            self.copy_sizes(expr, arg);
            return cost + NAME;
        }
        let mut costs = Vec::with_capacity(call.args.len());
        for arg in &call.args {
            costs.push(self.cost(arg));
        }
        let overloads = self.ast.overloads(expr);
        if overloads.is_empty() {
            return Bounds::NOTHING;
        }
        let target = call.target.as_deref().map_or(Bounds::NOTHING, |target| self.cost(target));
        let (mut cost, mut size) = (Bounds::EMPTY, None);
        for overload in overloads {
            let estimate = self.call_estimate(expr, call, overload.id, &costs);
            cost = cost.union(estimate.cost);
            if let Some(result) = estimate.size {
                size = Some(size.map_or(result, |size: Bounds| size.union(result)));
            }
            if let (Some(list), Some(step)) = (call.args.first(), element_step(overload.id)) {
                size = self.entries_of(list).map(|entries| entries.value);
                let mut path = self.path(list);
                path.push(step.to_owned());
                self.paths.insert(expr.id, path);
            }
            size = size.or_else(|| self.size(expr));
        }
        if let Some(size) = size {
            self.sizes.insert(expr.id, size);
        }
        target + cost
    }

    fn bind(&mut self, expr: &'a Expr, fold: &'a Fold) -> Bounds {
        let sum = self.cost(&fold.range) + self.cost(&fold.init);
        self.push_accumulator(fold);
        let sum = sum + self.cost(&fold.result);
        self.locals.pop();
        self.copy_sizes(expr, &fold.result);
        sum
    }

    fn fold(&mut self, expr: &'a Expr, fold: &'a Fold) -> Bounds {
        let sum = self.cost(&fold.range) + self.cost(&fold.init);
        let outer = self.locals.len();
        self.push_accumulator(fold);
        self.push_variables(fold);
        let round = self.cost(&fold.condition) + self.cost(&fold.step);
        self.locals.truncate(outer + 1);
        let sum = sum + self.cost(&fold.result);
        self.locals.truncate(outer);
        let rounds = self.size_or_unknown(&fold.range);
        match &fold.init.kind {
            ExprKind::Literal(_) => {
                if let Some(size) = self.size(&fold.init) {
                    self.sizes.insert(expr.id, size);
                }
            }
            ExprKind::List(_) | ExprKind::Map(_) => {
                self.sizes.insert(expr.id, rounds);
                if let Some(entries) = self.entries_of(&fold.step) {
                    self.entries.insert(expr.id, entries);
                }
            }
            _ => {}
        }
        sum + rounds * round
    }

    fn push_accumulator(&mut self, fold: &'a Fold) {
        let (path, size, entries) = (self.path(&fold.init), self.size(&fold.init), self.entries_of(&fold.init));
        self.locals.push(Local { name: &fold.accumulator, path, size, entries });
    }

    fn push_variables(&mut self, fold: &'a Fold) {
        let entries = self.entries_of(&fold.range);
        let is_list = entries.map_or(matches!(self.ast.ty(&fold.range), Type::List(_)), |entries| entries.is_list);
        let path = self.path(&fold.range);
        let mut push = |name, step: &str, size| {
            let mut path = path.clone();
            path.push(step.to_owned());
            self.locals.push(Local { name, path, size, entries: None });
        };
        let (key, value) = (entries.map(|e| e.key), entries.map(|e| e.value));
        match (&fold.second, is_list) {
            (None, true) => push(&fold.var, "@items", value),
            (None, false) => push(&fold.var, "@keys", key),
            (Some(second), is_list) => {
                push(&fold.var, if is_list { "@indices" } else { "@keys" }, key);
                push(second, if is_list { "@items" } else { "@values" }, value);
            }
        }
    }

    fn local(&self, name: &str) -> Option<&Local<'a>> {
        self.locals.iter().rev().find(|local| local.name == name)
    }

    pub(super) fn path(&self, expr: &Expr) -> Path {
        if let ExprKind::Ident(name) = &expr.kind
            && let Some(local) = self.local(name)
        {
            return local.path.clone();
        }
        self.paths.get(&expr.id).cloned().unwrap_or_default()
    }

    /// The path, as long as it does not begin with an accumulator.
    pub(super) fn schema_path(&self, expr: &Expr) -> Path {
        let path = self.path(expr);
        if path.first().is_some_and(|first| first == ACCUMULATOR) { Path::new() } else { path }
    }

    /// What the schema says of the size at a path.
    pub(super) fn size_at(&self, path: &[String]) -> Option<Bounds> {
        let (_, below) = path.split_first()?;
        self.root.max_at(below).map(Bounds::up_to)
    }

    pub(super) fn size(&mut self, expr: &Expr) -> Option<Bounds> {
        if let Some(size) = self.sizes.get(&expr.id) {
            return Some(*size);
        }
        if let Some(size) = literal_size(expr) {
            return Some(Bounds::exactly(size));
        }
        if let Some(size) = self.size_at(&self.path(expr)) {
            self.sizes.insert(expr.id, size);
            return Some(size);
        }
        if self.ast.ty(expr).is_scalar() {
            return Some(NAME);
        }
        match &expr.kind {
            ExprKind::Ident(name) => self.local(name)?.size,
            _ => None,
        }
    }

    pub(super) fn size_or_unknown(&mut self, expr: &Expr) -> Bounds {
        self.size(expr).unwrap_or(Bounds::UNKNOWN)
    }

    pub(super) fn entries_of(&self, expr: &Expr) -> Option<Entries> {
        if let Some(entries) = self.entries.get(&expr.id) {
            return Some(*entries);
        }
        match &expr.kind {
            ExprKind::Ident(name) => self.local(name)?.entries,
            _ => None,
        }
    }

    pub(super) fn set_entries(&mut self, expr: &Expr, entries: Entries) {
        self.entries.insert(expr.id, entries);
    }

    fn copy_sizes(&mut self, to: &Expr, from: &Expr) {
        if let Some(size) = self.size(from) {
            self.sizes.insert(to.id, size);
        }
        if let Some(entries) = self.entries_of(from) {
            self.entries.insert(to.id, entries);
        }
    }
}

/// How an index goes on from the path of its list or map.
fn element_step(overload: &str) -> Option<&'static str> {
    match overload {
        "index_list" => Some("@items"),
        "index_map" => Some("@values"),
        _ => None,
    }
}

fn literal_size(expr: &Expr) -> Option<u64> {
    let size = match &expr.kind {
        ExprKind::Literal(Literal::String(text)) => text.chars().count(),
        ExprKind::Literal(Literal::Bytes(bytes)) => bytes.len(),
        ExprKind::Literal(_) => 1,
        ExprKind::List(items) => items.len(),
        ExprKind::Map(entries) => entries.len(),
        _ => return None,
    };
    u64::try_from(size).ok()
}
