//! From checked expressions to what is evaluated: names become slots, constants values, calls functions.

use std::collections::BTreeSet;
use std::sync::Arc;

use indexmap::IndexMap;
use proofmark_text::Pattern;

use crate::check::{Ast, Reference};
use crate::syntax::ast::{Call, Expr, ExprId, ExprKind, Fold, Literal, op};
use crate::types::Function;
use crate::value::{EvalError, Key, Map, Value};

/// A step of evaluation.
#[derive(Debug)]
pub(crate) enum Node {
    Const(Value<'static>),
    /// A loop variable or accumulator, by its place among those that are alive.
    Local(usize),
    Variable(String),
    /// `variable.field`, which the variable's owner may want to answer.
    Member(String, Attribute),
    Attribute(Attribute),
    And(Box<[Node; 2]>),
    Or(Box<[Node; 2]>),
    Conditional(Box<[Node; 3]>),
    /// `@not_strictly_false`: errors count as true.
    NotStrictlyFalse(Box<Node>),
    /// `==`, or with `negate` `!=`.
    Equal {
        operands: Box<[Node; 2]>,
        negate: bool,
    },
    Call {
        function: Arc<Function>,
        chosen: Vec<usize>,
        args: Vec<Node>,
    },
    /// A function of a text and a constant pattern.
    Match {
        function: &'static str,
        args: Vec<Node>,
        pattern: Pattern,
    },
    List(Vec<(bool, Node)>),
    Map(Vec<(bool, Node, Node)>),
    /// `accumulator + [items]` within a loop, done in place.
    Append {
        slot: usize,
        items: Vec<(bool, Node)>,
    },
    /// `cel.@mapInsert(accumulator, key, value)` within a loop, done in place.
    Insert {
        slot: usize,
        args: Vec<Node>,
    },
    Fold(Box<FoldNode>),
}

/// A field or an element of something.
#[derive(Debug)]
pub(crate) struct Attribute {
    pub(crate) operand: Box<Node>,
    pub(crate) step: Step,
    /// What the access costs beyond operand and index.
    pub(crate) cost: u64,
}

/// Which field or element.
#[derive(Debug)]
pub(crate) enum Step {
    Field(String),
    OptionalField(String),
    Has(String),
    Index(Box<Node>),
    OptionalIndex(Box<Node>),
}

#[derive(Debug)]
pub(crate) struct FoldNode {
    pub(crate) range: Node,
    pub(crate) has_second: bool,
    pub(crate) init: Node,
    pub(crate) condition: Node,
    pub(crate) step: Node,
    pub(crate) result: Node,
}

impl Node {
    /// Whether it is what cel-go calls an attribute: a name, and what is selected from it.
    pub(crate) fn is_attribute(&self) -> bool {
        matches!(
            self,
            Self::Local(_) | Self::Variable(_) | Self::Member(..) | Self::Attribute(_) | Self::Conditional(_)
        )
    }
}

pub(super) fn plan(ast: &Ast) -> Result<Node, EvalError> {
    Planner { ast, locals: Vec::new(), in_place: BTreeSet::new() }.node(&ast.expr)
}

struct Planner<'a> {
    ast: &'a Ast,
    /// Names of loop variables and accumulators, the innermost last.
    locals: Vec<&'a str>,
    /// The additions to an accumulator by which the steps of loops end: nobody else sees the old value.
    in_place: BTreeSet<ExprId>,
}

