//! The interpreter.

use indexmap::IndexMap;

use super::plan::Node;
use super::{Activation, Evaluation, cost};
use crate::types::Function;
use crate::value::{EvalError, Evaluated, Key, Map, Value, equal};

/// Evaluates a planned expression.
pub(super) fn run<'v>(root: &'v Node, variables: &dyn Activation<'v>, limit: u64) -> Evaluation<'v> {
    let mut machine = Machine { variables, locals: Vec::new(), cost: 0, limit };
    let result = machine.eval(root);
    Evaluation { result, cost: machine.cost }
}

/// The state of an evaluation.
pub(super) struct Machine<'v, 'a> {
    pub(super) variables: &'a dyn Activation<'v>,
    /// Loop variables and accumulators, which may hold errors.
    pub(super) locals: Vec<Evaluated<'v>>,
    cost: u64,
    limit: u64,
}

impl<'v> Machine<'v, '_> {
    /// Adds to the cost.
    pub(super) fn pay(&mut self, cost: u64) -> Result<(), EvalError> {
        self.cost = self.cost.saturating_add(cost);
        if self.cost > self.limit { Err(EvalError::CostLimit) } else { Ok(()) }
    }

    pub(super) fn eval(&mut self, node: &'v Node) -> Evaluated<'v> {
        match node {
            Node::Const(value) => Ok(value.clone()),
            Node::Local(slot) => {
                self.pay(1)?;
                self.locals.get(*slot).cloned().unwrap_or(Err(EvalError::NoSuchOverload))
            }
            Node::Variable(name) => {
                self.pay(1)?;
                let found = self.variables.resolve(name);
                found.unwrap_or_else(|| Err(EvalError::NoSuchAttribute(name.clone())))
            }
            Node::Member(name, attribute) => self.member(name, attribute),
            Node::Attribute(attribute) => self.attribute(attribute),
            Node::And(operands) => self.logic(operands, false),
            Node::Or(operands) => self.logic(operands, true),
            Node::Conditional(parts) => self.conditional(parts),
            Node::NotStrictlyFalse(operand) => match self.eval(operand) {
                Ok(value) => {
                    self.pay(1)?;
                    Ok(Value::Bool(value.as_bool().unwrap_or(true)))
                }
                Err(error) if error.is_final() => Err(error),
                Err(_) => Ok(Value::Bool(true)),
            },
            Node::Equal { operands, negate } => {
                let [a, b] = &**operands;
                let (a, b) = (self.eval(a), self.eval(b));
                let (a, b) = (a?, b?);
                self.pay(cost::equality(&a, &b))?;
                Ok(Value::Bool(equal(&a, &b)? != *negate))
            }
            Node::Call { function, chosen, args } => self.call(function, chosen, args),
            Node::Match { function, args, pattern } => {
                let args = self.args(args)?;
                let result = crate::library::regex::apply(function, &args, pattern)?;
                self.pay(cost::pattern(&args))?;
                Ok(result)
            }
            Node::List(items) => {
                let items = self.items(items)?;
                self.pay(cost::LIST)?;
                Ok(Value::list(items))
            }
            Node::Map(entries) => self.map(entries),
            Node::Append { slot, items } => self.append(*slot, items),
            Node::Insert { slot, args } => self.insert(*slot, args),
            Node::Fold(fold) => self.fold(fold),
        }
    }

    /// `&&` and `||`: the side that decides makes up for errors of the other.
    fn logic(&mut self, operands: &'v [Node; 2], decides: bool) -> Evaluated<'v> {
        let mut failed = None;
        for operand in operands {
            match self.eval(operand) {
                Ok(Value::Bool(b)) if b == decides => return Ok(Value::Bool(decides)),
                Ok(Value::Bool(_)) => {}
                Ok(_) => failed = failed.or(Some(EvalError::NoSuchOverload)),
                Err(error) if error.is_final() => return Err(error),
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        failed.map_or(Ok(Value::Bool(!decides)), Err)
    }

    /// The branch that is not taken is not evaluated.
    fn conditional(&mut self, parts: &'v [Node; 3]) -> Evaluated<'v> {
        let [condition, then, otherwise] = parts;
        let taken = match self.eval(condition)? {
            Value::Bool(true) => then,
            Value::Bool(false) => otherwise,
            _ => return Err(EvalError::NoSuchOverload),
        };
        let value = self.eval(taken)?;
        // A name that is a whole branch is free.
        self.cost -= u64::from(taken.is_attribute() && !matches!(taken, Node::Conditional(_))).min(self.cost);
        Ok(value)
    }

    /// Arguments of a call. All are evaluated; the first error counts.
    fn args(&mut self, args: &'v [Node]) -> Result<Vec<Value<'v>>, EvalError> {
        args.iter().map(|arg| self.eval(arg)).collect()
    }

    fn call(&mut self, function: &'v Function, chosen: &[usize], args: &'v [Node]) -> Evaluated<'v> {
        let args = self.args(args)?;
        let candidates = chosen.iter().filter_map(|i| function.overloads.get(*i));
        let fitting = candidates.filter(|o| o.params.len() == args.len());
        let overload = fitting.into_iter().find(|o| o.params.iter().zip(&args).all(|(ty, arg)| arg.fits(ty)));
        let Some(overload) = overload else {
            return Err(no_such_overload(function, &args));
        };
        let result = (overload.body)(&args)?;
        self.pay(cost::call(function.name, overload.id, &args, &result))?;
        Ok(result)
    }

    pub(super) fn items(&mut self, items: &'v [(bool, Node)]) -> Result<Vec<Value<'v>>, EvalError> {
        let mut values = Vec::with_capacity(items.len());
        for (optional, item) in items {
            match (optional, self.eval(item)?) {
                (true, Value::Optional(value)) => values.extend(value.as_deref().cloned()),
                (true, other) => {
                    let message = format!("cannot initialize optional list element from non-optional value {other}");
                    return Err(EvalError::other(message));
                }
                (false, value) => values.push(value),
            }
        }
        Ok(values)
    }

    fn map(&mut self, entries: &'v [(bool, Node, Node)]) -> Evaluated<'v> {
        let mut map = IndexMap::with_capacity(entries.len());
        for (optional, key, value) in entries {
            let (key, value) = (self.eval(key)?, self.eval(value)?);
            let name = Key::of(&key).ok_or_else(|| EvalError::other(format!("unsupported key type: {key}")))?;
            match (optional, value) {
                (true, Value::Optional(Some(value))) => map.insert(name, (*value).clone()),
                (true, Value::Optional(None)) => map.shift_remove(&name),
                (true, other) => {
                    let message = format!("cannot initialize optional entry '{key}' from non-optional value {other}");
                    return Err(EvalError::other(message));
                }
                (false, value) => map.insert(name, value),
            };
        }
        self.pay(cost::MAP)?;
        Ok(Value::Map(Map::built(map)))
    }
}

fn no_such_overload(function: &Function, args: &[Value<'_>]) -> EvalError {
    if function.is_plain {
        return EvalError::NoSuchOverload;
    }
    let types: Vec<String> = args.iter().map(|arg| arg.ty().runtime_name().to_owned()).collect();
    EvalError::NoSuchOverloadOf(format!("{}({})", function.name, types.join(", ")))
}
