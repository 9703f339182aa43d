//! Whether an answer agrees with the recorded one.

use proofmark_json::{Value, json};

/// managedFields as recordings compare them: without the value of times, in an order that does not depend on them.
pub(crate) fn entries(object: &Value) -> Value {
    let mut list = object.pointer("/metadata/managedFields").and_then(Value::as_array).cloned().unwrap_or_default();
    for entry in &mut list {
        if let Some(time) = entry.get_mut("time") {
            *time = json!("<time>");
        }
    }
    let text = |entry: &Value, key: &str| entry[key].as_str().unwrap_or_default().to_owned();
    list.sort_by_key(|entry| ["operation", "manager", "apiVersion", "subresource"].map(|key| text(entry, key)));
    Value::Array(list)
}

/// Only what appliers own: what defaulting cannot change.
pub(crate) fn of_appliers(entries: Value) -> Value {
    match entries {
        Value::Array(list) => list.into_iter().filter(|entry| entry["operation"] == "Apply").collect(),
        other => other,
    }
}

/// Where a value is not among the recorded one: objects may lack keys, lists must match item by item. Where the server sets
/// defaults, zero values and items at the end of lists may be missing, too.
pub(crate) fn not_within(ours: &Value, recorded: &Value, defaults: bool, at: &str) -> Option<String> {
    match (ours, recorded) {
        (Value::Object(ours), Value::Object(recorded)) => ours.iter().find_map(|(key, value)| {
            let at = format!("{at}/{key}");
            match recorded.get(key) {
                None if is_nothing(value) => None,
                None => Some(format!("{at}: {value} is not recorded")),
                Some(recorded) => not_within(value, recorded, defaults, &at),
            }
        }),
        (Value::Array(ours), Value::Array(recorded))
            if ours.len() == recorded.len() || (defaults && ours.len() < recorded.len()) =>
        {
            ours.iter()
                .zip(recorded)
                .enumerate()
                .find_map(|(index, (ours, recorded))| not_within(ours, recorded, defaults, &format!("{at}/{index}")))
        }
        (ours, _) if defaults && *ours == json!(0) => None,
        (ours, recorded) if ours == recorded || is_masked(recorded) || (is_nothing(ours) && is_nothing(recorded)) => {
            None
        }
        _ => Some(format!("{at}: {ours}, recorded {recorded}")),
    }
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(fields) => fields.values().all(is_nothing),
        Value::Array(items) => items.is_empty(),
        Value::String(text) => text == "<absent>",
        _ => false,
    }
}

fn is_masked(recorded: &Value) -> bool {
    recorded.as_str().is_some_and(|text| text.starts_with('<') && text.ends_with('>') && text != "<absent>")
}

/// A refusal's causes, without regard to their order.
pub(crate) fn causes(body: &Value) -> Vec<String> {
    let mut causes: Vec<_> = body["details"]["causes"].as_array().into_iter().flatten().map(Value::to_string).collect();
    causes.sort();
    causes
}
