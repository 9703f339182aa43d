//! JSON patch (RFC 6902), as kube-apiserver's library applies it.
//!
//! It is laxer than the RFC: negative indexes count from the end, `replace` and `copy` of a missing key of an object succeed, and
//! `test` for null succeeds where there is nothing. And stricter: the document as a whole can only be replaced or tested.
//! Source: evanphx/json-patch v4, which is why this is not left to a crate.

use proofmark_json::Value;

use crate::error::PatchError;

/// The most operations of a patch.
pub const MAX_OPERATIONS: usize = 10_000;
/// The most bytes that all `copy` operations of a patch may add up to.
const COPY_LIMIT: usize = 3 * 1024 * 1024;

/// The document after a JSON patch. Objects that the patch reaches into come out with sorted keys, as they do from Go.
///
/// # Errors
/// [`PatchError::Malformed`], [`PatchError::TooManyOperations`], or [`PatchError::Rejected`] by the first operation that fails.
pub fn json_patch(doc: &Value, patch: &Value) -> Result<Value, PatchError> {
    let operations = decode(patch)?;
    let mut doc = doc.clone();
    let mut copied = 0;
    for operation in &operations {
        operation.apply(&mut doc, &mut copied).map_err(PatchError::Rejected)?;
    }
    if let Value::Object(fields) = &mut doc {
        fields.sort_keys();
    }
    Ok(doc)
}

/// Checks that a body is a merge patch: an object.
///
/// # Errors
/// [`PatchError::Malformed`] with the text that clients get.
pub fn validate_merge_patch(patch: &Value) -> Result<(), PatchError> {
    match patch {
        Value::Object(_) => Ok(()),
        Value::Null => Err(PatchError::Malformed("Invalid JSON Patch".into())),
        other => Err(malformed(other, "value", "map[string]interface {}")),
    }
}

fn malformed(found: &Value, place: &str, wanted: &str) -> PatchError {
    let kind = match found {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    PatchError::Malformed(format!(
        "error decoding patch: json: cannot unmarshal {kind} into Go {place} of type {wanted}"
    ))
}

fn decode(patch: &Value) -> Result<Vec<Operation<'_>>, PatchError> {
    let items = match patch {
        Value::Array(items) => items.as_slice(),
        Value::Null => &[],
        other => return Err(malformed(other, "value", "[]handlers.jsonPatchOp")),
    };
    let operations = items.iter().map(Operation::decode).collect::<Result<Vec<_>, _>>()?;
    if operations.len() > MAX_OPERATIONS {
        Err(PatchError::TooManyOperations(operations.len()))
    } else {
        Ok(operations)
    }
}

struct Operation<'p> {
    op: Option<&'p str>,
    path: Option<&'p str>,
    from: Option<&'p str>,
    value: Option<&'p Value>,
}

