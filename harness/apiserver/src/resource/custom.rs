//! What a CustomResourceDefinition says of one version of its resource.

use proofmark_schema::{Rules, Schema, Verdict, rules_not_checked, stops_rules};
use proofmark_status::FieldError;
use proofmark_types::{Field, Patch, Scalar, Struct, Type, TypeGraph, TypeId};
use serde_json::Value;

/// One version of a custom resource.
#[derive(Debug)]
pub(crate) struct CustomVersion {
    /// The schema; none for versions without one (they keep everything).
    pub(crate) schema: Option<Schema>,
    /// Its CEL rules; none if it has none.
    pub(crate) rules: Option<Rules>,
    /// Its types, for structured merge.
    pub(crate) types: TypeGraph,
    /// The type of whole objects.
    pub(crate) root: TypeId,
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

/// The types of objects without a schema: metadata is known, everything else is arbitrary.
pub(crate) fn schemaless(types: &mut TypeGraph, metadata: TypeId) -> TypeId {
    let any = types.add(Type::Any);
    let text = types.add(Type::Scalar(Scalar::String));
    let field = |ty| Field { ty, number: None, always: false, pointer: false, default: None, patch: Patch::default() };
    let fields = [("apiVersion", text), ("kind", text), ("metadata", metadata)];
    types.add(Type::Struct(Struct {
        fields: fields.into_iter().map(|(name, ty)| (name.to_owned(), field(ty))).collect(),
        rest: Some(any),
        ..Struct::default()
    }))
}

impl CustomVersion {
    /// Gives a decoded object the shape that the schema knows: metadata checked, unknown fields dropped, defaults set, numbers
    /// and members as Go writes them. Returns the complaints about unknown fields; the error is Go's text about metadata that
    /// is none.
    pub(crate) fn admit_shape(&self, object: &mut Value) -> Result<Vec<String>, String> {
        *object = proofmark_builtin::decode::untyped(std::mem::take(object));
        let mut complaints = self.metadata(object)?;
        if let Some(schema) = &self.schema {
            let mut unknown = schema.prune(object);
            unknown.extend(schema.coerce(object, false).map_err(|e| e.to_string())?);
            complaints
                .extend(unknown.into_iter().map(|path| format!("unknown field {}", proofmark_status::quote(&path))));
            schema.default(object);
        }
        crate::value::sort(object);
        Ok(complaints)
    }

    /// The same for what an apply made: its fields are known to be of the schema, and its nulls stay for validation to see.
    pub(crate) fn admit_applied(&self, object: &mut Value) -> Result<(), String> {
        *object = proofmark_builtin::decode::untyped(std::mem::take(object));
        self.metadata(object)?;
        if let Some(schema) = &self.schema {
            schema.default(object);
        }
        crate::value::sort(object);
        Ok(())
    }

    /// `metadata` as ObjectMeta: canonical, or Go's complaint.
    fn metadata(&self, object: &mut Value) -> Result<Vec<String>, String> {
        let Some(meta) = object.get("metadata").filter(|m| !m.is_null()) else {
            return Ok(Vec::new());
        };
        let Some(ty) = object_meta() else { return Ok(Vec::new()) };
        let decoded = proofmark_builtin::decode::decode(meta, ty, true).map_err(|e| e.to_string())?;
        let complaints =
            decoded.unknown.iter().map(|u| u.replacen("unknown field \"", "unknown field \"metadata.", 1)).collect();
        let mut meta = decoded.value;
        if let Some(members) = meta.as_object_mut() {
            members.retain(|_, v| !v.is_null());
        }
        object["metadata"] = meta;
        Ok(complaints)
    }

    /// Complaints about an object, or about the new state of one.
    pub(crate) fn validate(&self, new: &Value, old: Option<&Value>) -> Verdict {
        let mut errors = match (&self.schema, old) {
            (None, _) => Vec::new(),
            (Some(schema), None) => schema.validate(new, ""),
            (Some(schema), Some(old)) => schema.validate_update(new, old, ""),
        };
        errors.extend(self.validate_scale(new, true));
        self.with_rules(errors, new, old)
    }

    /// Complaints about a new status: of the schema only the status is looked at, rules are those of the whole object.
    pub(crate) fn validate_status(&self, new: &Value, old: &Value) -> Verdict {
        let schema = self.schema.as_ref().and_then(|s| s.properties.get("status"));
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
        let Some((schema, rules)) = self.schema.as_ref().zip(self.rules.as_ref()) else {
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

/// The built-in type of `metadata`.
pub(crate) fn object_meta() -> Option<TypeId> {
    let id = proofmark_builtin::type_of("", "v1", "ConfigMap")?;
    match proofmark_builtin::types().get(id) {
        Type::Struct(config_map) => config_map.fields.get("metadata").map(|f| f.ty),
        _ => None,
    }
}
