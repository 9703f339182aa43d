//! Which path element names an item of an associative list.

use proofmark_json::{Map, Value};
use proofmark_types::ListKind;

use super::shape::ListShape;
use crate::fieldset::PathElement;

impl<'t> ListShape<'t> {
    /// Whether an item has a name; the error explains why not.
    pub(super) fn check_name(self, item: &Value) -> Result<(), String> {
        match (self.kind, item) {
            (ListKind::Atomic, _) => Err("invalid indexing of non-associative list".into()),
            (ListKind::Map(keys), Value::Object(fields)) => {
                if keys.iter().any(|key| self.key_value(fields, key).is_some()) {
                    return Ok(());
                }
                let keys: Vec<_> = keys.iter().map(|key| proofmark_status::quote(key)).collect();
                Err(format!(
                    "associative list with keys has an element that omits all key fields [{}] (and doesn't have default values for any key fields)",
                    keys.join(" ")
                ))
            }
            (ListKind::Map(_), Value::Null) => Err("associative list with keys may not have a null element".into()),
            (ListKind::Map(_), _) => Err("associative list with keys may not have non-map elements".into()),
            (ListKind::Set, Value::Object(_)) => {
                Err("associative list without keys has an element that's a map type".into())
            }
            (ListKind::Set, Value::Array(_)) => Err("not supported: associative list with lists as elements".into()),
            (ListKind::Set, Value::Null) => {
                Err("associative list without keys has an element that's an explicit null".into())
            }
            (ListKind::Set, _) => Ok(()),
        }
    }

    /// The element that names an item. Absent keys take the default of the item's field, or stay out of the element.
    pub(super) fn element(self, item: &Value) -> Result<PathElement, String> {
        self.check_name(item)?;
        Ok(match (self.kind, item) {
            (ListKind::Map(keys), Value::Object(fields)) => {
                let named =
                    keys.iter().filter_map(|key| Some((key.as_str().into(), self.key_value(fields, key)?.clone())));
                PathElement::key(named.collect())
            }
            (_, item) => PathElement::Value(item.clone()),
        })
    }

    fn key_value<'v>(self, fields: &'v Map, key: &str) -> Option<&'v Value>
    where
        't: 'v,
    {
        fields.get(key).or_else(|| self.item?.default_of(key))
    }
}
