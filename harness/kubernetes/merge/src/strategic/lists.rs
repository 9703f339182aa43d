//! Merging a list of a patch into a list of the document.

use proofmark_json::{Map, Value};

use super::{DIRECTIVE, errors, item_type, merge_objects, order, schema::Node};
use crate::error::PatchError;

/// Merges two lists of scalars by value, or two lists of objects by their merge key.
pub(super) fn merge(
    original: Vec<Value>,
    patch: Vec<Value>,
    item: Node<'_>,
    key: &str,
    deletes: bool,
) -> Result<Vec<Value>, PatchError> {
    if original.is_empty() && patch.is_empty() {
        return Ok(original);
    }
    if item_type(&[&original, &patch])? != "map[string]interface {}" {
        if deletes {
            return Ok(original.into_iter().filter(|item| !patch.contains(item)).collect());
        }
        let merged = without_repeats(original.iter().chain(&patch).cloned().collect());
        return order::normalize(merged, &patch, &patch, &original, key);
    }
    if key.is_empty() {
        return Err(PatchError::Failed(format!("cannot merge lists without merge key for {}", item.kind())));
    }
    let (original, patch) = apply_directives(original, patch, key)?;
    let mut merged = original.clone();
    for item_patch in &patch {
        merge_item(&mut merged, item_patch, item, key)?;
    }
    order::normalize(merged, &patch, &patch, &original, key)
}

fn merge_item(list: &mut Vec<Value>, patch: &Value, item: Node<'_>, key: &str) -> Result<(), PatchError> {
    let patch = patch.as_object().ok_or_else(|| errors::unexpected("map[string]interface {}", patch))?;
    let name = patch.get(key).ok_or_else(|| errors::no_merge_key(patch, key))?;
    match find(list, key, name)? {
        Some(place) => {
            if let Some(Value::Object(old)) = list.get_mut(place).map(Value::take) {
                let merged = merge_objects(old, patch.clone(), item)?;
                if let Some(slot) = list.get_mut(place) {
                    *slot = Value::Object(merged);
                }
            }
        }
        None => list.push(Value::Object(patch.clone())),
    }
    Ok(())
}

/// Carries out `$patch` items: deleted items leave the document's list, a replace empties it.
fn apply_directives(
    mut original: Vec<Value>,
    patch: Vec<Value>,
    key: &str,
) -> Result<(Vec<Value>, Vec<Value>), PatchError> {
    let mut replace = false;
    let mut rest = Vec::with_capacity(patch.len());
    for item in patch {
        let directive = item.get(DIRECTIVE);
        let (Some(directive), Some(fields)) = (directive, item.as_object()) else {
            rest.push(item);
            continue;
        };
        match directive.as_str() {
            Some("delete") => {
                let name = fields.get(key).ok_or_else(|| errors::no_merge_key(fields, key))?;
                while let Some(place) = find(&original, key, name)? {
                    original.remove(place);
                }
            }
            Some("replace") => replace = true,
            Some("merge") => {
                return Err(PatchError::Failed("merging lists cannot yet be specified in the patch".into()));
            }
            _ => return Err(errors::unknown_directive(directive, fields)),
        }
    }
    if replace {
        original.clear();
    }
    Ok((original, rest))
}

/// Where the item of a name is.
pub(super) fn find(list: &[Value], key: &str, name: &Value) -> Result<Option<usize>, PatchError> {
    for (place, item) in list.iter().enumerate() {
        let fields: &Map = item.as_object().ok_or_else(|| errors::not_a_map(place))?;
        if fields.get(key) == Some(name) {
            return Ok(Some(place));
        }
    }
    Ok(None)
}

/// Each scalar once; what repeats is overwritten by the last one, so that the order changes as it does upstream.
fn without_repeats(mut list: Vec<Value>) -> Vec<Value> {
    let mut i = 0;
    while i < list.len() {
        let mut j = i + 1;
        while j < list.len() {
            if list[i] == list[j] {
                list.swap_remove(j);
            } else {
                j += 1;
            }
        }
        i += 1;
    }
    list
}
