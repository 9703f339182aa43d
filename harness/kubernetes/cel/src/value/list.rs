//! Lists.

use std::sync::Arc;

use super::{EvalError, Evaluated, Value, equal};
use crate::shape::{ListKind, Shape};

/// A list, made by an expression or read from JSON.
#[derive(Debug, Clone)]
pub struct List<'v> {
    items: Items<'v>,
    /// How a list type (`x-kubernetes-list-type`) changes equality and addition; none for lists that expressions make.
    pub(super) kind: Option<&'v ListKind>,
}

#[derive(Debug, Clone)]
enum Items<'v> {
    Built(Arc<Vec<Value<'v>>>),
    Json(&'v [proofmark_json::Value], &'v Shape),
}

impl<'v> List<'v> {
    pub(crate) fn built(items: Vec<Value<'v>>) -> Self {
        Self { items: Items::Built(Arc::new(items)), kind: None }
    }

    /// A list whose elements are read as `shape` says.
    pub(super) fn json(items: &'v [proofmark_json::Value], shape: &'v Shape, kind: &'v ListKind) -> Self {
        Self { items: Items::Json(items, shape), kind: Some(kind) }
    }

    /// The number of elements.
    pub fn len(&self) -> usize {
        match &self.items {
            Items::Built(items) => items.len(),
            Items::Json(items, _) => items.len(),
        }
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// An element; none beyond the end. Reading it can fail where it is not of its type.
    pub fn get(&self, index: usize) -> Option<Evaluated<'v>> {
        match &self.items {
            Items::Built(items) => items.get(index).cloned().map(Ok),
            Items::Json(items, shape) => items.get(index).map(|item| Value::read(item, shape)),
        }
    }

    /// An element by an index that an expression gives.
    pub(crate) fn at(&self, index: &Value<'v>) -> Evaluated<'v> {
        let position = match index {
            Value::Int(i) => Some(*i),
            Value::Uint(u) => i64::try_from(*u).ok(),
            #[expect(clippy::cast_possible_truncation, reason = "compared below")]
            Value::Double(d) if d.trunc() == *d => Some(*d as i64),
            _ => return Err(EvalError::NoSuchOverload),
        };
        let found = position.and_then(|i| usize::try_from(i).ok()).and_then(|i| self.get(i));
        found.unwrap_or(Err(EvalError::OutOfBounds(position.unwrap_or(i64::MAX))))
    }

    /// All elements.
    pub fn iter(&self) -> impl Iterator<Item = Evaluated<'v>> + '_ {
        (0..self.len()).filter_map(|i| self.get(i))
    }

    /// All elements, in a vector.
    pub(crate) fn values(&self) -> Result<Vec<Value<'v>>, EvalError> {
        self.iter().collect()
    }

    pub(crate) fn contains(&self, value: &Value<'v>) -> Result<bool, EvalError> {
        let mut failed = None;
        for item in self.iter() {
            match item.and_then(|item| equal(value, &item)) {
                Ok(true) => return Ok(true),
                Ok(false) => {}
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        failed.map_or(Ok(false), Err)
    }

    /// Adds an element, in place if nobody else has the list.
    pub(crate) fn push(&mut self, value: Value<'v>) -> Result<(), EvalError> {
        if let Items::Json(..) = self.items {
            self.items = Items::Built(Arc::new(self.values()?));
        }
        if let Items::Built(items) = &mut self.items {
            Arc::make_mut(items).push(value);
        }
        Ok(())
    }

    /// `a + b`: sets take what they do not have, lists with keys replace what has the same keys.
    pub(crate) fn concat(mut self, other: &List<'v>) -> Result<Self, EvalError> {
        match self.kind {
            Some(ListKind::Set) => {
                for item in other.iter() {
                    let item = item?;
                    if !self.contains(&item)? {
                        self.push(item)?;
                    }
                }
            }
            Some(ListKind::Map(keys)) => {
                let mut items = self.values()?;
                for item in other.iter() {
                    let item = item?;
                    match items.iter_mut().find(|known| same_keys(known, &item, keys)) {
                        Some(known) => *known = item,
                        None => items.push(item),
                    }
                }
                self.items = Items::Built(Arc::new(items));
            }
            _ if self.is_empty() => return Ok(other.clone()),
            _ => other.iter().try_for_each(|item| self.push(item?))?,
        }
        Ok(self)
    }
}

/// Whether two objects agree in the fields that identify them.
pub(super) fn same_keys<'v>(a: &Value<'v>, b: &Value<'v>, keys: &[String]) -> bool {
    let (Value::Map(a), Value::Map(b)) = (a, b) else { return false };
    keys.iter().all(|key| match (a.field(key), b.field(key)) {
        (Ok(Some(a)), Ok(Some(b))) => equal(&a, &b).unwrap_or(false),
        (Ok(None), Ok(None)) => true,
        _ => false,
    })
}
