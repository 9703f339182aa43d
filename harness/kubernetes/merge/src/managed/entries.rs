//! The entries of `metadata.managedFields`, read and written.

use std::collections::BTreeMap;

use jiff::Timestamp;
use proofmark_json::{Map, Value, json};

use crate::fieldset::{FieldSet, FieldsError};

/// How a manager came to own its fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Operation {
    Apply,
    Update,
}

impl Operation {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Apply => "Apply",
            Self::Update => "Update",
        }
    }
}

/// What tells two entries apart. An applier is the same at every version: its `api_version` is empty.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ManagerId {
    pub(super) name: String,
    pub(super) operation: Operation,
    pub(super) api_version: String,
    pub(super) subresource: String,
}

impl ManagerId {
    pub(super) fn new(name: &str, operation: Operation, api_version: &str, subresource: &str) -> Self {
        let name = if name.is_empty() { "unknown" } else { name };
        let api_version = if operation == Operation::Apply { "" } else { api_version };
        Self { name: name.into(), operation, api_version: api_version.into(), subresource: subresource.into() }
    }

    /// The identifier that Kubernetes makes of it, by whose text managers are ordered in messages.
    pub(super) fn identifier(&self) -> String {
        let mut out = Map::new();
        let members = [
            ("manager", self.name.as_str()),
            ("operation", self.operation.as_str()),
            ("apiVersion", self.api_version.as_str()),
            ("subresource", self.subresource.as_str()),
        ];
        out.extend(
            members.into_iter().filter(|(_, text)| !text.is_empty()).map(|(key, text)| (key.to_owned(), json!(text))),
        );
        Value::Object(out).to_string()
    }
}

/// What one manager owns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Owned {
    pub(super) set: FieldSet,
    /// The version whose fields these are.
    pub(super) api_version: String,
    pub(super) time: Option<String>,
}

impl Owned {
    pub(super) fn seconds(&self) -> i64 {
        seconds(self.time.as_deref().unwrap_or(""))
    }
}

/// The time of an entry as entries are ordered by it; 0 where there is none.
pub(super) fn seconds(time: &str) -> i64 {
    time.parse::<Timestamp>().map_or(0, Timestamp::as_second)
}

/// All managers of an object.
pub(super) type Managers = BTreeMap<ManagerId, Owned>;

/// Why entries cannot be used; worded as the warning after a mutating webhook repeats it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EntriesError {
    /// The list is no list, an entry is no object, or a member has another type.
    #[error("malformed managed fields entry {0}")]
    Malformed(usize),
    /// The operation is something else.
    #[error("operation must be `Apply` or `Update`")]
    Operation,
    /// No version.
    #[error("apiVersion must not be empty")]
    ApiVersion,
    /// No `fieldsType`.
    #[error("missing fieldsType in managed fields entry {0}")]
    NoFieldsType(usize),
    /// Another `fieldsType` than `FieldsV1`.
    #[error("invalid fieldsType {} in managed fields entry {index}", proofmark_status::quote(.found))]
    FieldsType {
        /// What it says.
        found: String,
        /// Which entry.
        index: usize,
    },
    /// The set cannot be read.
    #[error("error decoding set: {0}")]
    Fields(#[from] FieldsError),
}

/// Checks a list of entries, as is done after mutating admission (which may have broken them).
///
/// # Errors
/// The first entry that cannot be used.
pub fn validate_entries(entries: &Value) -> Result<(), EntriesError> {
    decode(entries).map(|_| ())
}

/// The entries of an object, if it has a list of them.
pub(super) fn of(object: &Value) -> Option<&Value> {
    object.get("metadata")?.get("managedFields").filter(|entries| entries.is_array())
}

/// Whether a list asks to forget all managers: it is empty, or holds one empty entry.
pub(super) fn is_reset(entries: &Value) -> bool {
    match entries.as_array().map(Vec::as_slice) {
        Some([]) => true,
        Some([Value::Object(entry)]) => entry.values().all(|value| value.is_null() || value.as_str() == Some("")),
        _ => false,
    }
}

