//! `openAPIV3Schema` as it was written: what is not supported at all, node by node.

use proofmark_json::Value;
use proofmark_status::FieldError;

use super::definition::{flag, list, object, text};
use super::options::Options;
use super::survey::{Props, is_given};
use super::{costs, defaults, go, keywords, rules, structural};
use crate::path::{child, entry, item};
use crate::schema::Schema;

/// Fields that may stand at the root when status is a subresource, since its schema is cut out of the whole.
const AT_ROOT: [&str; 22] = [
    "Description",
    "Type",
    "Format",
    "Title",
    "Maximum",
    "ExclusiveMaximum",
    "Minimum",
    "ExclusiveMinimum",
    "MaxLength",
    "MinLength",
    "Pattern",
    "MaxItems",
    "MinItems",
    "UniqueItems",
    "MultipleOf",
    "Required",
    "Items",
    "Properties",
    "ExternalDocs",
    "Example",
    "XPreserveUnknownFields",
    "XValidations",
];

/// The types of OpenAPI v3.
pub(super) const TYPES: [&str; 6] = ["array", "boolean", "integer", "number", "object", "string"];

/// Everything wrong with the schema that `schema` or `validation` holds.
/// `version` is the one that has it, or the first of those that share it.
pub(super) fn validate_root(
    holder: Option<&Props>,
    version: &str,
    has_status: bool,
    options: &Options,
    at: &str,
) -> Vec<FieldError> {
    let Some(props) = holder.and_then(|h| object(h, "openAPIV3Schema")) else {
        return Vec::new();
    };
    let at = child(at, "openAPIV3Schema");
    let mut errors = Vec::new();
    if has_status {
        errors.extend(root_with_status(props, &at));
    }
    if flag(props, "nullable") {
        errors.push(FieldError::forbidden(child(&at, "nullable"), "nullable cannot be true at the root"));
    }
    // Said only when nothing else explains it.
    let mut unparsed = None;
    let mut with_rules = None;
    if options.require_structural {
        match Schema::parse_props(props) {
            Err(why) => unparsed = Some(FieldError::invalid(&at, "", why.to_string())),
            Ok(schema) => {
                let mut complaints = structural::validate(&schema, &at);
                if complaints.is_empty() {
                    complaints = defaults::validate(&schema, &at, options.require_pruned_defaults);
                }
                with_rules = complaints.is_empty().then_some(schema);
                errors.extend(complaints);
            }
        }
    }
    let place = Place { options, at, is_root: true, inside_meta: false, no_defaults: None };
    errors.extend(place.validate(props));
    if let Some(schema) = with_rules {
        let is_unchanged = options.unchanged.iter().any(|unchanged| unchanged == version);
        let of_rules = costs::validate(&schema, &place.at, &errors, is_unchanged);
        errors.extend(of_rules);
    }
    if errors.is_empty() {
        errors.extend(unparsed);
    }
    errors
}

fn root_with_status(props: &Props, at: &str) -> Option<FieldError> {
    for (go_name, key, kind) in go::PROPS {
        if !go::is_set(props, key, kind) {
            continue;
        }
        if go_name == "Type" {
            if text(props, "type") != "object" {
                let detail = r#"only "object" is allowed as the type at the root of the schema if the status subresource is enabled"#;
                return Some(FieldError::invalid(child(at, "type"), text(props, "type"), detail));
            }
        } else if !AT_ROOT.contains(&go_name) {
            let allowed = go::words(&AT_ROOT);
            let detail = format!(
                "only {allowed} fields are allowed at the root of the schema if the status subresource is enabled"
            );
            return Some(FieldError::invalid(at, go::schema(props), detail));
        }
    }
    None
}

/// Where a schema stands.
#[derive(Clone)]
struct Place<'a> {
    options: &'a Options,
    at: String,
    is_root: bool,
    /// Within `apiVersion`, `kind` or `metadata` of a resource.
    inside_meta: bool,
    /// Why no defaults may be set here.
    no_defaults: Option<String>,
}

