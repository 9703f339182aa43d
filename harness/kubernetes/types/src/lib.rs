//! API types as data: one arena of struct, map, list and scalar types, for built-in kinds and CustomResourceDefinitions alike.
//!
//! Three things read it: strict decoding (which fields exist, what they hold), structured merge (how lists and maps merge)
//! and the wire (protobuf numbers). Two things make it: the tables of the built-in API, and a CRD's structural schema.
//! Types refer to each other by [`TypeId`], so recursive types (`JSONSchemaProps`) are plain data.
//!
//! It holds no behaviour beyond looking up: decoding, merging and validating live in the crates that need them.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use proofmark_json::Value;
use rustc_hash::FxBuildHasher;

/// A type's place in its [`TypeGraph`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TypeId(pub u32);

/// An arena of types.
#[derive(Debug, Clone, Default)]
pub struct TypeGraph {
    types: Vec<Type>,
}

impl TypeGraph {
    /// Adds a type and says where it is.
    pub fn add(&mut self, ty: Type) -> TypeId {
        let id = u32::try_from(self.types.len()).expect("fewer than 2^32 types");
        self.types.push(ty);
        TypeId(id)
    }

    /// Replaces a type that was reserved before its members were known (recursive types).
    pub fn set(&mut self, id: TypeId, ty: Type) {
        self.types[id.0 as usize] = ty;
    }

    /// The type at a place of this arena.
    pub fn get(&self, id: TypeId) -> &Type {
        &self.types[id.0 as usize]
    }

    /// Copies a type of another arena, with everything that it refers to, into this one.
    pub fn import(&mut self, from: &TypeGraph, id: TypeId) -> TypeId {
        self.import_known(from, id, &mut BTreeMap::new())
    }

    fn import_known(&mut self, from: &TypeGraph, id: TypeId, known: &mut BTreeMap<TypeId, TypeId>) -> TypeId {
        if let Some(copy) = known.get(&id) {
            return *copy;
        }
        // Reserved first: a type may refer to itself.
        let copy = self.add(Type::Any);
        known.insert(id, copy);
        let ty = match from.get(id) {
            Type::Scalar(scalar) => Type::Scalar(*scalar),
            Type::Any => Type::Any,
            Type::Map(map) => {
                Type::Map(MapType { value: self.import_known(from, map.value, known), atomic: map.atomic })
            }
            Type::List(list) => {
                Type::List(ListType { item: self.import_known(from, list.item, known), kind: list.kind.clone() })
            }
            Type::Struct(object) => {
                let mut object = object.clone();
                for field in object.fields.values_mut() {
                    field.ty = self.import_known(from, field.ty, known);
                }
                object.rest = object.rest.map(|rest| self.import_known(from, rest, known));
                Type::Struct(object)
            }
        };
        self.set(copy, ty);
        copy
    }

    /// How many types there are.
    pub fn len(&self) -> usize {
        self.types.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.types.is_empty()
    }
}

/// A type.
#[derive(Debug, Clone)]
pub enum Type {
    /// Anything that is neither a struct, a map nor a list.
    Scalar(Scalar),
    /// An object whose fields are known.
    Struct(Struct),
    /// An object from arbitrary keys to one type.
    Map(MapType),
    /// A list.
    List(ListType),
    /// Arbitrary JSON, merged as if every object were a granular map and every list atomic (`x-kubernetes-preserve-unknown-fields`, `RawExtension`).
    Any,
}

/// Scalars, by how Go and the wire see them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scalar {
    /// `bool`
    Bool,
    /// `int32`
    Int32,
    /// `int64`; also integers of CRDs without a format
    Int64,
    /// `uint32` and other unsigned ones
    Uint32,
    /// `float64`
    Float,
    /// `string`
    String,
    /// `[]byte`: base64 in JSON
    Bytes,
    /// `resource.Quantity`
    Quantity,
    /// `intstr.IntOrString`
    IntOrString,
    /// `metav1.Time`: RFC 3339 with seconds
    Time,
    /// `metav1.MicroTime`: RFC 3339 with microseconds
    MicroTime,
    /// `metav1.Duration`: as `1h0m0s`
    Duration,
}

/// Fields by their JSON names, in an order that means something. They are looked up for every member of every object, by a hash that is made to be fast.
pub type Fields = IndexMap<proofmark_json::Key, Field, FxBuildHasher>;

/// An object whose fields are known.
#[derive(Debug, Clone, Default)]
pub struct Struct {
    /// The Go name (`v1.PodSpec`), as it stands in decoding errors; empty for CRDs.
    pub go_name: String,
    /// Fields by their JSON names, in the order in which Go writes them.
    pub fields: Fields,
    /// `x-kubernetes-map-type: atomic`: merged as one value.
    pub atomic: bool,
    /// Fields beyond the known ones: refused (none), kept as they are ([`Type::Any`]) or of a type.
    pub rest: Option<TypeId>,
}

/// A field of a [`Struct`].
#[derive(Debug, Clone)]
pub struct Field {
    /// What it holds.
    pub ty: TypeId,
    /// Its number in the protobuf message; absent where the message lacks it and in CRDs.
    pub number: Option<u32>,
    /// Whether Go writes it even when it is the zero value (no `omitempty`).
    pub always: bool,
    /// Whether Go holds it by pointer, so that a zero value that was given is kept.
    pub pointer: bool,
    /// The default that structured merge and OpenAPI know for it.
    pub default: Option<Value>,
    /// The directive of strategic merge patch.
    pub patch: Patch,
    /// How the object in this field merges, whatever its type says: as one value (`atomic`) or by its parts (`granular`).
    pub atomic: Option<bool>,
}

/// How strategic merge patch treats a field (`patchStrategy`, `patchMergeKey`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Patch {
    /// Lists: merge items instead of replacing the list.
    pub merge: bool,
    /// Objects: keys that the patch does not name are cleared (`retainKeys`).
    pub retain_keys: bool,
    /// Objects: the patch replaces the whole (`replace`).
    pub replace: bool,
    /// The field that identifies an item; none for lists of scalars.
    pub merge_key: Option<String>,
}

/// An object from arbitrary keys to one type.
#[derive(Debug, Clone)]
pub struct MapType {
    /// What every key holds.
    pub value: TypeId,
    /// Merged as one value.
    pub atomic: bool,
}

/// A list.
#[derive(Debug, Clone)]
pub struct ListType {
    /// What every item is.
    pub item: TypeId,
    /// How it merges.
    pub kind: ListKind,
}

/// How a list merges (`x-kubernetes-list-type`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListKind {
    /// As one value.
    Atomic,
    /// By value.
    Set,
    /// By the values of these fields.
    Map(Vec<String>),
}
