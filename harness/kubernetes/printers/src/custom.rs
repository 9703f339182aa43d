//! Columns of custom resources.
//!
//! Each cell is the first value that its JSONPath finds, turned into the column's type; what does not fit is null. A column whose path
//! cannot be read ends the list, as in kube-apiserver.
//! Source: `k8s.io/apiextensions-apiserver/pkg/registry/customresource/tableconvertor`.

use jiff::Timestamp;
use proofmark_json::{Value, json};

use crate::column::{CREATED, Column, NAME, named};
use crate::duration::{human_duration, parse_rfc3339};
use crate::jsonpath::{JsonPath, print};

#[derive(Debug)]
pub(crate) struct CustomColumns {
    columns: Vec<Column>,
    paths: Vec<JsonPath>,
}

impl CustomColumns {
    pub(crate) fn new(definitions: &Value) -> Self {
        let mut columns = vec![named("Name", "string", "name", NAME)];
        let mut paths = Vec::new();
        let age =
            [json!({"name": "Age", "type": "date", "description": CREATED, "jsonPath": ".metadata.creationTimestamp"})];
        let given = definitions.as_array().filter(|list| !list.is_empty());
        for definition in given.map_or(&age[..], Vec::as_slice) {
            let text = |field: &str| definition[field].as_str().unwrap_or_default();
            let Ok(path) = JsonPath::parse(text("jsonPath")) else {
                break;
            };
            let description = match text("description") {
                "" => format!("Custom resource definition column (in JSONPath format): {}", text("jsonPath")),
                given => given.to_owned(),
            };
            let priority = definition["priority"].as_i64().and_then(|p| i32::try_from(p).ok()).unwrap_or(0);
            columns.push(Column { priority, ..named(text("name"), text("type"), text("format"), &description) });
            paths.push(path);
        }
        Self { columns, paths }
    }

    pub(crate) fn columns(&self) -> &[Column] {
        &self.columns
    }

    pub(crate) fn row(&self, object: &Value, now: Timestamp) -> Vec<Value> {
        let mut cells = vec![json!(object["metadata"]["name"].as_str().unwrap_or_default())];
        for (column, path) in self.columns.iter().skip(1).zip(&self.paths) {
            let found = path.find(object).ok().and_then(|values| values.into_iter().next());
            cells.push(found.map_or(Value::Null, |value| cell(&column.kind, &value, now)));
        }
        cells
    }
}

fn cell(kind: &str, value: &Value, now: Timestamp) -> Value {
    match (kind, value) {
        ("string", value) => json!(print(value)),
        ("integer", Value::Number(number)) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => json!(whole),
            (None, Some(float)) => json!(truncated(float)),
            (None, None) => Value::Null,
        },
        ("number", Value::Number(number)) => match number.as_f64() {
            // Go writes whole floating-point numbers without a fraction.
            Some(float) if float.fract() == 0.0 && float.abs() < 1e15 => json!(float as i64),
            Some(float) => json!(float),
            None => Value::Null,
        },
        ("boolean", Value::Bool(_)) => value.clone(),
        ("date", Value::String(text)) => json!(date(text, now)),
        _ => Value::Null,
    }
}

/// Cut towards zero; what is out of range becomes the smallest integer, as on kube-apiserver's processors.
fn truncated(float: f64) -> i64 {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    if (-LIMIT..LIMIT).contains(&float) { float as i64 } else { i64::MIN }
}

fn date(text: &str, now: Timestamp) -> String {
    match (text, parse_rfc3339(text)) {
        ("" | "null", _) => "<unknown>".to_owned(),
        (_, Some(then)) => human_duration(now.duration_since(then)),
        (_, None) => "<invalid>".to_owned(),
    }
}
