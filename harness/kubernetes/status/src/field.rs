//! One complaint about one field, worded as `field.Error`.

use proofmark_json::Value;

use crate::{float, quote};

/// What is wrong with a field (`field.ErrorType`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FieldErrorKind {
    /// A required value is missing.
    Required,
    /// Two entries that must differ are alike.
    Duplicate,
    /// The value is malformed.
    Invalid,
    /// The value is not one of the supported ones.
    NotSupported,
    /// The value is not permitted under current conditions.
    Forbidden,
    /// A string is too long.
    TooLong,
    /// A list or map has too many entries.
    TooMany,
    /// What the field refers to does not exist.
    NotFound,
    /// Validation itself failed.
    Internal,
    /// The value has another type than the schema says.
    TypeInvalid,
}

impl FieldErrorKind {
    /// The machine-readable name, as in `details.causes[].reason`.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Required => "FieldValueRequired",
            Self::Duplicate => "FieldValueDuplicate",
            Self::Invalid => "FieldValueInvalid",
            Self::NotSupported => "FieldValueNotSupported",
            Self::Forbidden => "FieldValueForbidden",
            Self::TooLong => "FieldValueTooLong",
            Self::TooMany => "FieldValueTooMany",
            Self::NotFound => "FieldValueNotFound",
            Self::Internal => "InternalError",
            Self::TypeInvalid => "FieldValueTypeInvalid",
        }
    }

    /// The words before the bad value.
    fn words(self) -> &'static str {
        match self {
            Self::Required => "Required value",
            Self::Duplicate => "Duplicate value",
            Self::Invalid | Self::TypeInvalid => "Invalid value",
            Self::NotSupported => "Unsupported value",
            Self::Forbidden => "Forbidden",
            Self::TooLong => "Too long",
            Self::TooMany => "Too many",
            Self::NotFound => "Not found",
            Self::Internal => "Internal error",
        }
    }
}

/// One complaint about one field: `spec.replicas: Invalid value: -1: must be greater than or equal to 0`.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldError {
    /// What is wrong.
    pub kind: FieldErrorKind,
    /// The field's path, as `spec.containers[0].name`; `<nil>` where Kubernetes has no path.
    pub field: String,
    /// The offending value; printed as Go would (strings quoted, objects as JSON). Not every kind prints it.
    pub value: Value,
    /// The explanation behind the value; may be empty.
    pub detail: String,
    /// Whether the value is left out of the text.
    hides_value: bool,
}

impl FieldError {
    /// A complaint of any kind.
    pub fn new(kind: FieldErrorKind, field: impl Into<String>, value: Value, detail: impl Into<String>) -> Self {
        Self { kind, field: field.into(), value, detail: detail.into(), hides_value: false }
    }

    /// The same complaint without its value: `field: Invalid value: detail` (`field.OmitValueType`).
    #[must_use]
    pub fn without_value(self) -> Self {
        Self { hides_value: true, ..self }
    }

    /// `field: Required value[: detail]`
    pub fn required(field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(FieldErrorKind::Required, field, Value::String(String::new()), detail)
    }

    /// `field: Duplicate value: value`
    pub fn duplicate(field: impl Into<String>, value: impl Into<Value>) -> Self {
        Self::new(FieldErrorKind::Duplicate, field, value.into(), "")
    }

    /// `field: Invalid value: value: detail`
    pub fn invalid(field: impl Into<String>, value: impl Into<Value>, detail: impl Into<String>) -> Self {
        Self::new(FieldErrorKind::Invalid, field, value.into(), detail)
    }

    /// The same text as [`FieldError::invalid`], with reason `FieldValueTypeInvalid`.
    pub fn type_invalid(field: impl Into<String>, value: impl Into<Value>, detail: impl Into<String>) -> Self {
        Self::new(FieldErrorKind::TypeInvalid, field, value.into(), detail)
    }

    /// `field: Unsupported value: value: supported values: "a", "b"`
    pub fn not_supported<S: AsRef<str>>(field: impl Into<String>, value: impl Into<Value>, supported: &[S]) -> Self {
        let list: Vec<String> = supported.iter().map(|s| quote(s.as_ref())).collect();
        let detail = if list.is_empty() { String::new() } else { format!("supported values: {}", list.join(", ")) };
        Self::new(FieldErrorKind::NotSupported, field, value.into(), detail)
    }

