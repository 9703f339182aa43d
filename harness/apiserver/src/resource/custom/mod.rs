//! What a CustomResourceDefinition says of its resource.
//!
//! - [`CustomVersion`]: all that matters for requests to one served version.
//! - [`Shape`]: what the objects of a version look like, and how they get that form.
//! - [`Family`]: the versions together: which of them is stored, and how an object of one becomes an object of another.
//! - [`Conversion`]: the way between two versions.

mod conversion;
mod family;
mod shape;

use std::sync::Arc;

use proofmark_json::Value;
use proofmark_schema::{Rules, Schema, Verdict, rules_not_checked, stops_rules};
use proofmark_status::FieldError;

pub(crate) use conversion::{Conversion, ConversionError};
pub(crate) use family::Family;
pub(crate) use shape::{Shape, list_meta, object_meta};

/// One version of a custom resource.
#[derive(Debug)]
pub(crate) struct CustomVersion {
    /// What its objects look like.
    pub(crate) shape: Arc<Shape>,
    /// All versions of the resource.
    pub(crate) family: Arc<Family>,
    /// Its CEL rules; none if it has none.
    pub(crate) rules: Option<Rules>,
    /// Whether status is a subresource.
    pub(crate) status: bool,
    /// The scale subresource's paths.
    pub(crate) scale: Option<ScalePaths>,
    /// `additionalPrinterColumns`.
    pub(crate) columns: Vec<Value>,
    /// `selectableFields`: labels and JSON pointers.
    pub(crate) selectable: Vec<(String, String)>,
    /// Whether the definition is being deleted: nothing can be created.
    pub(crate) terminating: bool,
    /// What every request of a deprecated version is warned of.
    pub(crate) deprecated: Option<String>,
}

/// Where the scale subresource finds its numbers (JSON paths as the CRD gives them).
#[derive(Debug, Clone)]
pub(crate) struct ScalePaths {
    pub(crate) spec: String,
    pub(crate) status: String,
    pub(crate) selector: Option<String>,
}

impl CustomVersion {
    /// The schema of its objects.
    pub(crate) fn schema(&self) -> Option<&Schema> {
        self.shape.schema.as_ref()
    }

    /// Brings an object that a client sent into the form of the version that it says it has. Returns the complaints about unknown
    /// fields; the error is Go's text. Objects of another kind are left as they are: validation refuses them.
    pub(crate) fn decode(&self, group: &str, kind: &str, object: &mut Value) -> Result<Vec<String>, String> {
        let text = |field: &str| object.get(field).and_then(Value::as_str).unwrap_or_default();
        let own_group = text("apiVersion").rsplit_once('/').is_some_and(|(given, _)| given == group);
        if !own_group || text("kind") != kind {
            return shape::decode_foreign(object).map(|_| Vec::new());
        }
        match self.family.shapes.get(text("apiVersion")) {
            Some(shape) => shape.decode(object),
            None => shape::decode_unknown(object),
        }
    }

    /// Complaints about an object, or about the new state of one.
    pub(crate) fn validate(&self, new: &Value, old: Option<&Value>) -> Verdict {
        let mut errors = match (self.schema(), old) {
            (None, _) => Vec::new(),
            (Some(schema), None) => schema.validate(new, ""),
            (Some(schema), Some(old)) => schema.validate_update(new, old, ""),
        };
        errors.extend(self.validate_scale(new, true));
        self.with_rules(errors, new, old)
    }

    /// Complaints about a new status: of the schema only the status is looked at, rules are those of the whole object.
    pub(crate) fn validate_status(&self, new: &Value, old: &Value) -> Verdict {
        let schema = self.schema().and_then(|s| s.properties.get("status"));
        let mut errors = match (schema, new.get("status")) {
            (Some(schema), Some(status)) => {
                schema.validate_update(status, old.get("status").unwrap_or(&Value::Null), "status")
            }
            _ => Vec::new(),
        };
        errors.extend(self.validate_scale(new, false));
        self.with_rules(errors, new, Some(old))
    }

    /// Complaints about what the scale subresource shows of an object.
    fn validate_scale(&self, object: &Value, with_spec: bool) -> Vec<FieldError> {
        let Some(paths) = &self.scale else { return Vec::new() };
        let paths = proofmark_schema::ScalePaths {
            spec_replicas: with_spec.then_some(paths.spec.as_str()),
            status_replicas: &paths.status,
            label_selector: paths.selector.as_deref(),
        };
        proofmark_schema::validate_scale(object, paths)
    }

    /// What CEL rules add to the complaints, unless those keep them from being evaluated.
    fn with_rules(&self, mut errors: Vec<FieldError>, new: &Value, old: Option<&Value>) -> Verdict {
        let Some((schema, rules)) = self.schema().zip(self.rules.as_ref()) else {
            return Verdict { errors, ..Verdict::default() };
        };
        if stops_rules(&errors) {
            errors.push(rules_not_checked());
            return Verdict { errors, ..Verdict::default() };
        }
        let verdict = match old {
            None => rules.validate(new, ""),
            Some(old) => rules.validate_update(schema, new, old, ""),
        };
        errors.extend(verdict.errors);
        Verdict { errors, ..verdict }
    }
}
