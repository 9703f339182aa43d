//! Writes that change nothing but times.

use proofmark_json::{Map, Value};

use super::entries;
use crate::value;

/// Restores the times of `managedFields` where they are all that a write changed, so that it is no change at all.
///
/// It belongs last, after admission, when the object is about to be stored.
pub fn keep_times_if_unchanged(old: &Value, new: &mut Value) {
    let (Some(Value::Array(before)), Some(Value::Array(after))) = (entries::of(old), entries::of(new)) else {
        return;
    };
    if before == after
        || before.len() != after.len()
        || !before.iter().zip(after).all(|(a, b)| equal_but(a, b, "time", |_, _| true))
        || !equal_but(old, new, "metadata", |a, b| equal_but(a, b, "managedFields", |_, _| true))
    {
        return;
    }
    let before = Value::Array(before.clone());
    if let Some(entries) = new.get_mut("metadata").and_then(|metadata| metadata.get_mut("managedFields")) {
        *entries = before;
    }
}

/// Whether two objects are equal, where one member is looked at in another way if both have it, and counts as equal if one has it.
fn equal_but(a: &Value, b: &Value, member: &str, look: impl Fn(&Value, &Value) -> bool) -> bool {
    let (Value::Object(a), Value::Object(b)) = (a, b) else { return value::equal(a, b) };
    let others = |of: &Map| of.len() - usize::from(of.contains_key(member));
    others(a) == others(b)
        && a.iter().all(|(name, a)| match b.get(name) {
            Some(b) if name == member => look(a, b),
            Some(b) => value::equal(a, b),
            None => name == member,
        })
}
