//! Merging an applied configuration into an object.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use proofmark_json::{Map, Value};
use proofmark_types::ListKind;

use super::shape::{ListShape, ObjectShape, Shape, Typed};
use crate::fieldset::PathElement;

impl Typed<'_> {
    /// Merges `new` into `old`: granular objects field by field, associative lists item by item, anything else as the new one has it.
    ///
    /// Both must have passed [`Typed::validate`], `new` without duplicates. Items keep the order of `new` where it has one; items
    /// that only `old` has keep their places between them.
    pub fn merge(self, old: &Value, new: &Value) -> Value {
        merge(self, Some(old), Some(new)).unwrap_or(Value::Null)
    }
}

fn merge(ty: Typed<'_>, old: Option<&Value>, new: Option<&Value>) -> Option<Value> {
    match ty.shape(new.or(old)) {
        Shape::Scalar(_) => keep(old, new),
        Shape::List(list) => {
            let a = old.and_then(Value::as_array).map_or(&[] as &[Value], Vec::as_slice);
            let b = new.and_then(Value::as_array).map_or(&[] as &[Value], Vec::as_slice);
            match list.item {
                Some(item) if *list.kind != ListKind::Atomic && !(a.is_empty() && b.is_empty()) => {
                    merge_lists(list, item, a, b)
                }
                _ => keep(old, new),
            }
        }
        Shape::Object(object) => {
            let a = old.and_then(Value::as_object).filter(|fields| !fields.is_empty());
            let b = new.and_then(Value::as_object).filter(|fields| !fields.is_empty());
            if object.atomic || (a.is_none() && b.is_none()) { keep(old, new) } else { merge_objects(object, a, b) }
        }
    }
}

fn keep(old: Option<&Value>, new: Option<&Value>) -> Option<Value> {
    new.or(old).cloned()
}

fn merge_objects(object: ObjectShape<'_>, old: Option<&Map>, new: Option<&Map>) -> Option<Value> {
    let mut out = Map::new();
    let only_new =
        new.into_iter().flat_map(Map::keys).filter(|key| !old.is_some_and(|fields| fields.contains_key(*key)));
    for key in old.into_iter().flat_map(Map::keys).chain(only_new) {
        let Some(ty) = object.child(key) else { continue };
        let merged = merge(ty, old.and_then(|fields| fields.get(key)), new.and_then(|fields| fields.get(key)));
        if let Some(value) = merged {
            out.insert(key.clone(), value);
        }
    }
    (!out.is_empty()).then_some(Value::Object(out))
}

/// Walks both lists at once. Shared items are put out in the order of the new list; items of the old list alone are put out when
/// the walk comes to them, so they stay before the shared item that they stood before.
fn merge_lists(list: ListShape<'_>, ty: Typed<'_>, old: &[Value], new: &[Value]) -> Option<Value> {
    let (old_items, old_index) = index(list, old);
    let (new_items, new_index) = index(list, new);
    let mut shared: VecDeque<&PathElement> =
        new_items.iter().map(|(element, _)| element).filter(|element| old_index.contains_key(element)).collect();
    let mut next_shared = shared.pop_front();
    let mut done = BTreeSet::new();
    let mut out = Vec::with_capacity(old.len().max(new.len()));
    // An item that occurs twice in the old list has no single old value to merge into: it counts as null.
    let both = |element: &PathElement| merge(ty, old_index.get(element).copied(), new_index.get(element).copied());

    let (mut o, mut n) = (0, 0);
    while o < old_items.len() || n < new_items.len() {
        if let (Some((element, _)), Some((theirs, _))) = (old_items.get(o), new_items.get(n)) {
            if element == theirs {
                done.insert(element);
                out.extend(both(element));
                (o, n) = (o + 1, n + 1);
                next_shared = shared.pop_front();
                continue;
            }
            if new_index.contains_key(element) && next_shared.is_some_and(|next| next != element) {
                // Shared, but not its turn: the new list's order decides where it goes.
                o += 1;
                continue;
            }
        }
        if let Some((element, item)) = old_items.get(o) {
            if !new_index.contains_key(element) {
                out.extend(merge(ty, Some(item), None));
                o += 1;
                continue;
            }
            if done.contains(element) {
                o += 1;
            }
        }
        if let Some((element, _)) = new_items.get(n) {
            done.insert(element);
            out.extend(both(element));
            n += 1;
            if next_shared == Some(element) {
                next_shared = shared.pop_front();
            }
        }
    }
    (!out.is_empty()).then_some(Value::Array(out))
}

type Items<'v> = Vec<(PathElement, &'v Value)>;

fn index<'v>(list: ListShape<'_>, items: &'v [Value]) -> (Items<'v>, BTreeMap<PathElement, &'v Value>) {
    let items: Items<'v> = items.iter().filter_map(|item| Some((list.element(item).ok()?, item))).collect();
    let mut index = BTreeMap::new();
    for (element, item) in &items {
        index.entry(element.clone()).and_modify(|found| *found = &Value::Null).or_insert(*item);
    }
    (items, index)
}
