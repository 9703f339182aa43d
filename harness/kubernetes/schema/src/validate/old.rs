//! A value beside the one that it replaces, for ratcheting.
//!
//! Source: `k8s.io/apiserver/pkg/cel/common/equality.go` (`CorrelatedObject`), release 1.35.

use proofmark_json::Value;

use crate::number::Num;
use crate::schema::Schema;

/// A value, the one before it, and the schema that says how their parts correspond.
#[derive(Clone, Copy)]
pub(crate) struct Old<'a> {
    schema: &'a Schema,
    new: &'a Value,
    old: &'a Value,
}

impl<'a> Old<'a> {
    pub(crate) fn new(schema: &'a Schema, new: &'a Value, old: &'a Value) -> Self {
        Self { schema, new, old }
    }

    /// A field, if both have it and the schema knows it.
    pub(crate) fn field(self, name: &str) -> Option<Self> {
        let (new, old) = (self.new.as_object()?.get(name)?, self.old.as_object()?.get(name)?);
        Some(Self { schema: self.schema.property(name)?, new, old })
    }

    /// A list item, if the list has keys and the old one an item with the same.
    pub(crate) fn item(self, index: usize) -> Option<Self> {
        if !self.schema.is_map_list() {
            return None;
        }
        let new = self.new.as_array()?.get(index)?;
        let key = self.key(new)?;
        let old = self.old.as_array()?.iter().find(|item| self.key(item).is_some_and(|k| same_key(&k, &key)))?;
        Some(Self { schema: self.schema.items.as_deref()?, new, old })
    }

    /// The values of an item's keys, if it has them all and all are scalars.
    fn key(self, item: &'a Value) -> Option<Vec<&'a Value>> {
        let fields = item.as_object()?;
        let scalar = |v: &&Value| !(v.is_null() || v.is_array() || v.is_object());
        self.schema.list_map_keys.iter().map(|k| fields.get(k).filter(scalar)).collect()
    }

    /// Whether the value is what it was. Parts that do not correspond count as changed, even when equal:
    /// unspecified fields, and items of keyed lists without a partner.
    pub(crate) fn is_unchanged(self) -> bool {
        match (self.new, self.old) {
            (Value::Array(new), Value::Array(old)) if self.schema.list_type.as_deref() == Some("map") => {
                new.len() == old.len() && (0..new.len()).all(|i| self.item(i).is_some_and(Self::is_unchanged))
            }
            (Value::Object(new), Value::Object(old)) => {
                new.len() == old.len() && new.keys().all(|name| self.field(name).is_some_and(Self::is_unchanged))
            }
            (new, old) => new == old,
        }
    }
}

/// Integers and floats are different keys.
fn same_key(a: &[&Value], b: &[&Value]) -> bool {
    a.iter().zip(b).all(|(a, b)| match (a, b) {
        (Value::Number(a), Value::Number(b)) => Num::of(a) == Num::of(b),
        _ => a == b,
    })
}
