//! How two versions of an object differ, by field.

use std::collections::BTreeMap;

use proofmark_json::{Map, Value};
use proofmark_types::ListKind;

use super::shape::{ListShape, ObjectShape, Shape, Typed};
use crate::fieldset::{FieldSet, PathElement};
use crate::value;

/// The fields in which two versions of an object differ.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Only in the old one.
    pub removed: FieldSet,
    /// In both, with other values.
    pub modified: FieldSet,
    /// Only in the new one.
    pub added: FieldSet,
}

impl Comparison {
    fn graft(&mut self, element: impl Fn() -> PathElement, below: Self) {
        self.removed.graft(&element, below.removed);
        self.modified.graft(&element, below.modified);
        self.added.graft(&element, below.added);
    }

    fn absorb(&mut self, other: Self) {
        self.removed.absorb(other.removed);
        self.modified.absorb(other.modified);
        self.added.absorb(other.added);
    }

    /// All in which the versions differ.
    pub(crate) fn sets(&self) -> [&FieldSet; 3] {
        [&self.removed, &self.modified, &self.added]
    }

    /// The fields that the new version set, where nothing else is asked any more.
    pub(crate) fn into_written(self) -> FieldSet {
        let mut written = self.modified;
        written.absorb(self.added);
        written
    }

    /// The fields that the new version set.
    pub fn written(&self) -> FieldSet {
        self.modified.union(&self.added)
    }
}

impl Typed<'_> {
    /// Compares two values of this type. Both must have passed [`Typed::validate`]; items that share a name compare as one.
    pub fn compare(self, old: &Value, new: &Value) -> Comparison {
        compare(self, Some(old), Some(new))
    }
}

/// One node: either side may be missing, not both.
fn compare(ty: Typed<'_>, old: Option<&Value>, new: Option<&Value>) -> Comparison {
    if let (Some(a), Some(b)) = (old, new)
        && value::equal(a, b)
    {
        return Comparison::default(); // spares asking the types
    }
    let (mut out, leaf) = match (old, new) {
        (_, None) => visit(ty.shape(old), old, new),
        (Some(a), Some(b)) if !ty.same_shape(a, b) => {
            // Arbitrary JSON changed its kind: what the old value held goes, then the new value counts.
            let (mut gone, _) = visit(ty.shape(old), old, new);
            let (came, leaf) = visit(ty.shape(new), old, new);
            gone.absorb(came);
            (gone, leaf)
        }
        _ => visit(ty.shape(new), old, new),
    };
    if !leaf {
        out.added.member |= old.is_none();
        out.removed.member |= new.is_none();
    }
    out
}

/// The differences at and below a node, and whether it counted as one value.
fn visit(shape: Shape<'_>, old: Option<&Value>, new: Option<&Value>) -> (Comparison, bool) {
    match shape {
        Shape::Scalar(_) => (leaf(old, new), true),
        Shape::List(list) => {
            let a = old.and_then(Value::as_array).map_or(&[] as &[Value], Vec::as_slice);
            let b = new.and_then(Value::as_array).map_or(&[] as &[Value], Vec::as_slice);
            match list.item {
                Some(item) if *list.kind != ListKind::Atomic && !(a.is_empty() && b.is_empty()) => {
                    (lists(list, item, a, b), false)
                }
                _ => (leaf(old, new), true),
            }
        }
        Shape::Object(object) => {
            let a = old.and_then(Value::as_object).filter(|fields| !fields.is_empty());
            let b = new.and_then(Value::as_object).filter(|fields| !fields.is_empty());
            if object.atomic || (a.is_none() && b.is_none()) {
                (leaf(old, new), true)
            } else {
                (objects(object, a, b), false)
            }
        }
    }
}

fn leaf(old: Option<&Value>, new: Option<&Value>) -> Comparison {
    let mut out = Comparison::default();
    match (old, new) {
        (None, _) => out.added.member = true,
        (_, None) => out.removed.member = true,
        (Some(a), Some(b)) => out.modified.member = !value::equal(a, b),
    }
    out
}

fn objects(object: ObjectShape<'_>, old: Option<&Map>, new: Option<&Map>) -> Comparison {
    let mut out = Comparison::default();
    let get = |side: Option<&'_ Map>, key: &str| side.is_some_and(|fields| fields.contains_key(key));
    let of_old = old.into_iter().flat_map(Map::keys);
    let only_new = new.into_iter().flat_map(Map::keys).filter(|key| !get(old, key));
    for key in of_old.chain(only_new) {
        let Some(ty) = object.child(key) else { continue };
        let below = compare(ty, old.and_then(|fields| fields.get(key)), new.and_then(|fields| fields.get(key)));
        out.graft(|| PathElement::field(key.clone()), below);
    }
    out
}

fn lists(list: ListShape<'_>, ty: Typed<'_>, old: &[Value], new: &[Value]) -> Comparison {
    let mut items: BTreeMap<PathElement, (Vec<&Value>, Vec<&Value>)> = BTreeMap::new();
    for item in old {
        if let Ok(element) = list.element(item) {
            items.entry(element).or_default().0.push(item);
        }
    }
    for item in new {
        if let Ok(element) = list.element(item) {
            items.entry(element).or_default().1.push(item);
        }
    }
    let mut out = Comparison::default();
    for (element, (old, new)) in items {
        let below = match (old.as_slice(), new.as_slice()) {
            (old @ ([] | [_]), new @ ([] | [_])) => compare(ty, old.first().copied(), new.first().copied()),
            (old @ [_, _, ..], new @ [_, _, ..]) => {
                let same = old.len() == new.len() && old.iter().zip(new).all(|(a, b)| value::equal(a, b));
                Comparison { modified: FieldSet { member: !same, ..FieldSet::default() }, ..Comparison::default() }
            }
            // Items that shared a name and no longer do: they go as one, the one that is left comes anew.
            ([_, _, ..], new) => {
                let mut below = new.first().map(|item| compare(ty, None, Some(item))).unwrap_or_default();
                below.removed.member = true;
                below
            }
            (old, _) => {
                let mut below = old.first().map(|item| compare(ty, Some(item), None)).unwrap_or_default();
                below.added.member = true;
                below
            }
        };
        out.graft(|| element.clone(), below);
    }
    out
}
