//! Loops.

use super::cost;
use super::interpret::Machine;
use super::plan::{FoldNode, Node};
use crate::value::{EvalError, Evaluated, Value};

impl<'v> Machine<'v, '_> {
    pub(super) fn fold(&mut self, fold: &'v FoldNode) -> Evaluated<'v> {
        let range = self.eval(&fold.range)?;
        let init = self.eval(&fold.init);
        if matches!(&init, Err(error) if error.is_final()) {
            return init;
        }
        let outer = self.locals.len();
        self.locals.push(init);
        let looped = self.rounds(fold, &range, outer);
        self.locals.truncate(outer + 1);
        let result = looped.and_then(|()| self.eval(&fold.result));
        self.locals.truncate(outer);
        result
    }

    fn rounds(&mut self, fold: &'v FoldNode, range: &Value<'v>, slot: usize) -> Result<(), EvalError> {
        match (range, fold.has_second) {
            (Value::List(list), false) => {
                for item in list.iter() {
                    if !self.round(fold, slot, item, None)? {
                        break;
                    }
                }
            }
            (Value::List(list), true) => {
                for (i, item) in list.iter().enumerate() {
                    let index = Ok(Value::Int(i64::try_from(i).unwrap_or(i64::MAX)));
                    if !self.round(fold, slot, index, Some(item))? {
                        break;
                    }
                }
            }
            (Value::Map(map), false) => {
                for key in map.keys() {
                    if !self.round(fold, slot, Ok(key), None)? {
                        break;
                    }
                }
            }
            (Value::Map(map), true) => {
                for key in map.keys() {
                    let value = map.at(&key);
                    if !self.round(fold, slot, Ok(key), Some(value))? {
                        break;
                    }
                }
            }
            (other, _) => {
                let message = format!("got '{}', expected iterable type", other.ty().runtime_name());
                return Err(EvalError::other(message));
            }
        }
        Ok(())
    }

    /// One round; false when the condition ends the loop.
    fn round(
        &mut self,
        fold: &'v FoldNode,
        slot: usize,
        first: Evaluated<'v>,
        second: Option<Evaluated<'v>>,
    ) -> Result<bool, EvalError> {
        self.locals.truncate(slot + 1);
        self.locals.push(first);
        self.locals.extend(second);
        match self.eval(&fold.condition) {
            Ok(Value::Bool(false)) => return Ok(false),
            Err(error) if error.is_final() => return Err(error),
            _ => {}
        }
        let next = self.eval(&fold.step);
        if let Err(error) = &next
            && error.is_final()
        {
            return Err(error.clone());
        }
        if let Some(accumulator) = self.locals.get_mut(slot) {
            *accumulator = next;
        }
        Ok(true)
    }

    /// Takes the accumulator out of its slot, so that it can be changed in place.
    fn take(&mut self, slot: usize) -> Evaluated<'v> {
        self.pay(1)?;
        self.locals
            .get_mut(slot)
            .map_or(Err(EvalError::NoSuchOverload), |value| std::mem::replace(value, Ok(Value::Null)))
    }

    pub(super) fn append(&mut self, slot: usize, items: &'v [(bool, Node)]) -> Evaluated<'v> {
        let items = self.items(items)?;
        self.pay(cost::LIST + 1)?;
        let Value::List(mut list) = self.take(slot)? else { return Err(EvalError::NoSuchOverload) };
        for item in items {
            list.push(item)?;
        }
        Ok(Value::List(list))
    }

    pub(super) fn insert(&mut self, slot: usize, args: &'v [Node]) -> Evaluated<'v> {
        let args: Result<Vec<_>, _> = args.iter().map(|arg| self.eval(arg)).collect();
        let args = args?;
        self.pay(1)?;
        let Value::Map(mut map) = self.take(slot)? else { return Err(EvalError::NoSuchOverload) };
        match args.as_slice() {
            [key, value] => map = map.insert(key.clone(), value.clone())?,
            [Value::Map(more)] => {
                for entry in more.entries() {
                    let (key, value) = entry?;
                    map = map.insert(key, value)?;
                }
            }
            _ => return Err(EvalError::NoSuchOverload),
        }
        Ok(Value::Map(map))
    }
}
