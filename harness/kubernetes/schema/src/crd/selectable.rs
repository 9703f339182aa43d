//! `selectableFields`.

use proofmark_json::{Map, Value};
use proofmark_status::FieldError;

use super::definition::{Definition, Version, text};
use super::field_path::{self, Arrays};
use super::options::Options;
use crate::path::item;
use crate::schema::{Schema, Type};

/// So many fields may be selectable.
pub(super) const MOST: usize = 8;

/// Fields that all versions share.
pub(super) fn validate_shared(new: &Definition<'_>, options: &Options) -> Vec<FieldError> {
    let (fields, at) = (new.shared.selectable, "spec.selectableFields");
    match new.shared.schema {
        _ if fields.is_empty() => Vec::new(),
        None => vec![FieldError::invalid(at, "", "may only be set when validations.schema is included")],
        Some(_) => {
            validate(fields, new.shared.props(), at, "spec.schema.openAPIV3Schema", options.allow_many_selectable)
        }
    }
}

/// Fields of one version.
pub(super) fn validate_version(version: &Version<'_>, at: &str, options: &Options) -> Vec<FieldError> {
    let (fields, below) = (version.parts.selectable, format!("{at}.selectableFields"));
    match version.parts.props() {
        _ if fields.is_empty() => Vec::new(),
        None => {
            let detail = "may only be set when `version.schema.openAPIV3Schema` is not included";
            vec![FieldError::invalid(below, "", detail)]
        }
        props => {
            validate(fields, props, &below, &format!("{at}.schema.openAPIV3Schema"), options.allow_many_selectable)
        }
    }
}

fn validate(fields: &[Value], props: Option<&Map>, at: &str, schema_at: &str, many: bool) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let schema = match props.map_or_else(|| Ok(Schema::empty()), Schema::parse_props) {
        Ok(schema) => schema,
        Err(why) => {
            errors.push(FieldError::invalid(schema_at, "", why.to_string()));
            return errors;
        }
    };
    let mut seen: Vec<String> = Vec::new();
    for (i, field) in fields.iter().enumerate() {
        let at = format!("{}.jsonPath", item(at, i));
        let path = field.as_object().map(|f| text(f, "jsonPath")).unwrap_or_default();
        if path.is_empty() {
            errors.push(FieldError::required(at, ""));
            continue;
        }
        let found = match field_path::find(path, &schema, Arrays::Refused) {
            Ok(found) => found,
            Err(why) => {
                errors.push(FieldError::invalid(at, path, format!("is an invalid path: {why}")));
                continue;
            }
        };
        if found.root == "metadata" {
            errors.push(FieldError::invalid(&at, path, "must not point to fields in metadata"));
        }
        if !matches!(found.schema.and_then(|s| s.ty.as_ref()), Some(Type::String | Type::Boolean | Type::Integer)) {
            let detail = "must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.";
            errors.push(FieldError::invalid(&at, path, detail));
        }
        if seen.contains(&found.path) {
            errors.push(FieldError::duplicate(at, path));
        } else {
            seen.push(found.path);
        }
    }
    if seen.len() > MOST && !many {
        errors.push(FieldError::too_many(at, seen.len(), MOST));
    }
    errors
}