impl Place<'_> {
    fn at(&self, at: String) -> Self {
        Self { at, is_root: false, ..self.clone() }
    }

    fn validate(&self, props: &Props) -> Vec<FieldError> {
        let mut errors = self.supported(props);
        let at = |key: &str| child(&self.at, key);
        if flag(props, "uniqueItems") {
            let detail = "uniqueItems cannot be set to true since the runtime complexity becomes quadratic";
            errors.push(FieldError::forbidden(at("uniqueItems"), detail));
        }
        errors.extend(self.additional(props));
        for (name, property) in props.get("properties").and_then(Value::as_object).into_iter().flatten() {
            let mut below = self.at(entry(&at("properties"), name));
            let meta = matches!(name.as_str(), "metadata" | "kind" | "apiVersion");
            if meta && (self.is_root || flag(props, "x-kubernetes-embedded-resource")) {
                below.inside_meta = true;
                if self.is_root {
                    below.no_defaults = Some(format!(" in top-level {name}"));
                }
            }
            errors.extend(below.validate_value(property));
        }
        errors.extend(self.at(at("not")).validate_value(props.get("not").unwrap_or(&Value::Null)));
        for key in ["allOf", "oneOf", "anyOf"] {
            for (i, part) in list(props, key).iter().enumerate() {
                errors.extend(self.at(item(&at(key), i)).validate_value(part));
            }
        }
        for (name, part) in object(props, "definitions").into_iter().flatten() {
            errors.extend(self.at(entry(&at("definitions"), name)).validate_value(part));
        }
        match props.get("items") {
            Some(Value::Array(all)) => {
                for (i, part) in all.iter().enumerate() {
                    errors.extend(self.at(item(&at("items"), i)).validate_value(part));
                }
            }
            Some(each) => errors.extend(self.at(at("items")).validate_value(each)),
            None => {}
        }
        for (name, part) in object(props, "dependencies").into_iter().flatten() {
            errors.extend(self.at(entry(&at("dependencies"), name)).validate_value(part));
        }
        if props.get("x-kubernetes-preserve-unknown-fields") == Some(&Value::Bool(false)) {
            errors.push(FieldError::invalid(
                at("x-kubernetes-preserve-unknown-fields"),
                false,
                "must be true or undefined",
            ));
        }
        errors.extend(keywords::map_type(props, &self.at));
        errors.extend(keywords::list_type(props, &self.at, self.options.require_atomic_sets));
        if self.options.require_map_keys {
            errors.extend(keywords::map_keys(props, &self.at));
        }
        errors.extend(rules::validate(props, &self.at));
        errors
    }

    fn validate_value(&self, props: &Value) -> Vec<FieldError> {
        props.as_object().map(|props| self.validate(props)).unwrap_or_default()
    }

    /// Keywords and types that are not supported.
    fn supported(&self, props: &Props) -> Vec<FieldError> {
        let at = |key: &str| child(&self.at, key);
        let mut errors = Vec::new();
        let ty = text(props, "type");
        if self.options.require_types && !ty.is_empty() && !TYPES.contains(&ty) {
            errors.push(FieldError::not_supported(at("type"), ty, &TYPES));
        }
        if let Some(reason) = self.no_defaults.as_ref().filter(|_| is_given(props, "default")) {
            errors.push(FieldError::forbidden(at("default"), format!("must not be set{reason}")));
        }
        let filled = |key: &str| object(props, key).is_some_and(|o| !o.is_empty());
        let unsupported = [
            ("id", !text(props, "id").is_empty()),
            ("additionalItems", is_given(props, "additionalItems")),
            ("patternProperties", filled("patternProperties")),
            ("definitions", filled("definitions")),
            ("dependencies", is_given(props, "dependencies")),
            ("$ref", is_given(props, "$ref")),
        ];
        for (key, _) in unsupported.into_iter().filter(|(_, set)| *set) {
            errors.push(FieldError::forbidden(at(key), format!("{key} is not supported")));
        }
        if ty == "null" {
            errors
                .push(FieldError::forbidden(at("type"), "type cannot be set to null, use nullable as an alternative"));
        }
        if !list(props, "items").is_empty() {
            errors.push(FieldError::forbidden(at("items"), "items must be a schema object and not an array"));
        }
        if self.inside_meta && flag(props, "x-kubernetes-embedded-resource") {
            errors.push(FieldError::forbidden(
                at("x-kubernetes-embedded-resource"),
                "must not be used inside of resource meta",
            ));
        }
        errors
    }

    fn additional(&self, props: &Props) -> Vec<FieldError> {
        let at = child(&self.at, "additionalProperties");
        let Some(additional) = props.get("additionalProperties").filter(|a| !a.is_null()) else {
            return Vec::new();
        };
        let mut errors = Vec::new();
        let has_properties = object(props, "properties").is_some_and(|p| !p.is_empty());
        if has_properties && *additional != Value::Bool(true) {
            errors.push(FieldError::forbidden(&at, "additionalProperties and properties are mutual exclusive"));
        }
        let mut below = self.at(at);
        if self.inside_meta {
            below.no_defaults = Some(" inside additionalProperties applying to object metadata".to_owned());
        }
        errors.extend(below.validate_value(additional));
        errors
    }
}
