//! Roles and bindings from the objects that the API server stores or a manifest holds.

use std::collections::BTreeMap;

use proofmark_json::Value;
use serde::de::DeserializeOwned;

use crate::{AggregationRule, Binding, PolicyRule, Role, RoleRef, Subject};

/// Why an object is no role or binding.
#[derive(Debug, thiserror::Error)]
pub enum ObjectError {
    /// The object is of another kind, or of another API group.
    #[error("expected kind {expected}, found {found}")]
    Kind {
        /// What the caller asked for.
        expected: &'static str,
        /// `kind` of the object; empty when absent.
        found: String,
    },
    /// A field has the wrong type.
    #[error("malformed {kind}: {source}")]
    Malformed {
        /// The kind that was read.
        kind: &'static str,
        /// What serde says.
        source: proofmark_json::Error,
    },
    /// A namespaced kind without `metadata.namespace`.
    #[error("{kind} {name:?} has no namespace")]
    NoNamespace {
        /// `Role` or `RoleBinding`.
        kind: &'static str,
        /// The object's name.
        name: String,
    },
}

fn field<T: DeserializeOwned + Default>(object: &Value, pointer: &str, kind: &'static str) -> Result<T, ObjectError> {
    match object.pointer(pointer) {
        None | Some(Value::Null) => Ok(T::default()),
        Some(value) => T::deserialize(value).map_err(|source| ObjectError::Malformed { kind, source }),
    }
}

fn check_kind(object: &Value, expected: &'static str) -> Result<(), ObjectError> {
    let found = object.get("kind").and_then(Value::as_str).unwrap_or_default();
    let group =
        object.get("apiVersion").and_then(Value::as_str).and_then(|v| v.split_once('/')).map(|(group, _)| group);
    if found == expected && group.is_none_or(|g| g == crate::GROUP) {
        Ok(())
    } else {
        Err(ObjectError::Kind { expected, found: found.to_owned() })
    }
}

fn namespace(object: &Value, kind: &'static str) -> Result<Option<String>, ObjectError> {
    let namespace: String = field(object, "/metadata/namespace", kind)?;
    if namespace.is_empty() {
        return Err(ObjectError::NoNamespace { kind, name: field(object, "/metadata/name", kind)? });
    }
    Ok(Some(namespace))
}

impl Role {
    /// Reads a `Role` or a `ClusterRole`, as `kind` says.
    pub fn from_value(object: &Value) -> Result<Self, ObjectError> {
        match object.get("kind").and_then(Value::as_str) {
            Some("ClusterRole") => Self::cluster_role_from_value(object),
            _ => Self::role_from_value(object),
        }
    }

    /// Reads a namespaced `Role`.
    pub fn role_from_value(object: &Value) -> Result<Self, ObjectError> {
        check_kind(object, "Role")?;
        Ok(Self { namespace: namespace(object, "Role")?, aggregation_rule: None, ..Self::read(object, "Role")? })
    }

    /// Reads a `ClusterRole`; a namespace in it is ignored.
    pub fn cluster_role_from_value(object: &Value) -> Result<Self, ObjectError> {
        check_kind(object, "ClusterRole")?;
        Self::read(object, "ClusterRole")
    }

    /// The fields alone, whatever the kind; no namespace.
    pub(crate) fn read(object: &Value, kind: &'static str) -> Result<Self, ObjectError> {
        Ok(Self {
            name: field(object, "/metadata/name", kind)?,
            namespace: None,
            labels: field::<BTreeMap<String, String>>(object, "/metadata/labels", kind)?,
            rules: field::<Vec<PolicyRule>>(object, "/rules", kind)?,
            aggregation_rule: field::<Option<AggregationRule>>(object, "/aggregationRule", kind)?,
        })
    }
}

impl Binding {
    /// Reads a `RoleBinding` or a `ClusterRoleBinding`, as `kind` says.
    pub fn from_value(object: &Value) -> Result<Self, ObjectError> {
        match object.get("kind").and_then(Value::as_str) {
            Some("ClusterRoleBinding") => Self::cluster_role_binding_from_value(object),
            _ => Self::role_binding_from_value(object),
        }
    }

    /// Reads a namespaced `RoleBinding`.
    pub fn role_binding_from_value(object: &Value) -> Result<Self, ObjectError> {
        check_kind(object, "RoleBinding")?;
        Ok(Self { namespace: namespace(object, "RoleBinding")?, ..Self::read(object, "RoleBinding")? })
    }

    /// Reads a `ClusterRoleBinding`; a namespace in it is ignored.
    pub fn cluster_role_binding_from_value(object: &Value) -> Result<Self, ObjectError> {
        check_kind(object, "ClusterRoleBinding")?;
        Self::read(object, "ClusterRoleBinding")
    }

    /// The fields alone, whatever the kind; no namespace.
    pub(crate) fn read(object: &Value, kind: &'static str) -> Result<Self, ObjectError> {
        Ok(Self {
            name: field(object, "/metadata/name", kind)?,
            namespace: None,
            subjects: field::<Vec<Subject>>(object, "/subjects", kind)?,
            role_ref: field::<RoleRef>(object, "/roleRef", kind)?,
        })
    }
}
