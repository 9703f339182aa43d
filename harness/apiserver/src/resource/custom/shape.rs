//! What the objects of one version look like, and how they are brought into that form.
//!
//! Source: `unstructuredSchemaCoercer` and `unstructuredDefaulter` of `k8s.io/apiextensions-apiserver/pkg/apiserver`, release 1.35.

use proofmark_json::Value;
use proofmark_schema::Schema;
use proofmark_types::{Field, Patch, Scalar, Struct, Type, TypeGraph, TypeId};

/// The form of the objects of one version, served or not.
#[derive(Debug)]
pub(crate) struct Shape {
    /// The schema; none for versions without one (they keep everything).
    pub(crate) schema: Option<Schema>,
    /// Its types, for structured merge.
    pub(crate) types: TypeGraph,
    /// The type of whole objects.
    pub(crate) root: TypeId,
}

impl Shape {
    /// The shape that a schema gives; none if the built-in types lack metadata.
    pub(crate) fn new(schema: Option<Schema>) -> Option<Self> {
        let mut types = TypeGraph::default();
        let metadata = types.import(proofmark_builtin::types(), object_meta()?);
        let root = match &schema {
            Some(schema) => schema.to_types(&mut types, metadata),
            None => schemaless(&mut types, metadata),
        };
        Some(Self { schema, types, root })
    }

    /// Brings an object that a client sent into form: metadata checked, unknown fields dropped, defaults set, numbers and members
    /// as Go writes them. Returns the complaints about unknown fields; the error is Go's text about metadata that is none.
    pub(crate) fn decode(&self, object: &mut Value) -> Result<Vec<String>, String> {
        *object = proofmark_builtin::decode::untyped(std::mem::take(object));
        let mut complaints = decode_metadata(object)?;
        if let Some(schema) = &self.schema {
            let mut unknown = schema.prune(object);
            unknown.extend(schema.coerce(object, false).map_err(|e| e.to_string())?);
            complaints.extend(unknown.into_iter().map(|path| complaint(&path)));
            schema.default(object);
        }
        crate::value::sort(object);
        Ok(complaints)
    }

    /// The same for what an apply made: its fields are known to be of the schema, and its nulls stay for validation to see.
    pub(crate) fn decode_applied(&self, object: &mut Value) -> Result<(), String> {
        *object = proofmark_builtin::decode::untyped(std::mem::take(object));
        decode_metadata(object)?;
        if let Some(schema) = &self.schema {
            schema.default(object);
        }
        crate::value::sort(object);
        Ok(())
    }

    /// The same for an object that was stored at this version, maybe under an older schema.
    pub(crate) fn decode_stored(&self, object: &mut Value) {
        let Some(schema) = &self.schema else { return };
        schema.prune(object);
        // With what is invalid dropped, nothing is left to complain about.
        let _ = schema.coerce(object, true);
        schema.default(object);
        crate::value::sort(object);
    }

    /// Brings an object that a conversion made into form; defaults are not set. The error is Go's text.
    pub(crate) fn decode_converted(&self, object: &mut Value) -> Result<(), String> {
        decode_metadata(object)?;
        if let Some(schema) = &self.schema {
            schema.prune(object);
            schema.coerce(object, false).map_err(|e| e.to_string())?;
        }
        crate::value::sort(object);
        Ok(())
    }
}

/// The same for an object that no schema speaks of.
pub(super) fn decode_foreign(object: &mut Value) -> Result<Vec<String>, String> {
    *object = proofmark_builtin::decode::untyped(std::mem::take(object));
    decode_metadata(object)
}

/// The same for an object of a version that its resource does not have: nothing but its metadata is known.
pub(super) fn decode_unknown(object: &mut Value) -> Result<Vec<String>, String> {
    let mut complaints = decode_foreign(object)?;
    let members = object.as_object().into_iter().flatten().map(|(name, _)| name.as_str());
    let mut unknown: Vec<&str> = members.filter(|name| !matches!(*name, "apiVersion" | "kind" | "metadata")).collect();
    unknown.sort_unstable();
    complaints.extend(unknown.into_iter().map(complaint));
    Ok(complaints)
}

fn complaint(path: &str) -> String {
    format!("unknown field {}", proofmark_status::quote(path))
}

/// Makes `metadata` an ObjectMeta; returns the complaints about what it does not know. The error is Go's.
fn decode_metadata(object: &mut Value) -> Result<Vec<String>, String> {
    let Some(meta) = object.get("metadata").filter(|m| !m.is_null()) else {
        return Ok(Vec::new());
    };
    let Some(ty) = object_meta() else { return Ok(Vec::new()) };
    let decoded = proofmark_builtin::decode::decode(meta, ty, true).map_err(|e| e.to_string())?;
    let complaints = decoded.complaints.into_iter().map(|complaint| complaint.below("metadata").to_string()).collect();
    let mut meta = decoded.value;
    if let Some(members) = meta.as_object_mut() {
        members.retain(|_, v| !v.is_null());
    }
    object["metadata"] = meta;
    Ok(complaints)
}

/// The types of objects without a schema: metadata is known, everything else is arbitrary.
fn schemaless(types: &mut TypeGraph, metadata: TypeId) -> TypeId {
    let any = types.add(Type::Any);
    let text = types.add(Type::Scalar(Scalar::String));
    let field = |ty| Field {
        ty,
        number: None,
        always: false,
        pointer: false,
        default: None,
        patch: Patch::default(),
        atomic: None,
    };
    let fields = [("apiVersion", text), ("kind", text), ("metadata", metadata)];
    types.add(Type::Struct(Struct {
        fields: fields.into_iter().map(|(name, ty)| (name.into(), field(ty))).collect(),
        rest: Some(any),
        ..Struct::default()
    }))
}

/// The built-in type of an object's `metadata`.
pub(crate) fn object_meta() -> Option<TypeId> {
    metadata_of("ConfigMap")
}

/// The built-in type of a list's `metadata`.
pub(crate) fn list_meta() -> Option<TypeId> {
    metadata_of("ConfigMapList")
}

fn metadata_of(kind: &str) -> Option<TypeId> {
    let id = proofmark_builtin::type_of("", "v1", kind)?;
    match proofmark_builtin::types().get(id) {
        Type::Struct(known) => known.fields.get("metadata").map(|f| f.ty),
        _ => None,
    }
}