impl<'a> Planner<'a> {
    fn node(&mut self, expr: &'a Expr) -> Result<Node, EvalError> {
        match self.ast.reference(expr) {
            Reference::Type(ty) => return Ok(Node::Const(Value::Type(ty.clone()))),
            Reference::Variable(name) => return Ok(Node::Variable(name.clone())),
            Reference::None | Reference::Call(..) => {}
        }
        match &expr.kind {
            ExprKind::Literal(literal) => Ok(Node::Const(constant(literal))),
            ExprKind::Ident(name) => Ok(self.local(name)),
            ExprKind::Select { operand, field, test } => {
                let step = if *test { Step::Has(field.clone()) } else { Step::Field(field.clone()) };
                self.attribute(operand, step)
            }
            ExprKind::List(items) => {
                let items: Result<Vec<_>, _> = items.iter().map(|i| Ok((i.optional, self.node(&i.value)?))).collect();
                fold_list(items?)
            }
            ExprKind::Map(entries) => {
                let entries: Result<Vec<_>, _> =
                    entries.iter().map(|e| Ok((e.optional, self.node(&e.key)?, self.node(&e.value)?))).collect();
                Ok(fold_map(entries?))
            }
            ExprKind::Fold(fold) => self.fold(fold),
            ExprKind::Call(call) => self.call(expr, call),
            // Checked expressions have neither: no environment declares message types yet.
            ExprKind::Struct { name, .. } => Err(EvalError::other(format!("unknown type: {name}"))),
            ExprKind::Error => Err(EvalError::NoSuchOverload),
        }
    }

    fn slot(&self, name: &str) -> Option<usize> {
        self.locals.iter().rposition(|local| *local == name)
    }

    fn local(&self, name: &str) -> Node {
        self.slot(name).map_or_else(|| Node::Variable(name.to_owned()), Node::Local)
    }

    fn attribute(&mut self, operand: &'a Expr, step: Step) -> Result<Node, EvalError> {
        let operand = self.node(operand)?;
        let base = u64::from(!operand.is_attribute());
        let own = match &step {
            Step::Has(_) => 0,
            // An index that is an attribute has been paid for.
            Step::Index(index) | Step::OptionalIndex(index) => u64::from(!index.is_attribute()),
            Step::Field(_) | Step::OptionalField(_) => 1,
        };
        let variable = match &operand {
            Node::Variable(name) => Some(name.clone()),
            _ => None,
        };
        let attribute = Attribute { operand: Box::new(operand), step, cost: base + own };
        Ok(match variable {
            Some(name) => Node::Member(name, attribute),
            None => Node::Attribute(attribute),
        })
    }

    fn call(&mut self, expr: &'a Expr, call: &'a Call) -> Result<Node, EvalError> {
        match (call.function.as_str(), call.args.as_slice()) {
            (op::AND, [a, b]) => return Ok(Node::And(Box::new([self.node(a)?, self.node(b)?]))),
            (op::OR, [a, b]) => return Ok(Node::Or(Box::new([self.node(a)?, self.node(b)?]))),
            (op::CONDITIONAL, [a, b, c]) => {
                return Ok(Node::Conditional(Box::new([self.node(a)?, self.node(b)?, self.node(c)?])));
            }
            (function @ (op::EQUALS | op::NOT_EQUALS), [a, b]) => {
                let operands = Box::new([self.node(a)?, self.node(b)?]);
                return Ok(Node::Equal { operands, negate: function == op::NOT_EQUALS });
            }
            (op::NOT_STRICTLY_FALSE, [a]) => return Ok(Node::NotStrictlyFalse(Box::new(self.node(a)?))),
            (function @ (op::INDEX | op::OPT_INDEX), [a, index]) => {
                let index = Box::new(self.node(index)?);
                let step = if function == op::INDEX { Step::Index(index) } else { Step::OptionalIndex(index) };
                return self.attribute(a, step);
            }
            (op::OPT_SELECT, [a, Expr { kind: ExprKind::Literal(Literal::String(field)), .. }]) => {
                return self.attribute(a, Step::OptionalField(field.to_string()));
            }
            _ => {}
        }
        let Reference::Call(function, chosen) = self.ast.reference(expr) else {
            return Err(EvalError::NoSuchOverloadOf(call.function.clone()));
        };
        let args: Result<Vec<Node>, _> =
            call.target.as_deref().into_iter().chain(&call.args).map(|arg| self.node(arg)).collect();
        let args = args?;
        if self.in_place.contains(&expr.id)
            && let Some(Node::Local(slot)) = args.first()
        {
            let slot = *slot;
            let mut rest: Vec<Node> = args.into_iter().skip(1).collect();
            return Ok(match (call.function.as_str(), rest.pop()) {
                (op::ADD, Some(Node::List(items))) => Node::Append { slot, items },
                (op::ADD, Some(Node::Const(value))) => {
                    let items = match value {
                        Value::List(list) => list.values()?.into_iter().map(|v| (false, Node::Const(v))).collect(),
                        _ => Vec::new(),
                    };
                    Node::Append { slot, items }
                }
                (_, last) => {
                    rest.extend(last);
                    Node::Insert { slot, args: rest }
                }
            });
        }
        if let Some(Node::Const(Value::String(text))) = args.get(1)
            && matches!(function.name, "matches" | "find" | "findAll")
        {
            let pattern = Pattern::new(text);
            if let Some(mistake) = pattern.mistake() {
                return Err(EvalError::other(mistake));
            }
            return Ok(Node::Match { function: function.name, args, pattern });
        }
        if let ([Node::Const(value)], true) = (args.as_slice(), is_conversion(function.name)) {
            let found = function.overloads.iter().find(|o| o.params.len() == 1 && value.fits(&o.params[0]));
            let overload = found.ok_or(EvalError::NoSuchOverload)?;
            return (overload.body)(std::slice::from_ref(value)).map(Node::Const);
        }
        Ok(Node::Call { function: function.clone(), chosen: chosen.clone(), args })
    }

