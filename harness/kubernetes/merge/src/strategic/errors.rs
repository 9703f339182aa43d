//! The library's errors, each with the status that the server gives it.

use proofmark_json::{Map, Value};

use crate::error::PatchError;
use crate::value;

pub(super) fn primitive_list() -> PatchError {
    PatchError::Malformed("invalid patch format of primitive list".into())
}

pub(super) fn retain_keys() -> PatchError {
    PatchError::Malformed("invalid patch format of retainKeys".into())
}

pub(super) fn set_order() -> PatchError {
    PatchError::Malformed("invalid patch format of setElementOrder list".into())
}

pub(super) fn list_of_lists() -> PatchError {
    PatchError::Rejected("lists of lists are not supported".into())
}

pub(super) fn no_merge_key(item: &Map, key: &str) -> PatchError {
    PatchError::Failed(format!(
        "map: {} does not contain declared merge key: {key}",
        value::plain(&Value::Object(item.clone()))
    ))
}

pub(super) fn unexpected(wanted: &str, found: &Value) -> PatchError {
    let found = if found.is_null() { "%!s(<nil>)" } else { value::go_type(found) };
    PatchError::Failed(format!("expected a {wanted}, but received a {found}"))
}

pub(super) fn not_a_map(index: usize) -> PatchError {
    PatchError::Failed(format!("value for key {index} is not a map"))
}

pub(super) fn unknown_directive(directive: &Value, holder: &Map) -> PatchError {
    let shown = match directive {
        Value::String(text) => text.clone(),
        Value::Null => "%!s(<nil>)".into(),
        other => format!("%!s({}={})", value::go_type(other), value::plain(other)),
    };
    PatchError::Failed(format!("unknown patch type: {shown} in map: {}", value::plain(&Value::Object(holder.clone()))))
}

pub(super) fn mixed_items(lists: &[&[Value]]) -> PatchError {
    let lists: Vec<_> = lists.iter().map(|list| list_text(list)).collect();
    PatchError::Failed(format!("list element types are not identical: [{}]", lists.join(" ")))
}

pub(super) fn order_mismatch(patch: &[Value], order: &[Value]) -> PatchError {
    PatchError::Failed(format!(
        "The order in patch list:\n{}\n doesn't match {} list:\n{}\n",
        list_text(patch),
        super::SET_ORDER,
        list_text(order)
    ))
}

fn list_text(list: &[Value]) -> String {
    format!("[{}]", list.iter().map(value::plain).collect::<Vec<_>>().join(" "))
}
