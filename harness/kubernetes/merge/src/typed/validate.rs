//! Whether a value fits its type closely enough to be merged.

use std::collections::BTreeSet;

use proofmark_json::Value;
use proofmark_types::{ListKind, Scalar};

use super::shape::{ListShape, ObjectShape, Shape, Typed};
use crate::fieldset::PathElement;
use crate::value;

/// Whether an associative list may name the same item twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duplicates {
    /// As in stored objects.
    Allowed,
    /// As in applied configurations.
    Refused,
}

/// Why a value does not fit: one `path: reason` for each place, worded as structured-merge-diff words it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypeErrors(pub Vec<String>);

impl std::fmt::Display for TypeErrors {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0.as_slice() {
            [one] => f.write_str(one),
            many => {
                f.write_str("errors:")?;
                many.iter().try_for_each(|error| write!(f, "\n  {error}"))
            }
        }
    }
}

impl std::error::Error for TypeErrors {}

impl Typed<'_> {
    /// Checks a value against the type: declared fields, kinds of values, keys of list items.
    ///
    /// # Errors
    /// Every place that does not fit.
    pub fn validate(self, value: &Value, duplicates: Duplicates) -> Result<(), TypeErrors> {
        let mut walk = Walk { duplicates, errors: Vec::new() };
        walk.value(self, value);
        if walk.errors.is_empty() {
            return Ok(());
        }
        let text = |(at, why): (String, String)| if at.is_empty() { why } else { format!("{at}: {why}") };
        Err(TypeErrors(walk.errors.into_iter().map(text).collect()))
    }
}

impl Typed<'_> {
    /// The same as [`Typed::validate`] where another value of the type has passed: what both have in common is not looked at again.
    ///
    /// # Errors
    /// Every place that does not fit.
    pub fn validate_beside(self, value: &Value, valid: &Value, duplicates: Duplicates) -> Result<(), TypeErrors> {
        if fits_beside(self, value, valid, duplicates) { Ok(()) } else { self.validate(value, duplicates) }
    }
}

/// Whether all in which a value differs from one that fits does fit.
fn fits_beside(ty: Typed<'_>, value: &Value, valid: &Value, duplicates: Duplicates) -> bool {
    if value::equal(value, valid) {
        return true;
    }
    match (ty.shape(Some(value)), value, valid) {
        (Shape::Object(object), Value::Object(fields), Value::Object(others)) => {
            fields.iter().all(|(key, value)| match (object.child(key), others.get(key)) {
                (Some(ty), Some(other)) => fits_beside(ty, value, other, duplicates),
                (Some(ty), None) => ty.validate(value, duplicates).is_ok(),
                (None, _) => false,
            })
        }
        _ => ty.validate(value, duplicates).is_ok(),
    }
}

/// Collects errors on the way up: what fits costs nothing.
struct Walk {
    duplicates: Duplicates,
    /// Paths from the node at hand, and reasons.
    errors: Vec<(String, String)>,
}

impl Walk {
    fn fail(&mut self, why: impl Into<String>) {
        self.errors.push((String::new(), why.into()));
    }

    fn value(&mut self, ty: Typed<'_>, value: &Value) {
        match (ty.shape(Some(value)), value) {
            (_, Value::Null) => {}
            (Shape::Scalar(scalar), value) => {
                self.errors.extend(scalar_mismatch(scalar, value).map(|why| (String::new(), why)))
            }
            (Shape::List(list), Value::Array(items)) => self.list(list, items),
            (Shape::List(_), other) => self.fail(format!("expected list, got {}", boxed(other))),
            (Shape::Object(object), Value::Object(fields)) => self.object(object, fields),
            (Shape::Object(_), other) => self.fail(format!("expected map, got {}", boxed(other))),
        }
    }

    /// Checks what lies below, and puts the element before the paths of its errors.
    fn below(&mut self, ty: Option<Typed<'_>>, value: &Value, element: impl FnOnce() -> PathElement) {
        let before = self.errors.len();
        match ty {
            Some(ty) => self.value(ty, value),
            None => self.fail("field not declared in schema"),
        }
        if let Some(errors) = self.errors.get_mut(before..).filter(|errors| !errors.is_empty()) {
            let element = element().to_string();
            errors.iter_mut().for_each(|(at, _)| at.insert_str(0, &element));
        }
    }

    fn object(&mut self, object: ObjectShape<'_>, fields: &proofmark_json::Map) {
        for (key, value) in fields {
            let ty = object.child(key);
            self.below(ty, value, || PathElement::field(key.clone()));
            if ty.is_none() {
                return; // the first undeclared field ends the walk of its object
            }
        }
    }

    fn list(&mut self, list: ListShape<'_>, items: &[Value]) {
        let Some(ty) = list.item else { return };
        let mut seen = BTreeSet::new();
        for (index, item) in items.iter().enumerate() {
            if *list.kind == ListKind::Atomic {
                self.below(Some(ty), item, || PathElement::Index(i64::try_from(index).unwrap_or(i64::MAX)));
                continue;
            }
            if let Err(why) = list.check_name(item) {
                return self.fail(format!("element {index}: {why}"));
            }
            if self.duplicates == Duplicates::Refused
                && let Ok(element) = list.element(item)
                && !seen.insert(element.clone())
            {
                self.fail(format!("duplicate entries for key {element}"));
            }
            self.below(Some(ty), item, || list.element(item).unwrap_or(PathElement::Index(0)));
        }
    }
}

fn scalar_mismatch(scalar: Option<Scalar>, value: &Value) -> Option<String> {
    match scalar {
        Some(Scalar::Int32 | Scalar::Int64 | Scalar::Uint32 | Scalar::Float) => {
            (!value.is_number()).then(|| format!("expected numeric (int or float), got {}", value::go_type(value)))
        }
        Some(Scalar::String | Scalar::Bytes | Scalar::Duration) => (!value.is_string())
            .then(|| format!("expected string, got &value.valueUnstructured{{Value:{}}}", value::go_syntax(value))),
        Some(Scalar::Bool) => (!value.is_boolean()).then(|| format!("expected boolean, got {}", boxed(value))),
        // Of these the published schema says nothing, so everything goes.
        Some(Scalar::IntOrString) => None,
        Some(Scalar::Quantity | Scalar::Time | Scalar::MicroTime) | None => {
            (value.is_array() || value.is_object()).then(|| format!("expected any scalar, got {}", boxed(value)))
        }
    }
}

/// How Go prints the wrapper around a value.
fn boxed(value: &Value) -> String {
    format!("&{{{}}}", value::plain(value))
}
