//! `$retainKeys`: the keys that an object keeps; the others are cleared.

use proofmark_json::{Map, Value};

use super::{DELETE_FROM, RETAIN_KEYS, SET_ORDER, errors};
use crate::error::PatchError;

/// Takes the directive out of the patch and clears what it does not name. The patch may set only keys that it names.
pub(super) fn retain_keys(original: &mut Map, patch: &mut Map) -> Result<(), PatchError> {
    let Some(keys) = patch.shift_remove(RETAIN_KEYS) else {
        return Ok(());
    };
    let keys: Vec<&str> = keys.as_array().ok_or_else(errors::retain_keys)?.iter().filter_map(Value::as_str).collect();
    let exempt =
        |key: &str, value: &Value| value.is_null() || key.starts_with(DELETE_FROM) || key.starts_with(SET_ORDER);
    if patch.iter().any(|(key, value)| !exempt(key, value) && !keys.contains(&key.as_str())) {
        return Err(errors::retain_keys());
    }
    original.retain(|key, _| keys.contains(&key.as_str()));
    Ok(())
}