    /// `field: Forbidden: detail`
    pub fn forbidden(field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(FieldErrorKind::Forbidden, field, Value::String(String::new()), detail)
    }

    /// `field: Too long: may not be more than MAX bytes`
    pub fn too_long(field: impl Into<String>, max: usize) -> Self {
        let bytes = if max == 1 { "byte" } else { "bytes" };
        Self::new(FieldErrorKind::TooLong, field, Value::Null, format!("may not be more than {max} {bytes}"))
    }

    /// `field: Too many: actual: must have at most MAX items`
    pub fn too_many(field: impl Into<String>, actual: usize, max: usize) -> Self {
        let item = if max == 1 { "item" } else { "items" };
        Self::new(FieldErrorKind::TooMany, field, actual.into(), format!("must have at most {max} {item}"))
    }

    /// `field: Not found: value`
    pub fn not_found(field: impl Into<String>, value: impl Into<Value>) -> Self {
        Self::new(FieldErrorKind::NotFound, field, value.into(), "")
    }

    /// `field: Internal error: detail`
    pub fn internal(field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(FieldErrorKind::Internal, field, Value::Null, detail)
    }

    /// The text without the field: what `details.causes[].message` holds.
    pub fn body(&self) -> String {
        let words = self.kind.words();
        let shown = match self.kind {
            FieldErrorKind::Required
            | FieldErrorKind::Forbidden
            | FieldErrorKind::TooLong
            | FieldErrorKind::Internal => words.to_owned(),
            _ if self.hides_value => words.to_owned(),
            _ => format!("{words}: {}", shown(&self.value)),
        };
        if self.detail.is_empty() { shown } else { format!("{shown}: {}", self.detail) }
    }
}

impl std::fmt::Display for FieldError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.field, self.body())
    }
}

/// A value as Go prints it inside a field error: scalars by `%v`, everything else as JSON.
fn shown(value: &Value) -> String {
    match value {
        Value::String(s) => quote(s),
        Value::Number(n) if n.is_f64() => float(n.as_f64().unwrap_or(f64::NAN)),
        Value::Array(_) | Value::Object(_) => {
            value.to_string().replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
        }
        other => other.to_string(),
    }
}

/// Several complaints as one text: one alone stands as it is, more are `[a, b]`; the same text counts once.
pub fn aggregate(errors: &[FieldError]) -> String {
    let mut seen: Vec<String> = Vec::with_capacity(errors.len());
    for error in errors {
        let text = error.to_string();
        if !seen.contains(&text) {
            seen.push(text);
        }
    }
    match seen.as_slice() {
        [one] => one.clone(),
        many => format!("[{}]", many.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use proofmark_json::json;

    use super::*;

    #[test]
    fn words_as_kubernetes_prints_them() {
        let cases = [
            (
                FieldError::required("metadata.name", "name or generateName is required"),
                "metadata.name: Required value: name or generateName is required",
            ),
            (
                FieldError::invalid("spec.x", json!(-1), "must be positive"),
                "spec.x: Invalid value: -1: must be positive",
            ),
            (FieldError::invalid("a", json!({"k": "v"}), "bad"), r#"a: Invalid value: {"k":"v"}: bad"#),
            (
                FieldError::not_supported("kind", "Robot", &["User", "Group"]),
                r#"kind: Unsupported value: "Robot": supported values: "User", "Group""#,
            ),
            (FieldError::duplicate("a[1]", "x"), r#"a[1]: Duplicate value: "x""#),
            (FieldError::invalid("a", json!({}), "bad").without_value(), "a: Invalid value: bad"),
            (FieldError::forbidden("spec", "no"), "spec: Forbidden: no"),
            (FieldError::too_long("a", 63), "a: Too long: may not be more than 63 bytes"),
            (FieldError::too_many("a", 3, 1), "a: Too many: 3: must have at most 1 item"),
        ];
        for (error, want) in cases {
            assert_eq!(error.to_string(), want);
        }
    }

    #[test]
    fn aggregates_without_repeating() {
        let a = FieldError::required("a", "");
        let b = FieldError::required("b", "");
        assert_eq!(aggregate(std::slice::from_ref(&a)), "a: Required value");
        assert_eq!(aggregate(&[a.clone(), b, a]), "[a: Required value, b: Required value]");
    }
}
