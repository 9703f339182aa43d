//! A value and where it stands, for validation that names the field it complains about.

use proofmark_builtin::quantity::Quantity;
use proofmark_json::Value;
use proofmark_status::FieldError;

use crate::defaults::is_zero;

/// Complaints that are being gathered.
pub(crate) type Errors = Vec<FieldError>;

/// What a field that nobody gave holds.
static MISSING: Value = Value::Null;

/// A value and its path (`spec.containers[0].name`). A field that is missing is a node, too: its value is null.
#[derive(Debug, Clone)]
pub(crate) struct Node<'a> {
    pub(crate) value: &'a Value,
    pub(crate) at: String,
}

impl<'a> Node<'a> {
    /// A whole object.
    pub(crate) fn root(value: &'a Value) -> Self {
        Self { value, at: String::new() }
    }

    /// The same path over another value, such as the state before.
    pub(crate) fn over<'b>(&self, value: &'b Value) -> Node<'b> {
        Node { value, at: self.at.clone() }
    }

    /// A field, or a field of a field: `spec.template`.
    pub(crate) fn get(&self, path: &str) -> Self {
        let value = path.split('.').try_fold(self.value, |value, name| value.get(name)).unwrap_or(&MISSING);
        Self { value, at: self.child(path) }
    }

    /// Where a field stands, whether there or not.
    pub(crate) fn child(&self, name: &str) -> String {
        // Every field that is looked at gets a path, and hardly any is ever shown: formatting would cost more than looking.
        let mut at = String::with_capacity(self.at.len() + 1 + name.len());
        if !self.at.is_empty() {
            at.push_str(&self.at);
            at.push('.');
        }
        at.push_str(name);
        at
    }

    /// The items of a list, as `at[i]`.
    pub(crate) fn items(&self) -> impl Iterator<Item = Node<'a>> + use<'a, '_> {
        let items = self.value.as_array().into_iter().flatten().enumerate();
        items.map(|(i, value)| Node { value, at: format!("{}[{i}]", self.at) })
    }

    /// The entries of a map, as `at[key]`.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (&'a str, Node<'a>)> + use<'a, '_> {
        let entries = self.value.as_object().into_iter().flatten();
        entries.map(|(key, value)| (key.as_str(), Node { value, at: format!("{}[{key}]", self.at) }))
    }

    /// Whether the field is there (in Go: a pointer that is not nil).
    pub(crate) fn given(&self) -> bool {
        !self.value.is_null()
    }

    /// Whether the field holds anything but its zero value.
    pub(crate) fn filled(&self) -> bool {
        !is_zero(self.value)
    }

    /// How many items or entries there are.
    pub(crate) fn len(&self) -> usize {
        match self.value {
            Value::Array(items) => items.len(),
            Value::Object(members) => members.len(),
            _ => 0,
        }
    }

    pub(crate) fn text(&self) -> &'a str {
        self.value.as_str().unwrap_or_default()
    }

    pub(crate) fn int(&self) -> Option<i64> {
        self.value.as_i64()
    }

    /// The number; 0 where there is none.
    pub(crate) fn number(&self) -> i64 {
        self.int().unwrap_or(0)
    }

    pub(crate) fn is(&self, text: &str) -> bool {
        self.text() == text
    }

    pub(crate) fn flag(&self) -> Option<bool> {
        self.value.as_bool()
    }

    /// Whether the field is true.
    pub(crate) fn on(&self) -> bool {
        self.flag() == Some(true)
    }

    /// The texts of a list.
    pub(crate) fn texts(&self) -> Vec<&'a str> {
        self.value.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
    }

    pub(crate) fn quantity(&self) -> Option<Quantity> {
        Quantity::parse(self.value.as_str()?).ok()
    }

    pub(crate) fn invalid(&self, why: impl Into<String>) -> FieldError {
        FieldError::invalid(self.at.clone(), self.value.clone(), why)
    }

    pub(crate) fn required(&self, why: &str) -> FieldError {
        FieldError::required(self.at.clone(), why)
    }

    pub(crate) fn forbidden(&self, why: impl Into<String>) -> FieldError {
        FieldError::forbidden(self.at.clone(), why)
    }

    pub(crate) fn duplicate(&self) -> FieldError {
        FieldError::duplicate(self.at.clone(), self.value.clone())
    }

    pub(crate) fn not_found(&self) -> FieldError {
        FieldError::not_found(self.at.clone(), self.text())
    }

    pub(crate) fn not_supported(&self, supported: &[&str]) -> FieldError {
        FieldError::not_supported(self.at.clone(), self.text(), supported)
    }
}
