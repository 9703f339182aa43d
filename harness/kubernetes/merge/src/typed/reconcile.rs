//! Field sets that were written under an older schema.

use proofmark_types::ListKind;

use super::shape::Typed;
use crate::fieldset::{FieldSet, PathElement};

impl Typed<'_> {
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