    fn fold(&mut self, fold: &'a Fold) -> Result<Node, EvalError> {
        let range = self.node(&fold.range)?;
        let init = self.node(&fold.init)?;
        let outer = self.locals.len();
        self.locals.push(&fold.accumulator);
        self.locals.push(&fold.var);
        self.locals.extend(fold.second.as_deref());
        self.in_place.extend(addition(&fold.step, &fold.accumulator));
        let condition = self.node(&fold.condition)?;
        let step = self.node(&fold.step)?;
        self.locals.truncate(outer + 1);
        let result = self.node(&fold.result)?;
        self.locals.truncate(outer);
        let has_second = fold.second.is_some();
        Ok(Node::Fold(Box::new(FoldNode { range, has_second, init, condition, step, result })))
    }
}

/// The step of a loop, or one of its branches, that adds to the accumulator.
fn addition(step: &Expr, accumulator: &str) -> Option<ExprId> {
    let ExprKind::Call(call) = &step.kind else { return None };
    match (call.function.as_str(), call.args.as_slice()) {
        (op::CONDITIONAL, [_, then, _]) => addition(then, accumulator),
        (op::ADD, [Expr { kind: ExprKind::Ident(name), .. }, Expr { kind: ExprKind::List(_), .. }])
        | (op::MAP_INSERT, [Expr { kind: ExprKind::Ident(name), .. }, ..]) => (name == accumulator).then_some(step.id),
        _ => None,
    }
}

fn is_conversion(function: &str) -> bool {
    matches!(
        function,
        "bool" | "bytes" | "double" | "duration" | "dyn" | "int" | "string" | "timestamp" | "type" | "uint"
    )
}

fn constant(literal: &Literal) -> Value<'static> {
    match literal {
        Literal::Null => Value::Null,
        Literal::Bool(b) => Value::Bool(*b),
        Literal::Int(i) => Value::Int(*i),
        Literal::Uint(u) => Value::Uint(*u),
        Literal::Double(d) => Value::Double(*d),
        Literal::String(text) => Value::string(text.clone()),
        Literal::Bytes(bytes) => Value::Bytes(bytes.clone()),
    }
}

/// A list of constants is a constant.
fn fold_list(items: Vec<(bool, Node)>) -> Result<Node, EvalError> {
    if !items.iter().all(|(optional, item)| !optional && matches!(item, Node::Const(_))) {
        return Ok(Node::List(items));
    }
    let values = items.into_iter().filter_map(|(_, item)| match item {
        Node::Const(value) => Some(value),
        _ => None,
    });
    Ok(Node::Const(Value::list(values.collect())))
}

/// So is a map.
fn fold_map(entries: Vec<(bool, Node, Node)>) -> Node {
    let pair = |entry: &(bool, Node, Node)| match entry {
        (false, Node::Const(key), Node::Const(value)) => Some((Key::of(key)?, value.clone())),
        _ => None,
    };
    match entries.iter().map(pair).collect::<Option<IndexMap<_, _>>>() {
        Some(constant) => Node::Const(Value::Map(Map::built(constant))),
        None => Node::Map(entries),
    }
}