pub(super) fn decode(entries: &Value) -> Result<Managers, EntriesError> {
    let list = match entries {
        Value::Null => return Ok(Managers::new()),
        Value::Array(list) => list,
        _ => return Err(EntriesError::Malformed(0)),
    };
    let mut managers = Managers::new();
    for (index, entry) in list.iter().enumerate() {
        let text = |key: &str| match entry.get(key) {
            None | Some(Value::Null) => Ok(""),
            Some(Value::String(text)) => Ok(text.as_str()),
            Some(_) => Err(EntriesError::Malformed(index)),
        };
        if !entry.is_object() {
            return Err(EntriesError::Malformed(index));
        }
        let operation = match text("operation")? {
            "Apply" => Operation::Apply,
            "Update" => Operation::Update,
            _ => return Err(EntriesError::Operation),
        };
        let api_version = text("apiVersion")?;
        if api_version.is_empty() {
            return Err(EntriesError::ApiVersion);
        }
        match text("fieldsType")? {
            "FieldsV1" => {}
            "" => return Err(EntriesError::NoFieldsType(index)),
            other => {
                return Err(EntriesError::FieldsType { found: other.to_owned(), index });
            }
        }
        let set = entry.get("fieldsV1").map_or_else(|| Ok(FieldSet::new()), FieldSet::from_fields_v1)?;
        let time = Some(text("time")?).filter(|time| !time.is_empty()).map(str::to_owned);
        // Named as it stands: an empty name is one of its own here.
        let id = ManagerId {
            name: text("manager")?.to_owned(),
            ..ManagerId::new("", operation, api_version, text("subresource")?)
        };
        managers.insert(id, Owned { set, api_version: api_version.to_owned(), time });
    }
    Ok(managers)
}

/// The list as it is stored: appliers first, then by time, name, version and subresource.
pub(super) fn encode(managers: &Managers) -> Vec<Value> {
    let mut order: Vec<_> = managers
        .iter()
        .map(|(id, owned)| (id.operation, owned.seconds(), &id.name, &owned.api_version, &id.subresource, id, owned))
        .collect();
    order.sort_by(|a, b| (a.0, a.1, a.2, a.3, a.4).cmp(&(b.0, b.1, b.2, b.3, b.4)));
    order.into_iter().map(|(.., id, owned)| entry(id, owned)).collect()
}

/// One manager's entry.
pub(super) fn entry(id: &ManagerId, owned: &Owned) -> Value {
    let mut entry = Map::with_capacity(7);
    if !id.name.is_empty() {
        entry.insert("manager", json!(id.name));
    }
    entry.insert("operation", json!(id.operation.as_str()));
    entry.insert("apiVersion", json!(owned.api_version));
    if let Some(time) = &owned.time {
        entry.insert("time", json!(time));
    }
    entry.insert("fieldsType", json!("FieldsV1"));
    entry.insert("fieldsV1", owned.set.to_fields_v1());
    if !id.subresource.is_empty() {
        entry.insert("subresource", json!(id.subresource));
    }
    Value::Object(entry)
}

/// Takes the entries out of an object.
pub(super) fn clear(object: &mut Value) {
    take(object);
}

/// Takes what stands in the place of the entries out of an object.
pub(super) fn take(object: &mut Value) -> Option<Value> {
    object.get_mut("metadata")?.as_object_mut()?.shift_remove("managedFields")
}

/// Writes the entries into an object; none leave no trace.
pub(super) fn store(object: &mut Value, managers: &Managers) {
    if managers.is_empty() { clear(object) } else { put(object, Value::Array(encode(managers))) }
}

/// Writes a list of entries into an object.
pub(super) fn put(object: &mut Value, entries: Value) {
    let Value::Object(fields) = object else { return };
    let metadata = fields.entry("metadata").or_insert_with(|| Value::Object(Map::new()));
    if let Value::Object(metadata) = metadata {
        metadata.insert("managedFields", entries);
    }
}