impl<'p> Operation<'p> {
    fn decode(item: &'p Value) -> Result<Self, PatchError> {
        if !item.is_object() && !item.is_null() {
            return Err(malformed(item, "value", "handlers.jsonPatchOp"));
        }
        let text = |key: &str| match item.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.as_str())),
            Some(other) => Err(malformed(other, &format!("struct field jsonPatchOp.{key}"), "string")),
        };
        Ok(Self { op: text("op")?, path: text("path")?, from: text("from")?, value: item.get("value") })
    }

    fn apply(&self, doc: &mut Value, copied: &mut usize) -> Result<(), String> {
        match self.op.unwrap_or("unknown") {
            "add" => self.add(doc),
            "remove" => self.remove(doc),
            "replace" => self.replace(doc),
            "move" => self.move_value(doc),
            "test" => self.test(doc),
            "copy" => self.copy(doc, copied),
            other => Err(format!("Unexpected kind: {other}")),
        }
    }

    fn value(&self) -> Value {
        self.value.cloned().unwrap_or(Value::Null)
    }

    fn path(&self, operation: &str, then: &str) -> Result<&'p str, String> {
        self.path.ok_or_else(|| format!("{operation} operation failed to decode path: {then}missing value"))
    }

    fn from(&self, operation: &str) -> Result<&'p str, String> {
        self.from.ok_or_else(|| {
            format!("{operation} operation failed to decode from: operation, missing from field: missing value")
        })
    }

    fn add(&self, doc: &mut Value) -> Result<(), String> {
        let path = self.path("add", "")?;
        let (holder, key) = find(doc, path)
            .ok_or_else(|| format!("add operation does not apply: doc is missing path: \"{path}\": missing value"))?;
        holder.add(&key, self.value()).map_err(|why| format!("error in add for path: '{path}': {why}"))
    }

    fn remove(&self, doc: &mut Value) -> Result<(), String> {
        let path = self.path("remove", "")?;
        let (holder, key) = find(doc, path).ok_or_else(|| {
            format!("remove operation does not apply: doc is missing path: \"{path}\": missing value")
        })?;
        holder.remove(&key).map(drop).map_err(|why| format!("error in remove for path: '{path}': {why}"))
    }

    fn replace(&self, doc: &mut Value) -> Result<(), String> {
        let path = self.path("replace", MISSING_PATH)?;
        if path.is_empty() {
            return match self.value {
                Some(value @ (Value::Object(_) | Value::Array(_))) => {
                    *doc = value.clone();
                    Ok(())
                }
                _ => Err("replace operation value must be object or array: %!w(<nil>)".into()),
            };
        }
        let (mut holder, key) = find(doc, path)
            .ok_or_else(|| format!("replace operation does not apply: doc is missing path: {path}: missing value"))?;
        if holder.get(&key).is_err() {
            return Err(format!("replace operation does not apply: doc is missing key: {path}: missing value"));
        }
        holder.set(&key, self.value()).map_err(|why| format!("error in remove for path: '{path}': {why}"))
    }

    fn move_value(&self, doc: &mut Value) -> Result<(), String> {
        let from = self.from("move")?;
        let (holder, key) = find(doc, from)
            .ok_or_else(|| format!("move operation does not apply: doc is missing from path: {from}: missing value"))?;
        let value = holder.remove(&key).map_err(|why| format!("error in move for path: '{key}': {why}"))?;
        let path = self.path("move", MISSING_PATH)?;
        let (holder, key) = find(doc, path).ok_or_else(|| {
            format!("move operation does not apply: doc is missing destination path: {path}: missing value")
        })?;
        holder.add(&key, value).map_err(|why| format!("error in move for path: '{path}': {why}"))
    }

    fn test(&self, doc: &mut Value) -> Result<(), String> {
        let path = self.path("test", MISSING_PATH)?;
        let failed = || Err(format!("testing value {path} failed: test failed"));
        let wanted = self.value.unwrap_or(&Value::Null);
        if path.is_empty() {
            return if doc == wanted { Ok(()) } else { failed() };
        }
        let (mut holder, key) = find(doc, path)
            .ok_or_else(|| format!("test operation does not apply: is missing path: {path}: missing value"))?;
        match holder.get(&key).map_err(|why| format!("error in test for path: '{path}': {why}"))? {
            Some(found) if found == wanted => {
                sort_keys(found);
                Ok(())
            }
            None if wanted.is_null() => Ok(()),
            _ => failed(),
        }
    }

    fn copy(&self, doc: &mut Value, copied: &mut usize) -> Result<(), String> {
        let from = self.from("copy")?;
        let (mut holder, key) = find(doc, from)
            .ok_or_else(|| format!("copy operation does not apply: doc is missing from path: {from}: missing value"))?;
        let found = holder.get(&key).map_err(|why| format!("error in copy for from: '{from}': {why}"))?;
        let value = found.cloned().unwrap_or(Value::Null);
        let path = self.path("copy", "")?;
        let (holder, key) = find(doc, path).ok_or_else(|| {
            format!("copy operation does not apply: doc is missing destination path: {path}: missing value")
        })?;
        *copied += if value.is_null() { 0 } else { value.to_string().len() };
        if *copied > COPY_LIMIT {
            return Err(format!(
                "Unable to complete the copy, the accumulated size increase of copy is {copied}, exceeding the limit {COPY_LIMIT}"
            ));
        }
        holder.add(&key, value).map_err(|why| format!("error while adding value during copy: {why}"))
    }
}

