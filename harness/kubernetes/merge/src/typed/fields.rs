//! The set of fields that a value has.

use std::collections::BTreeSet;

use proofmark_json::Value;
use proofmark_types::ListKind;

use super::shape::{Shape, Typed};
use crate::fieldset::{FieldSet, PathElement};

impl Typed<'_> {
    /// The fields of a value: scalars and atomic values as leaves, items of associative lists and keys of maps as members
    /// with their contents below, declared fields only where they are null, empty objects or leaves.
    pub fn field_set(self, value: &Value) -> FieldSet {
        match (self.shape(Some(value)), value) {
            (Shape::Scalar(_), _) => FieldSet::leaf(),
            (Shape::List(list), _) if *list.kind == ListKind::Atomic => FieldSet::leaf(),
            (Shape::Object(object), _) if object.atomic => FieldSet::leaf(),
            (Shape::List(list), Value::Array(items)) => {
                let Some(ty) = list.item else { return FieldSet::new() };
                let elements: Vec<_> = items.iter().map(|item| list.element(item).ok()).collect();
                let repeated = repeated(&elements);
                let mut set = FieldSet::new();
                for (item, element) in items.iter().zip(&elements) {
                    let Some(element) = element else { continue };
                    // Items that share a name are owned as one.
                    let mut node = if repeated.contains(element) { FieldSet::new() } else { ty.field_set(item) };
                    node.member = true;
                    set.graft(|| element.clone(), node);
                }
                set
            }
            (Shape::Object(object), Value::Object(fields)) => {
                let mut set = FieldSet::new();
                for (key, value) in fields {
                    let Some(ty) = object.child(key) else { continue };
                    let mut node = ty.field_set(value);
                    let hollow = value.is_null() || value.as_object().is_some_and(proofmark_json::Map::is_empty);
                    node.member |= hollow || !object.declares(key);
                    set.graft(|| PathElement::field(key.clone()), node);
                }
                set
            }
            _ => FieldSet::new(),
        }
    }

    /// The fields of a value, with every declared field a member wherever something below it is: what removing needs in order to
    /// remove whole structs and not only their leaves.
    pub(crate) fn declared_field_set(self, value: &Value) -> FieldSet {
        let mut set = self.field_set(value);
        self.declare(&mut set);
        set
    }

    /// Makes every declared field a member wherever something below it is.
    pub(crate) fn declare(self, set: &mut FieldSet) {
        let object = self.as_object();
        let item = self.as_list().and_then(|list| list.item);
        for (element, node) in &mut set.children {
            let below = match element {
                PathElement::Field(name) => object.and_then(|object| object.child(name)),
                PathElement::Key(_) => item,
                _ => None,
            };
            if let PathElement::Field(name) = element {
                node.member |= object.is_some_and(|object| object.declares(name));
            }
            if let Some(below) = below {
                below.declare(node);
            }
        }
    }
}

fn repeated(elements: &[Option<PathElement>]) -> BTreeSet<&PathElement> {
    let mut seen = BTreeSet::new();
    elements.iter().flatten().filter(|element| !seen.insert(*element)).collect()
}
