//! Field sets that were written under an older schema.

use proofmark_types::ListKind;

use super::shape::Typed;
use crate::fieldset::{FieldSet, PathElement};

impl<'t> Typed<'t> {
    /// Whether something inside of it can only be owned with the whole.
    pub(crate) fn is_owned_whole(self) -> bool {
        match (self.as_object(), self.as_list()) {
            (Some(object), _) => object.atomic && !object.is_untyped(),
            (None, list) => list.is_some_and(|list| *list.kind == ListKind::Atomic),
        }
    }

    /// Whether nothing but arbitrary JSON is known about what is inside of it.
    pub(crate) fn is_untyped(self) -> bool {
        self.as_object().is_some_and(|object| object.is_untyped())
    }

    /// The type of a field, or of an item of a list.
    pub(crate) fn below(self, field: Option<&str>) -> Option<Self> {
        match (self.as_object(), self.as_list(), field) {
            (Some(object), _, Some(name)) => object.child(name),
            (None, Some(list), _) => list.item,
            _ => None,
        }
    }

    /// Brings a set into line with the type: where a list or object has become atomic since the set was written, whoever owned
    /// something inside now owns the whole. A whole that has become granular needs nothing: its owner still owns it by name.
    pub(crate) fn reconcile(self, set: &mut FieldSet) {
        let whole = set.member && set.children.is_empty();
        let object = self.as_object();
        if let Some(object) = object {
            if object.is_untyped() {
                return;
            }
            if object.atomic && !whole {
                if !set.is_empty() {
                    *set = FieldSet::leaf();
                }
                return;
            }
        }
        let list = self.as_list();
        if list.is_some_and(|list| *list.kind == ListKind::Atomic) {
            if !whole {
                *set = FieldSet::leaf();
            }
            return;
        }
        for (element, node) in &mut set.children {
            let below = match (object, list, element) {
                (Some(object), _, PathElement::Field(name)) => object.child(name),
                (None, Some(list), _) => list.item,
                _ => None,
            };
            if let Some(ty) = below {
                ty.reconcile(node);
            }
        }
    }
}
