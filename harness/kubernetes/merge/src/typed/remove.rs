//! Taking fields out of an object, or keeping only some.

use proofmark_json::{Key, Map, Value};
use proofmark_types::ListKind;

use super::shape::{Shape, Typed};
use crate::fieldset::{FieldSet, PathElement};

impl Typed<'_> {
    /// The value without these fields. An object or list that loses everything below it becomes null, unless it is removed itself.
    pub fn remove(self, value: &Value, fields: &FieldSet) -> Value {
        self.select(value, fields, false)
    }

    /// The value with these fields alone, and whatever leads to them.
    pub fn extract(self, value: &Value, fields: &FieldSet) -> Value {
        self.select(value, fields, true)
    }

    fn select(self, value: &Value, fields: &FieldSet, extract: bool) -> Value {
        match (self.shape(Some(value)), value) {
            (Shape::Scalar(_), _) => value.clone(),
            (Shape::List(list), Value::Array(items)) => match list.item {
                Some(ty) if *list.kind != ListKind::Atomic => {
                    let keep = |item: &Value| match list.element(item) {
                        Ok(element) => ty.selected(item, &element, fields, extract),
                        Err(_) => Some(item.clone()),
                    };
                    let kept: Vec<_> = items.iter().filter_map(keep).collect();
                    if kept.is_empty() { Value::Null } else { Value::Array(kept) }
                }
                _ if extract => value.clone(),
                _ => Value::Null,
            },
            (Shape::Object(object), Value::Object(_)) if object.atomic => {
                if extract {
                    value.clone()
                } else {
                    Value::Null
                }
            }
            (Shape::Object(object), Value::Object(entries)) => {
                let keep = |(key, value): (&Key, &Value)| {
                    let kept = match object.child(key) {
                        Some(ty) => ty.selected(value, &PathElement::field(key.clone()), fields, extract),
                        None => Some(value.clone()),
                    };
                    kept.map(|kept| (key.clone(), kept))
                };
                let kept: Map = entries.iter().filter_map(keep).collect();
                if kept.is_empty() { Value::Null } else { Value::Object(kept) }
            }
            _ => Value::Null,
        }
    }

    /// What is left of one item or field, if anything.
    fn selected(self, value: &Value, element: &PathElement, fields: &FieldSet, extract: bool) -> Option<Value> {
        let below = fields.below(element);
        match (extract, fields.has_element(element), below) {
            (false, true, _) | (true, false, None) => None,
            (false, false, None) => Some(value.clone()),
            (false, false, Some(below)) | (true, _, Some(below)) => Some(self.select(value, below, extract)),
            (true, true, None) => Some(self.select(value, &FieldSet::new(), extract)),
        }
    }
}