const MISSING_PATH: &str = "operation missing path field: ";

/// What a path's last step is taken in.
enum Holder<'d> {
    Object(&'d mut proofmark_json::Map),
    List(&'d mut Vec<Value>),
}

impl<'d> Holder<'d> {
    fn of(value: &'d mut Value) -> Option<Self> {
        match value {
            Value::Object(fields) => {
                fields.sort_keys();
                Some(Self::Object(fields))
            }
            Value::Array(items) => Some(Self::List(items)),
            _ => None,
        }
    }

    /// What is there; objects have nothing, lists an error, where there is nothing.
    fn get(&mut self, key: &str) -> Result<Option<&mut Value>, String> {
        match self {
            Self::Object(fields) => Ok(fields.get_mut(key)),
            Self::List(items) => {
                let index = index(key, items.len(), 0)?;
                Ok(items.get_mut(index))
            }
        }
    }

    fn add(self, key: &str, value: Value) -> Result<(), String> {
        match self {
            Self::Object(fields) => put(fields, key, value),
            Self::List(items) if key == "-" => items.push(value),
            Self::List(items) => {
                let index = index(key, items.len(), 1).map_err(|why| {
                    if why.starts_with("strconv") {
                        format!("value was not a proper array index: '{key}': {why}")
                    } else {
                        why
                    }
                })?;
                items.insert(index, value);
            }
        }
        Ok(())
    }

    fn set(self, key: &str, value: Value) -> Result<(), String> {
        match self {
            Self::Object(fields) => put(fields, key, value),
            Self::List(items) => {
                let index = index(key, items.len(), 0)?;
                if let Some(item) = items.get_mut(index) {
                    *item = value;
                }
            }
        }
        Ok(())
    }

    fn remove(self, key: &str) -> Result<Value, String> {
        match self {
            Self::Object(fields) => fields
                .shift_remove(key)
                .ok_or_else(|| format!("Unable to remove nonexistent key: {key}: missing value")),
            Self::List(items) => {
                let index = index(key, items.len(), 0)?;
                Ok(items.remove(index))
            }
        }
    }
}

fn put(fields: &mut proofmark_json::Map, key: &str, value: Value) {
    fields.insert(key.to_owned(), value);
    fields.sort_keys();
}

/// A place in a list of `len` items, or in the `extra` places behind it; negative ones count from the end.
fn index(key: &str, len: usize, extra: usize) -> Result<usize, String> {
    let index: i64 = key.parse().map_err(|error: std::num::ParseIntError| {
        use std::num::IntErrorKind::{NegOverflow, PosOverflow};
        let why =
            if matches!(error.kind(), NegOverflow | PosOverflow) { "value out of range" } else { "invalid syntax" };
        format!("strconv.Atoi: parsing {}: {why}", proofmark_status::quote(key))
    })?;
    let places = len + extra;
    let place = if index < 0 {
        places.checked_sub(usize::try_from(index.unsigned_abs()).unwrap_or(usize::MAX))
    } else {
        usize::try_from(index).ok()
    };
    place
        .filter(|place| *place < places)
        .ok_or_else(|| format!("Unable to access invalid index: {index}: invalid index referenced"))
}

/// Walks to what holds a path's last step; `None` where the way is missing.
fn find<'d>(doc: &'d mut Value, path: &str) -> Option<(Holder<'d>, String)> {
    let mut steps = path.split('/').skip(1).map(|step| step.replace("~1", "/").replace("~0", "~"));
    let mut key = steps.next()?;
    let mut at = doc;
    for next in steps {
        at = match Holder::of(at)? {
            Holder::Object(fields) => fields.get_mut(&key)?,
            Holder::List(items) => {
                let index = index(&key, items.len(), 0).ok()?;
                items.get_mut(index)?
            }
        };
        key = next;
    }
    Some((Holder::of(at)?, key))
}

fn sort_keys(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.sort_keys();
            fields.values_mut().for_each(sort_keys);
        }
        Value::Array(items) => items.iter_mut().for_each(sort_keys),
        _ => {}
    }
}

#[cfg(test)]
mod tests;
