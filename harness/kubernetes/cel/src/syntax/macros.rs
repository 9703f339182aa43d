//! Macros: calls that become other expressions before anything is checked.
//!
//! Those of CEL's standard (`has`, `all`, `exists`, `exists_one`, `map`, `filter`), of its extensions for optional values
//! (`optMap`, `optFlatMap`) and for two variables (`transformList`, `transformMap`, ...), and `sortBy`.

use crate::source::Position;
use crate::syntax::ast::{ACCUMULATOR, Call, Entry, Expr, ExprKind, Field, Fold, Item, Literal, UNUSED, op};
use crate::syntax::parser::Parser;

/// Makes another expression of a call. What is wrong with the call is reported.
pub(super) type Expand = fn(&mut Parser<'_>, Position, Call) -> Expr;

/// The macro that a call means.
pub(super) fn find(call: &Call) -> Option<Expand> {
    let expand: Expand = match (call.function.as_str(), call.target.is_some(), call.args.len()) {
        ("has", false, 1) => has,
        ("all" | "exists" | "exists_one", true, 2) | ("all" | "exists" | "exists_one" | "existsOne", true, 3) => {
            quantifier
        }
        ("map", true, 2 | 3) => map,
        ("filter", true, 2) => filter,
        ("transformList" | "transformMap" | "transformMapEntry", true, 3 | 4) => transform,
        ("optMap" | "optFlatMap", true, 2) => opt_map,
        ("sortBy", true, 2) => sort_by,
        _ => return None,
    };
    Some(expand)
}

/// Makes nodes that stand where the macro stands.
struct Maker<'p, 's> {
    parser: &'p mut Parser<'s>,
    at: Position,
}

impl Maker<'_, '_> {
    fn node(&mut self, kind: ExprKind) -> Expr {
        self.parser.node(self.at, kind)
    }

    fn ident(&mut self, name: &str) -> Expr {
        self.node(ExprKind::Ident(name.to_owned()))
    }

    fn accumulator(&mut self) -> Expr {
        self.ident(ACCUMULATOR)
    }

    fn literal(&mut self, literal: Literal) -> Expr {
        self.node(ExprKind::Literal(literal))
    }

    fn call(&mut self, function: &str, args: Vec<Expr>) -> Expr {
        self.node(ExprKind::Call(Call { function: function.to_owned(), target: None, args }))
    }

    fn method(&mut self, function: &str, target: Expr, args: Vec<Expr>) -> Expr {
        self.node(ExprKind::Call(Call { function: function.to_owned(), target: Some(Box::new(target)), args }))
    }

    fn list(&mut self, values: Vec<Expr>) -> Expr {
        let items = values.into_iter().map(|value| Item { optional: false, value }).collect();
        self.node(ExprKind::List(items))
    }

    fn fold(&mut self, range: Expr, vars: Vars, init: Expr, condition: Expr, step: Expr, result: Expr) -> Expr {
        let accumulator = ACCUMULATOR.to_owned();
        let fold = Fold { range, var: vars.0, second: vars.1, accumulator, init, condition, step, result };
        self.node(ExprKind::Fold(Box::new(fold)))
    }

    /// `name` stands for `value` in `result`.
    fn bind(&mut self, name: &str, value: Expr, result: Expr) -> Expr {
        let (range, condition, step) = (self.list(Vec::new()), self.literal(Literal::Bool(false)), self.ident(name));
        let (var, accumulator) = (UNUSED.to_owned(), name.to_owned());
        let fold = Fold { range, var, second: None, accumulator, init: value, condition, step, result };
        self.node(ExprKind::Fold(Box::new(fold)))
    }

    /// The same expression once more, of new nodes.
    fn copy(&mut self, expr: &Expr) -> Expr {
        let kind = match &expr.kind {
            ExprKind::Error | ExprKind::Literal(_) | ExprKind::Ident(_) => expr.kind.clone(),
            ExprKind::Select { operand, field, test } => {
                ExprKind::Select { operand: Box::new(self.copy(operand)), field: field.clone(), test: *test }
            }
            ExprKind::Call(call) => ExprKind::Call(Call {
                function: call.function.clone(),
                target: call.target.as_deref().map(|target| Box::new(self.copy(target))),
                args: call.args.iter().map(|arg| self.copy(arg)).collect(),
            }),
            ExprKind::List(items) => ExprKind::List(
                items.iter().map(|i| Item { optional: i.optional, value: self.copy(&i.value) }).collect(),
            ),
            ExprKind::Map(entries) => ExprKind::Map(
                entries
                    .iter()
                    .map(|e| Entry { optional: e.optional, key: self.copy(&e.key), value: self.copy(&e.value) })
                    .collect(),
            ),
            ExprKind::Struct { name, fields } => {
                let fields = fields.iter().map(|f| Field { name: f.name.clone(), value: self.copy(&f.value), ..*f });
                ExprKind::Struct { name: name.clone(), fields: fields.collect() }
            }
            ExprKind::Fold(fold) => ExprKind::Fold(Box::new(Fold {
                range: self.copy(&fold.range),
                var: fold.var.clone(),
                second: fold.second.clone(),
                accumulator: fold.accumulator.clone(),
                init: self.copy(&fold.init),
                condition: self.copy(&fold.condition),
                step: self.copy(&fold.step),
                result: self.copy(&fold.result),
            })),
        };
        self.node(kind)
    }
}

/// The variables of a loop.
type Vars = (String, Option<String>);
/// A complaint about an argument.
type Complaint = (Position, String);

/// The arguments of a macro, one after another.
struct Args(std::vec::IntoIter<Expr>);

impl Args {
    /// Finding the macro has counted the arguments.
    fn next(&mut self) -> Expr {
        self.0.next().unwrap_or(Expr { id: 0, at: 0, kind: ExprKind::Error })
    }

    fn name(&mut self, complaint: &str) -> Result<(String, Expr), Complaint> {
        let arg = self.next();
        let ExprKind::Ident(name) = &arg.kind else {
            return Err((arg.at, complaint.to_owned()));
        };
        if name == ACCUMULATOR {
            return Err((arg.at, "iteration variable overwrites accumulator variable".to_owned()));
        }
        Ok((name.clone(), arg))
    }

    fn vars(&mut self, two: bool) -> Result<Vars, Complaint> {
        const COMPLAINT: &str = "argument must be a simple name";
        let (first, _) = self.name(COMPLAINT)?;
        if !two {
            return Ok((first, None));
        }
        let (second, arg) = self.name(COMPLAINT)?;
        if first == second {
            return Err((arg.at, format!("duplicate variable name: {first}")));
        }
        Ok((first, Some(second)))
    }
}

fn parts(call: Call) -> (Expr, Args) {
    let target = call.target.map_or(Expr { id: 0, at: 0, kind: ExprKind::Error }, |target| *target);
    (target, Args(call.args.into_iter()))
}

/// Runs a macro, and reports its complaint.
fn run(
    parser: &mut Parser<'_>,
    at: Position,
    expand: impl FnOnce(&mut Maker<'_, '_>) -> Result<Expr, Complaint>,
) -> Expr {
    let expanded = expand(&mut Maker { parser, at });
    expanded.unwrap_or_else(|(at, message)| parser.report(at, message))
}

fn has(parser: &mut Parser<'_>, at: Position, call: Call) -> Expr {
    run(parser, at, |make| {
        let arg = parts(call).1.next();
        match arg.kind {
            ExprKind::Select { operand, field, .. } => Ok(make.node(ExprKind::Select { operand, field, test: true })),
            _ => Err((arg.at, "invalid argument to has() macro".to_owned())),
        }
    })
}

fn quantifier(parser: &mut Parser<'_>, at: Position, call: Call) -> Expr {
    run(parser, at, |make| {
        let (name, two) = (call.function.clone(), call.args.len() == 3);
        let (range, mut args) = parts(call);
        let vars = args.vars(two)?;
        let predicate = args.next();
        let accumulator = make.accumulator();
        let (init, condition, step) = match name.as_str() {
            "all" => {
                let condition = make.call(op::NOT_STRICTLY_FALSE, vec![accumulator]);
                let args = vec![make.accumulator(), predicate];
                (Literal::Bool(true), condition, make.call(op::AND, args))
            }
            "exists" => {
                let not = make.call(op::NOT, vec![accumulator]);
                let condition = make.call(op::NOT_STRICTLY_FALSE, vec![not]);
                let args = vec![make.accumulator(), predicate];
                (Literal::Bool(false), condition, make.call(op::OR, args))
            }
            _ => {
                let one = make.literal(Literal::Int(1));
                let more = make.call(op::ADD, vec![accumulator, one]);
                let same = make.accumulator();
                let step = make.call(op::CONDITIONAL, vec![predicate, more, same]);
                (Literal::Int(0), make.literal(Literal::Bool(true)), step)
            }
        };
        let is_one = matches!(init, Literal::Int(_));
        let (init, mut result) = (make.literal(init), make.accumulator());
        if is_one {
            let one = make.literal(Literal::Int(1));
            result = make.call(op::EQUALS, vec![result, one]);
        }
        Ok(make.fold(range, vars, init, condition, step, result))
    })
}

/// `accumulator + [value]`, if there is no filter or it holds.
fn collect(make: &mut Maker<'_, '_>, range: Expr, vars: Vars, filter: Option<Expr>, value: Expr) -> Expr {
    let init = make.list(Vec::new());
    let args = vec![make.accumulator(), make.list(vec![value])];
    let step = make.call(op::ADD, args);
    folded(make, range, vars, filter, init, step)
}

/// The fold whose step is taken where the filter holds, if there is one.
fn folded(make: &mut Maker<'_, '_>, range: Expr, vars: Vars, filter: Option<Expr>, init: Expr, step: Expr) -> Expr {
    let step = match filter {
        Some(filter) => {
            let same = make.accumulator();
            make.call(op::CONDITIONAL, vec![filter, step, same])
        }
        None => step,
    };
    let (condition, result) = (make.literal(Literal::Bool(true)), make.accumulator());
    make.fold(range, vars, init, condition, step, result)
}

fn map(parser: &mut Parser<'_>, at: Position, call: Call) -> Expr {
    let filtered = call.args.len() == 3;
    run(parser, at, |make| {
        let (range, mut args) = parts(call);
        let (var, _) = args.name("argument is not an identifier")?;
        let filter = filtered.then(|| args.next());
        Ok(collect(make, range, (var, None), filter, args.next()))
    })
}

fn filter(parser: &mut Parser<'_>, at: Position, call: Call) -> Expr {
    run(parser, at, |make| {
        let (range, mut args) = parts(call);
        let (var, arg) = args.name("argument is not an identifier")?;
        Ok(collect(make, range, (var, None), Some(args.next()), arg))
    })
}

fn transform(parser: &mut Parser<'_>, at: Position, call: Call) -> Expr {
    let (name, filtered) = (call.function.clone(), call.args.len() == 4);
    run(parser, at, |make| {
        let (range, mut args) = parts(call);
        let vars = args.vars(true)?;
        let filter = filtered.then(|| args.next());
        let value = args.next();
        if name == "transformList" {
            return Ok(collect(make, range, vars, filter, value));
        }
        let init = make.node(ExprKind::Map(Vec::new()));
        let mut insert = vec![make.accumulator()];
        if name == "transformMap" {
            insert.push(make.ident(&vars.0));
        }
        insert.push(value);
        let step = make.call(op::MAP_INSERT, insert);
        Ok(folded(make, range, vars, filter, init, step))
    })
}

fn opt_map(parser: &mut Parser<'_>, at: Position, call: Call) -> Expr {
    let name = call.function.clone();
    run(parser, at, |make| {
        let (target, mut args) = parts(call);
        let var = args.next();
        let ExprKind::Ident(var) = var.kind else {
            return Err((var.at, format!("{name}() variable name must be a simple identifier")));
        };
        let copy = make.copy(&target);
        let has_value = make.method("hasValue", target, Vec::new());
        let value = make.method("value", copy, Vec::new());
        let mut then = make.bind(&var, value, args.next());
        if name == "optMap" {
            then = make.optional("of", vec![then]);
        }
        let otherwise = make.optional("none", Vec::new());
        Ok(make.call(op::CONDITIONAL, vec![has_value, then, otherwise]))
    })
}

impl Maker<'_, '_> {
    /// `optional.function(args)`, whose name is resolved already.
    fn optional(&mut self, function: &str, args: Vec<Expr>) -> Expr {
        self.call(&format!("optional.{function}"), args)
    }
}

/// Sorts by keys: the range is bound to a name, and sorted by what is made of its elements.
fn sort_by(parser: &mut Parser<'_>, at: Position, call: Call) -> Expr {
    const INPUT: &str = "@__sortBy_input__";
    run(parser, at, |make| {
        let (target, mut args) = parts(call);
        if matches!(target.kind, ExprKind::Literal(_) | ExprKind::Map(_) | ExprKind::Struct { .. }) {
            let complaint =
                "sortBy can only be applied to a list, identifier, comprehension, call or select expression";
            return Err((target.at, complaint.to_owned()));
        }
        let (var, _) = args.name("argument is not an identifier")?;
        let input = make.ident(INPUT);
        let keys = collect(make, input, (var, None), None, args.next());
        let input = make.ident(INPUT);
        let sorted = make.method("@sortByAssociatedKeys", input, vec![keys]);
        Ok(make.bind(INPUT, target, sorted))
    })
}
