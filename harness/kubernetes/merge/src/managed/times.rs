//! Writes that change nothing but times.

use serde_json::Value;

use super::entries;
use crate::value;

/// Restores the times of `managedFields` where they are all that a write changed, so that it is no change at all.
///
/// It belongs last, after admission, when the object is about to be stored.
pub fn keep_times_if_unchanged(old: &Value, new: &mut Value) {
    let (Some(before), Some(after)) = (entries::of(old), entries::of(new)) else {
        return;
    };
    if before == after || !value::equal(&without_times(before), &without_times(after)) {
        return;
    }
    let before = before.clone();
    let mut bare = [old.clone(), new.clone()];
    bare.iter_mut().for_each(entries::clear);
    if value::equal(&bare[0], &bare[1])
        && let Some(entries) = new.pointer_mut("/metadata/managedFields")
    {
        *entries = before;
    }
}

fn without_times(entries: &Value) -> Value {
    let mut entries = entries.clone();
    for entry in entries.as_array_mut().into_iter().flatten() {
        if let Value::Object(entry) = entry {
            entry.shift_remove("time");
        }
    }
    entries
}
