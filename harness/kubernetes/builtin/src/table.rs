//! The table of Go types, and its digested form.
//!
//! The file is JSON of arrays, written by `generate/types.go` (which documents the rows). Reading it makes two things of the
//! same indices: the [`TypeGraph`] that all crates share, and beside it what only this crate needs (Go's names, custom decoding,
//! messages of embedded structs).

mod rows;

use std::collections::BTreeMap;
use std::io::Read;
use std::ops::Range;
use std::sync::LazyLock;

use proofmark_types::{Type, TypeGraph, TypeId};

/// The Go types of every kind that an API server decodes, and of everything in them.
pub fn types() -> &'static TypeGraph {
    &TABLES.graph
}

/// The type of a kind: served ones, unserved ones that a server decodes all the same (`extensions/v1beta1`), and the kinds that
/// exist in every group and version (`DeleteOptions`).
pub fn type_of(group: &str, version: &str, kind: &str) -> Option<TypeId> {
    let of = TABLES.kinds.get(format!("{group}/{version}").as_str())?;
    of.get(kind).or_else(|| TABLES.kinds.get("*")?.get(kind)).copied()
}

/// The type of a Go name (`v1.PodSpec`, `resource.Quantity`). Packages share names: the first in the table has it, which is the core API's if that knows it.
pub fn named(go_name: &str) -> Option<TypeId> {
    static NAMES: LazyLock<BTreeMap<&'static str, TypeId>> = LazyLock::new(|| {
        let mut names = BTreeMap::new();
        for (details, id) in TABLES.details.iter().zip((0..).map(TypeId)) {
            names.entry(details.go_name).or_insert(id);
        }
        names
    });
    NAMES.get(go_name).copied()
}

/// The structs whose fields stand among those of a struct, by their Go names.
pub fn embedded(ty: TypeId) -> impl Iterator<Item = TypeId> {
    let details = TABLES.details(ty);
    let package = details.go_name.split_once('.').map_or("", |(package, _)| package);
    details.embeds.iter().filter_map(move |embed| named(&format!("{package}.{}", embed.name)))
}

/// The fields that OpenAPI lists as required for a struct; an API server's own validation decides, not this list.
pub fn required(ty: TypeId) -> impl Iterator<Item = &'static str> {
    let fields = match TABLES.graph.get(ty) {
        Type::Struct(known) => Some(&known.fields),
        _ => None,
    };
    let flags = &TABLES.details(ty).required;
    fields.into_iter().flatten().zip(flags).filter(|(_, required)| **required).map(|((name, _), _)| name.as_str())
}

/// The values that OpenAPI lists for a field of a struct, or for the items of a list; validation decides, not this list.
pub fn enumeration(ty: TypeId, field: &str) -> Option<&'static [&'static str]> {
    TABLES.details(ty).enumerations.get(field).map(Vec::as_slice)
}

/// The graph and what belongs to its types beyond it.
pub(crate) struct Tables {
    pub(crate) graph: TypeGraph,
    details: Vec<Details>,
    kinds: BTreeMap<&'static str, BTreeMap<&'static str, TypeId>>,
}

impl Tables {
    pub(crate) fn details(&self, ty: TypeId) -> &Details {
        static NONE: Details = Details {
            go_name: "",
            codec: None,
            wrapped: false,
            embeds: Vec::new(),
            required: Vec::new(),
            enumerations: BTreeMap::new(),
        };
        self.details.get(ty.0 as usize).unwrap_or(&NONE)
    }
}

/// What only this crate needs to know of a type.
#[derive(Default)]
pub(crate) struct Details {
    /// As Go prints it: `v1.PodSpec`, `[]v1.Container`, `map[string]string`.
    pub(crate) go_name: &'static str,
    /// How a type decodes that brings its own code.
    pub(crate) codec: Option<Codec>,
    /// A list that is a message of its own on the wire (`ExtraValue`).
    pub(crate) wrapped: bool,
    /// Structs whose fields stand among the fields of this one, outer ones first.
    pub(crate) embeds: Vec<Embed>,
    /// Per field, whether OpenAPI requires it.
    required: Vec<bool>,
    /// The values that OpenAPI lists for fields, or for their items.
    enumerations: BTreeMap<&'static str, Vec<&'static str>>,
}

impl Details {
    /// The innermost embedded struct that a field belongs to.
    pub(crate) fn embed_of(&self, field: usize) -> Option<usize> {
        self.embeds.iter().rposition(|embed| embed.fields.contains(&field))
    }
}

/// An embedded struct: inline in JSON, a message of its own on the wire.
pub(crate) struct Embed {
    /// Its fields among those of the outer struct.
    pub(crate) fields: Range<usize>,
    /// The number of its message; none where the wire lacks it (`TypeMeta`, which is in the envelope).
    pub(crate) number: Option<u32>,
    /// Go's name of it, which stands in the paths of errors.
    pub(crate) name: &'static str,
    /// The embedded struct that it is embedded in, if it is not the outer struct itself.
    pub(crate) parent: Option<usize>,
}

/// Custom decoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Codec {
    /// `runtime.RawExtension`, `metav1.FieldsV1` and `apiextensions.JSON`: kept as they came.
    Raw,
    /// `interface{}`.
    Interface,
    /// `JSONSchemaPropsOrBool`, with the schema's type.
    SchemaOrBool(TypeId),
    /// `JSONSchemaPropsOrArray`, with the list's type.
    SchemaOrArray(TypeId),
    /// `JSONSchemaPropsOrStringArray`, with the types of the schema and of the list of strings.
    SchemaOrStrings(TypeId, TypeId),
}

pub(crate) static TABLES: LazyLock<Tables> = LazyLock::new(|| {
    // The names in the table live as long as the process, like the table itself.
    let text: &'static [u8] = Box::leak(unpack(include_bytes!("../tables/types.json.gz")).into_boxed_slice());
    proofmark_json::from_slice::<rows::File>(text).expect("the generated table is well-formed (tested)").digest()
});

/// Decompresses a table.
pub(crate) fn unpack(packed: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(packed.len() * 8);
    flate2::read::GzDecoder::new(packed).read_to_end(&mut text).expect("the generated table is well-formed (tested)");
    text
}
