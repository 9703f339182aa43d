//! Reading fields: what is absent or of another type counts as Go's zero value.

use jiff::Timestamp;
use proofmark_json::Value;

use crate::duration::since;

/// A row from the values of its cells.
macro_rules! cells {
    ($($cell:expr),* $(,)?) => {
        $crate::printer::Row::from(vec![$(proofmark_json::Value::from($cell)),*])
    };
}
pub(crate) use cells;

pub(crate) fn name(object: &Value) -> &str {
    text(&object["metadata"]["name"])
}

/// How long ago the object was created.
pub(crate) fn age(object: &Value, now: Timestamp) -> String {
    since(&object["metadata"]["creationTimestamp"], now)
}

pub(crate) fn deleted(object: &Value) -> bool {
    !object["metadata"]["deletionTimestamp"].is_null()
}

pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The text, or another one when the field is absent.
pub(crate) fn text_or<'a>(value: &'a Value, absent: &'a str) -> &'a str {
    value.as_str().unwrap_or(absent)
}

/// The text, or another one when the field is absent or empty.
pub(crate) fn filled_or<'a>(value: &'a Value, empty: &'a str) -> &'a str {
    value.as_str().filter(|text| !text.is_empty()).unwrap_or(empty)
}

pub(crate) fn int(value: &Value) -> i64 {
    value.as_i64().unwrap_or(0)
}

pub(crate) fn flag(value: &Value) -> bool {
    value.as_bool().unwrap_or(false)
}

pub(crate) fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

pub(crate) fn len(value: &Value) -> i64 {
    let length = value.as_array().map(Vec::len).or_else(|| value.as_object().map(proofmark_json::Map::len));
    length.and_then(|length| i64::try_from(length).ok()).unwrap_or(0)
}

/// A quantity, which the server keeps in canonical form; zero when absent.
pub(crate) fn quantity(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => "0".to_owned(),
    }
}

/// The texts of a list, joined.
pub(crate) fn joined<'a>(values: impl IntoIterator<Item = &'a Value>, separator: &str) -> String {
    values.into_iter().map(text).collect::<Vec<_>>().join(separator)
}

/// The first so many of a list, and how many more there are: `a,b,c + 2 more...`.
pub(crate) fn first_of(all: &[String], shown: usize, separator: &str) -> String {
    let head = all.iter().take(shown).cloned().collect::<Vec<_>>().join(separator);
    match all.len().checked_sub(shown) {
        None | Some(0) => head,
        Some(more) => format!("{head} + {more} more..."),
    }
}

/// The condition of this type.
pub(crate) fn condition<'a>(conditions: &'a Value, kind: &str) -> Option<&'a Value> {
    list(conditions).iter().find(|condition| text(&condition["type"]) == kind)
}

/// Whether the condition of this type is `True`.
pub(crate) fn holds(conditions: &Value, kind: &str) -> bool {
    condition(conditions, kind).is_some_and(|condition| text(&condition["status"]) == "True")
}

/// Names and images of the containers of a pod specification.
pub(crate) fn containers(pod_spec: &Value) -> (String, String) {
    let containers = list(&pod_spec["containers"]);
    (joined(containers.iter().map(|c| &c["name"]), ","), joined(containers.iter().map(|c| &c["image"]), ","))
}
