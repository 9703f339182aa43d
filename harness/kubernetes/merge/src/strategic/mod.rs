//! Strategic merge patch: a merge patch that knows the types of built-in objects.
//!
//! Lists with a merge strategy merge item by item, by their merge key or by value, new items first. Directives say what a plain
//! merge cannot: `$patch` (replace, delete), `$retainKeys`, `$deleteFromPrimitiveList/<list>` and `$setElementOrder/<list>`.
//! It refuses what contradicts the types: items without their key, an order that the patch's own items break, mixed lists.
//! Source: k8s.io/apimachinery `pkg/util/strategicpatch`, as called by the server, release 1.35.

mod errors;
mod lists;
mod order;
mod retain;
mod schema;

use proofmark_json::{Map, Value};
use proofmark_types::{TypeGraph, TypeId};

use crate::error::PatchError;
use crate::typed::Typed;
use crate::value;
use schema::{Node, Strategy};

const DIRECTIVE: &str = "$patch";
const DELETE_FROM: &str = "$deleteFromPrimitiveList";
const SET_ORDER: &str = "$setElementOrder";
const RETAIN_KEYS: &str = "$retainKeys";

/// The document after a strategic merge patch.
///
/// # Errors
/// [`PatchError::Malformed`], [`PatchError::Rejected`] or [`PatchError::Failed`], as the server maps the library's errors.
pub fn strategic_merge(doc: &Value, patch: &Value, types: &TypeGraph, ty: TypeId) -> Result<Value, PatchError> {
    let (Value::Object(doc), Value::Object(patch)) = (doc, patch) else {
        return Err(PatchError::Malformed("invalid JSON document".into()));
    };
    merge_objects(doc.clone(), patch.clone(), Node::root(Typed::new(types, ty))).map(Value::Object)
}

fn merge_objects(mut original: Map, mut patch: Map, node: Node<'_>) -> Result<Map, PatchError> {
    if let Some(directive) = patch.get(DIRECTIVE) {
        return match directive.as_str() {
            Some("replace") => {
                patch.shift_remove(DIRECTIVE);
                Ok(patch)
            }
            Some("delete") => Ok(Map::new()),
            _ => Err(errors::unknown_directive(directive, &patch)),
        };
    }
    retain::retain_keys(&mut original, &mut patch)?;
    order::merge_ordered_lists(&mut original, &mut patch, node)?;

    for (key, value) in patch {
        let (key, deletes) = match key.strip_prefix(DELETE_FROM) {
            None => (key.as_str(), false),
            Some(rest) => (rest.strip_prefix('/').ok_or_else(errors::primitive_list)?, true),
        };
        if value.is_null() {
            original.shift_remove(key);
            continue;
        }
        let merged = match (original.get_mut(key).map(Value::take), value) {
            (None, _) if deletes => continue,
            (Some(Value::Object(old)), Value::Object(new)) => {
                let (below, strategy) = node.field(key)?;
                let merged = if strategy.is_replace() { new } else { merge_objects(old, new, below)? };
                Some(Value::Object(merged))
            }
            (Some(Value::Array(old)), Value::Array(new)) => {
                let (item, strategy) = node.list(key)?;
                Some(Value::Array(merge_list_field(old, new, item, &strategy, deletes)?))
            }
            (Some(old), _) if deletes => Some(old),
            (_, new) => without_directives(without_nulls(new)),
        };
        match merged {
            Some(value) => {
                original.insert(key.to_owned(), value);
            }
            None => {
                original.shift_remove(key);
            }
        }
    }
    Ok(original)
}

/// A list of a patch against one of the document: merged if the field says so or items are to be deleted, else replaced.
fn merge_list_field(
    old: Vec<Value>,
    new: Vec<Value>,
    item: Node<'_>,
    strategy: &Strategy<'_>,
    deletes: bool,
) -> Result<Vec<Value>, PatchError> {
    if strategy.is_merge() || deletes { lists::merge(old, new, item, strategy.merge_key(), deletes) } else { Ok(new) }
}

/// A value that enters the document as it is, without the nulls of its objects.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(key, value)| (key, without_nulls(value)))
            .collect(),
        Value::Array(items) => items.into_iter().map(without_nulls).collect(),
        scalar => scalar,
    }
}

/// A value that enters the document as it is, without objects that are directives; nothing if it is one itself.
fn without_directives(value: Value) -> Option<Value> {
    match value {
        Value::Object(fields) if fields.contains_key(DIRECTIVE) => None,
        Value::Object(fields) => {
            Some(fields.into_iter().filter_map(|(key, value)| Some((key, without_directives(value)?))).collect())
        }
        Value::Array(items) => Some(items.into_iter().filter_map(without_directives).collect()),
        scalar => Some(scalar),
    }
}

/// The type that all items of these lists have; they may not be lists themselves.
fn item_type(lists: &[&[Value]]) -> Result<&'static str, PatchError> {
    let mut found = None;
    for item in lists.iter().flat_map(|list| list.iter()) {
        let ty = value::go_type(item);
        match found {
            None if item.is_array() => return Err(errors::list_of_lists()),
            None => found = Some(ty),
            Some(first) if first != ty => return Err(errors::mixed_items(lists)),
            Some(_) => {}
        }
    }
    found.ok_or_else(|| PatchError::Failed("no elements in any of the given slices".into()))
}

#[cfg(test)]
mod tests;
