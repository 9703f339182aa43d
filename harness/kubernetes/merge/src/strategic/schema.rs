//! What a type says about merging its fields.

use proofmark_types::{Field, Patch, Scalar, Type};

use crate::error::PatchError;
use crate::typed::Typed;

/// A place in the types, as reflection over Go structs sees it.
#[derive(Clone, Copy)]
pub(super) struct Node<'t> {
    ty: Typed<'t>,
    pointer: bool,
}

/// How a field merges.
pub(super) struct Strategy<'t>(&'t Patch);

impl<'t> Strategy<'t> {
    pub(super) fn is_merge(&self) -> bool {
        self.0.merge
    }

    pub(super) fn is_replace(&self) -> bool {
        self.0.replace
    }

    /// Empty for lists of scalars.
    pub(super) fn merge_key(&self) -> &'t str {
        self.0.merge_key.as_deref().unwrap_or("")
    }
}

impl<'t> Node<'t> {
    pub(super) fn root(ty: Typed<'t>) -> Self {
        Self { ty, pointer: false }
    }

    /// The field of a key, by name or, failing that, without regard to case.
    fn lookup(self, key: &str) -> Result<&'t Field, PatchError> {
        let (fields, name) = match self.ty.ty() {
            Type::Struct(s) => (Some(&s.fields), s.go_name.rsplit('.').next().unwrap_or("")),
            Type::Any => (None, "RawExtension"),
            _ => {
                return Err(PatchError::Failed(format!(
                    "merging an object in json but data type is not struct, instead is: {}",
                    self.kind_below()
                )));
            }
        };
        let found = fields.and_then(|fields| {
            fields
                .get(key)
                .or_else(|| fields.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, field)| field))
        });
        found.ok_or_else(|| {
            PatchError::Failed(format!(
                "unable to find api field in struct {name} for the json field {}",
                proofmark_status::quote(key)
            ))
        })
    }

    /// The type and strategy of a field that holds an object.
    pub(super) fn field(self, key: &str) -> Result<(Self, Strategy<'t>), PatchError> {
        let field = self.lookup(key)?;
        Ok((Self { ty: self.ty.at(field.ty), pointer: field.pointer }, Strategy(&field.patch)))
    }

    /// The item type and strategy of a field that holds a list.
    pub(super) fn list(self, key: &str) -> Result<(Self, Strategy<'t>), PatchError> {
        let (field, strategy) = self.field(key)?;
        let item = match field.ty.ty() {
            Type::List(list) => Self { ty: self.ty.at(list.item), pointer: false },
            _ if field.pointer => field,
            _ => {
                return Err(PatchError::Failed("expected slice or array type, but got: struct".into()));
            }
        };
        if matches!(item.ty.ty(), Type::List(_)) && !item.pointer {
            return Err(PatchError::Failed("unexpected slice of slice".into()));
        }
        Ok((item, strategy))
    }

    /// Go's name for the kind of the type.
    pub(super) fn kind(self) -> &'static str {
        if self.pointer { "ptr" } else { self.kind_below() }
    }

    fn kind_below(self) -> &'static str {
        match self.ty.ty() {
            Type::Struct(_) | Type::Any => "struct",
            Type::Map(_) => "map",
            Type::List(_) => "slice",
            Type::Scalar(scalar) => match scalar {
                Scalar::Bool => "bool",
                Scalar::Int32 => "int32",
                Scalar::Int64 => "int64",
                Scalar::Uint32 => "uint32",
                Scalar::Float => "float64",
                Scalar::String => "string",
                Scalar::Bytes => "slice",
                Scalar::Quantity | Scalar::IntOrString | Scalar::Time | Scalar::MicroTime | Scalar::Duration => {
                    "struct"
                }
            },
        }
    }
}
