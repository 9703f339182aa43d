//! Assembling a Table.

use jiff::Timestamp;
use proofmark_json::{Map, Value, json};

use crate::partial::partial_object_metadata;
use crate::printer::Printer;

/// How much of each object a row carries (`?includeObject=`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum IncludeObject {
    /// Its metadata, as `PartialObjectMetadata`.
    #[default]
    Metadata,
    /// Nothing: `object` is null.
    None,
    /// All of it.
    Object,
}

impl IncludeObject {
    /// Reads the query parameter; absent or empty means [`IncludeObject::Metadata`].
    ///
    /// # Errors
    /// The message of the 400 that the server answers to anything else.
    pub fn parse(parameter: Option<&str>) -> Result<Self, String> {
        match parameter.unwrap_or_default() {
            "" | "Metadata" => Ok(Self::Metadata),
            "None" => Ok(Self::None),
            "Object" => Ok(Self::Object),
            other => Err(format!(
                "Unable to convert to Table as requested: includeObject: Invalid value: {other:?}: \
                 must be 'Metadata', 'Object', 'None', or empty"
            )),
        }
    }
}

/// How a Table is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TableOptions<'a> {
    /// What rows carry of their objects.
    pub include: IncludeObject,
    /// Whether the column definitions are sent: a watch sends them with its first event only.
    pub headers: bool,
    /// The version of `meta.k8s.io` asked for: `v1` or `v1beta1`.
    pub version: &'a str,
}

impl Default for TableOptions<'_> {
    fn default() -> Self {
        Self { include: IncludeObject::Metadata, headers: true, version: "v1" }
    }
}

/// The Table of an answer as it would be sent otherwise: of a list when it has `items`, or else of a single object.
pub fn table(printer: &Printer, answer: &Value, options: TableOptions<'_>, now: Timestamp) -> Value {
    match answer.get("items") {
        Some(Value::Array(items)) => list_table(printer, &answer["metadata"], items, options, now),
        Some(Value::Null) => list_table(printer, &answer["metadata"], [], options, now),
        _ => assemble(printer, &answer["metadata"], &["resourceVersion"], [answer], options, now),
    }
}

/// The Table of a list with these ListMeta and objects.
///
/// An empty list has `rows: []`, and `rows: null` when its kind has no columns of its own, as in kube-apiserver.
pub fn list_table<'a>(
    printer: &Printer,
    metadata: &Value,
    objects: impl IntoIterator<Item = &'a Value>,
    options: TableOptions<'_>,
    now: Timestamp,
) -> Value {
    assemble(printer, metadata, &["resourceVersion", "continue", "remainingItemCount"], objects, options, now)
}

fn assemble<'a>(
    printer: &Printer,
    given: &Value,
    wanted: &[&str],
    objects: impl IntoIterator<Item = &'a Value>,
    options: TableOptions<'_>,
    now: Timestamp,
) -> Value {
    let present = |field: &&str| {
        let value = given.get(*field).filter(|value| !value.is_null() && value.as_str() != Some(""));
        value.map(|value| ((*field).to_owned(), value.clone()))
    };
    let metadata: Map = wanted.iter().filter_map(present).collect();
    let rows: Vec<Value> = objects.into_iter().map(|object| row(printer, object, options, now)).collect();
    let rows = if rows.is_empty() && !printer.has_own_columns() { Value::Null } else { Value::Array(rows) };
    json!({
        "kind": "Table",
        "apiVersion": format!("meta.k8s.io/{}", options.version),
        "metadata": metadata,
        "columnDefinitions": options.headers.then(|| printer.columns()),
        "rows": rows,
    })
}

fn row(printer: &Printer, object: &Value, options: TableOptions<'_>, now: Timestamp) -> Value {
    let row = printer.row(object, now);
    let mut out = Map::from_iter([("cells".to_owned(), Value::Array(row.cells))]);
    if !row.conditions.is_empty() {
        out.insert("conditions", Value::Array(row.conditions));
    }
    let object = match options.include {
        IncludeObject::None => Value::Null,
        IncludeObject::Object => object.clone(),
        IncludeObject::Metadata => partial_object_metadata(object, options.version),
    };
    out.insert("object", object);
    Value::Object(out)
}
