//! `$setElementOrder` and the order of merged lists.
//!
//! Items of the patch come in the patch's order, items that only the document has in the document's; the two are interleaved by
//! their places in the document, and what is new to it comes first.

use proofmark_json::{Key, Map, Value};

use super::{DIRECTIVE, SET_ORDER, errors, item_type, lists, merge_list_field, schema::Node, without_directives};
use crate::error::PatchError;

/// Merges every list that the patch gives an order for, and takes list and order out of the patch.
pub(super) fn merge_ordered_lists(original: &mut Map, patch: &mut Map, node: Node<'_>) -> Result<(), PatchError> {
    let orders: Vec<Key> = patch.keys().filter(|key| key.starts_with(SET_ORDER)).cloned().collect();
    for directive in orders {
        let order = patch.shift_remove(&directive).unwrap_or(Value::Null);
        let order = as_list(&order)?.to_vec();
        let key =
            directive.strip_prefix(SET_ORDER).and_then(|rest| rest.strip_prefix('/')).ok_or_else(errors::set_order)?;
        let old = original.get(key).map(as_list).transpose()?.map(<[Value]>::to_vec);
        let new = patch.get(key).map(as_list).transpose()?.map(<[Value]>::to_vec);
        let (item, strategy) = node.list(key)?;
        let merge_key = strategy.merge_key();
        validate(new.as_deref().unwrap_or_default(), &order, merge_key)?;

        let merged = match (&old, &new) {
            (None, None) => continue,
            (Some(old), None) => old.clone(),
            (None, Some(new)) => match without_directives(Value::Array(new.clone())) {
                Some(Value::Array(items)) => items,
                _ => continue,
            },
            (Some(old), Some(new)) => merge_list_field(old.clone(), new.clone(), item, &strategy, false)?,
        };
        let old = old.unwrap_or_default();
        item_type(&[&old, new.as_deref().unwrap_or_default()])?;
        let ordered = normalize(merged, &order, &order, &old, merge_key)?;
        original.insert(key.to_owned(), Value::Array(ordered));
        patch.shift_remove(key);
    }
    Ok(())
}

fn as_list(value: &Value) -> Result<&[Value], PatchError> {
    value.as_array().map(Vec::as_slice).ok_or_else(|| errors::unexpected("[]interface {}", value))
}

/// The patch's items must stand in the given order, all of them.
fn validate(patch: &[Value], order: &[Value], key: &str) -> Result<(), PatchError> {
    if order.is_empty() || patch.is_empty() {
        return Ok(());
    }
    let mut items = Vec::new();
    for item in patch {
        if !key.is_empty() && !item.is_object() {
            return Err(errors::unexpected("map[string]interface {}", item));
        }
        if key.is_empty() || item.get(DIRECTIVE).and_then(Value::as_str) != Some("delete") {
            items.push(item);
        }
    }
    let (mut next, mut place) = (0, 0);
    while let (Some(item), Some(wanted)) = (items.get(next), order.get(place)) {
        if item.get(DIRECTIVE).is_some() {
            next += 1;
            continue;
        }
        if same(item, wanted, key)? {
            next += 1;
        }
        place += 1;
    }
    if next < items.len() && place >= order.len() { Err(errors::order_mismatch(patch, order)) } else { Ok(()) }
}

fn same(item: &Value, wanted: &Value, key: &str) -> Result<bool, PatchError> {
    if key.is_empty() {
        return Ok(item == wanted);
    }
    Ok(name_of(item, key)? == name_of(wanted, key)?)
}

fn name_of<'v>(item: &'v Value, key: &str) -> Result<&'v Value, PatchError> {
    let fields = item.as_object().ok_or_else(|| errors::unexpected("map[string]interface {}", item))?;
    fields.get(key).ok_or_else(|| errors::no_merge_key(fields, key))
}

/// Orders a merged list. Items that `named` names are the patch's and follow `patch_order`, the others follow `server_order`.
pub(super) fn normalize(
    merged: Vec<Value>,
    named: &[Value],
    patch_order: &[Value],
    server_order: &[Value],
    key: &str,
) -> Result<Vec<Value>, PatchError> {
    let (mut of_patch, mut of_server) = (Vec::new(), Vec::new());
    for item in merged {
        let is_named = if key.is_empty() {
            named.contains(&item)
        } else {
            lists::find(named, key, name_of(&item, key)?)?.is_some()
        };
        if is_named { of_patch.push(item) } else { of_server.push(item) }
    }
    sort(&mut of_patch, patch_order, key)?;
    sort(&mut of_server, server_order, key)?;
    Ok(interleave(of_server, of_patch, server_order, key))
}

/// Sorts items by their places in `order`. Those without a place move before their predecessor, as they do upstream.
fn sort(items: &mut [Value], order: &[Value], key: &str) -> Result<(), PatchError> {
    if !key.is_empty() {
        for item in items.iter().chain(order) {
            name_of(item, key)?;
        }
    }
    for end in 1..items.len() {
        let mut at = end;
        while at > 0 {
            let before = match (place(order, &items[at], key), place(order, &items[at - 1], key)) {
                (Some(a), Some(b)) => a < b,
                _ => true,
            };
            if !before {
                break;
            }
            items.swap(at, at - 1);
            at -= 1;
        }
    }
    Ok(())
}

fn place(order: &[Value], item: &Value, key: &str) -> Option<usize> {
    let wanted = name_or_null(item, key);
    order.iter().position(|item| name_or_null(item, key) == wanted)
}

fn name_or_null<'v>(item: &'v Value, key: &str) -> &'v Value {
    if key.is_empty() { item } else { item.get(key).unwrap_or(&Value::Null) }
}

/// Merges two sorted lists: an item of the server goes first where both are known to the server and it stood first there.
fn interleave(server: Vec<Value>, patch: Vec<Value>, order: &[Value], key: &str) -> Vec<Value> {
    let mut out = Vec::with_capacity(server.len() + patch.len());
    let (mut server, mut patch) = (server.into_iter().peekable(), patch.into_iter().peekable());
    loop {
        let server_first = match (server.peek(), patch.peek()) {
            (Some(a), Some(b)) => matches!((place(order, a, key), place(order, b, key)), (Some(a), Some(b)) if a < b),
            (Some(_), None) => true,
            (None, Some(_)) => false,
            (None, None) => return out,
        };
        out.extend(if server_first { server.next() } else { patch.next() });
    }
}
