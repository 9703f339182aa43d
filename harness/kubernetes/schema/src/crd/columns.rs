//! `additionalPrinterColumns`.

use proofmark_json::Value;
use proofmark_status::FieldError;

use super::definition::text;
use crate::path::item;

const TYPES: &str = "must be one of boolean,date,integer,number,string";
const FORMATS: [&str; 8] = ["byte", "date", "date-time", "double", "float", "int32", "int64", "password"];

/// Everything wrong with a list of columns.
pub(super) fn validate(columns: &[Value], at: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for (i, column) in columns.iter().enumerate() {
        let Some(column) = column.as_object() else { continue };
        let at = item(at, i);
        if text(column, "name").is_empty() {
            errors.push(FieldError::required(format!("{at}.name"), ""));
        }
        match text(column, "type") {
            "" => errors.push(FieldError::required(format!("{at}.type"), TYPES)),
            "boolean" | "date" | "integer" | "number" | "string" => {}
            other => errors.push(FieldError::invalid(format!("{at}.type"), other, TYPES)),
        }
        let format = text(column, "format");
        if !format.is_empty() && !FORMATS.contains(&format) {
            errors.push(FieldError::invalid(
                format!("{at}.format"),
                format,
                format!("must be one of {}", FORMATS.join(",")),
            ));
        }
        let path = text(column, "jsonPath");
        let at = format!("{at}.JSONPath");
        errors.extend(if path.is_empty() { Some(FieldError::required(at, "")) } else { simple_path(path, at) });
    }
    errors
}

/// A path that is not empty must begin with a dot.
pub(super) fn simple_path(path: &str, at: String) -> Option<FieldError> {
    (!path.starts_with('.')).then(|| FieldError::invalid(at, path, "must be a simple json path starting with ."))
}
