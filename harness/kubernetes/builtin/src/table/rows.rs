//! The rows of the table as they stand in the file (`generate/types.go` documents them), and their digestion.

use std::collections::BTreeMap;
use std::fmt;

use proofmark_json::Value;
use proofmark_types::{Field, Fields, ListKind, ListType, MapType, Patch, Scalar, Struct, Type, TypeGraph, TypeId};
use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::{Codec, Details, Embed, Tables};

/// The file.
#[derive(Deserialize)]
#[serde(bound(deserialize = "'de: 'static"))]
pub(super) struct File {
    kinds: BTreeMap<&'static str, BTreeMap<&'static str, u32>>,
    types: Vec<Row>,
}

impl File {
    pub(super) fn digest(self) -> Tables {
        let mut graph = TypeGraph::default();
        let mut details = Vec::with_capacity(self.types.len());
        for Row(ty, detail) in self.types {
            graph.add(ty);
            details.push(detail);
        }
        let kinds = self.kinds.into_iter();
        let kinds = kinds.map(|(version, of)| (version, of.into_iter().map(|(kind, id)| (kind, TypeId(id))).collect()));
        Tables { graph, details, kinds: kinds.collect() }
    }
}

/// A type and what belongs to it.
struct Row(Type, Details);

/// `[json name, type, number, flags, extra?]`
#[derive(Deserialize)]
struct FieldRow(&'static str, u32, u32, u8, #[serde(default)] Extra);

/// What few fields have.
#[derive(Deserialize, Default)]
struct Extra {
    #[serde(rename = "k")]
    merge_key: Option<String>,
    #[serde(rename = "d")]
    default: Option<Value>,
    #[serde(rename = "e", default, borrow)]
    values: Vec<&'static str>,
    #[serde(rename = "a")]
    atomic: Option<bool>,
}

/// `[first field, fields, number, go name]`
#[derive(Deserialize)]
struct EmbedRow(usize, usize, u32, &'static str);

/// Bits of a field's flags, as `generate/types.go` names them.
mod flag {
    pub(super) const ALWAYS: u8 = 1;
    pub(super) const POINTER: u8 = 2;
    pub(super) const REQUIRED: u8 = 4;
    pub(super) const MERGE: u8 = 8;
    pub(super) const RETAIN_KEYS: u8 = 16;
    pub(super) const REPLACE: u8 = 32;
}

impl<'de: 'static> Deserialize<'de> for Row {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(RowVisitor)
    }
}

struct RowVisitor;

impl<'de: 'static> Visitor<'de> for RowVisitor {
    type Value = Row;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the row of a type")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut row: A) -> Result<Row, A::Error> {
        let shape: &str = next(&mut row)?;
        let mut details = Details { go_name: next(&mut row)?, ..Details::default() };
        let ty = match shape {
            "s" => Type::Scalar(scalar(next(&mut row)?).ok_or_else(|| A::Error::custom("no such scalar"))?),
            "a" => {
                let codec: &str = next(&mut row)?;
                let inner = row.next_element()?.map(TypeId);
                let strings = row.next_element()?.map(TypeId);
                details.codec = Some(match (codec, inner, strings) {
                    ("raw" | "fields" | "json", ..) => Codec::Raw,
                    ("interface", ..) => Codec::Interface,
                    ("schemaorbool", Some(schema), _) => Codec::SchemaOrBool(schema),
                    ("schemaorarray", Some(list), _) => Codec::SchemaOrArray(list),
                    ("schemaorstrings", Some(schema), Some(list)) => Codec::SchemaOrStrings(schema, list),
                    _ => return Err(A::Error::custom("no such codec")),
                });
                Type::Any
            }
            "l" => {
                let item = TypeId(next(&mut row)?);
                let kind: &str = next(&mut row)?;
                let keys: Option<Vec<String>> = row.next_element()?.flatten();
                details.wrapped = row.next_element()?.unwrap_or_default();
                let kind = match kind {
                    "map" => ListKind::Map(keys.unwrap_or_default()),
                    "set" => ListKind::Set,
                    _ => ListKind::Atomic,
                };
                Type::List(ListType { item, kind })
            }
            "m" => Type::Map(MapType { value: TypeId(next(&mut row)?), atomic: next(&mut row)? }),
            "o" => {
                let atomic = next(&mut row)?;
                let rows: Vec<FieldRow> = next(&mut row)?;
                let embeds: Vec<EmbedRow> = row.next_element()?.unwrap_or_default();
                for embed in embeds {
                    let embed = embed.digest(&details.embeds);
                    details.embeds.push(embed);
                }
                details.enumerations = rows
                    .iter()
                    .filter(|field| !field.4.values.is_empty())
                    .map(|field| (field.0, field.4.values.clone()))
                    .collect();
                details.required = rows.iter().map(|field| field.3 & flag::REQUIRED != 0).collect();
                let fields: Fields = rows.into_iter().map(|field| (field.0.into(), field.digest())).collect();
                Type::Struct(Struct { go_name: details.go_name.to_owned(), fields, atomic, rest: None })
            }
            _ => return Err(A::Error::custom("no such shape")),
        };
        Ok(Row(ty, details))
    }
}

fn next<'de, T: Deserialize<'de>, A: SeqAccess<'de>>(row: &mut A) -> Result<T, A::Error> {
    row.next_element()?.ok_or_else(|| A::Error::custom("the row is too short"))
}

fn scalar(name: &str) -> Option<Scalar> {
    Some(match name {
        "bool" => Scalar::Bool,
        "int32" => Scalar::Int32,
        "int64" => Scalar::Int64,
        "float64" => Scalar::Float,
        "string" => Scalar::String,
        "bytes" => Scalar::Bytes,
        "quantity" => Scalar::Quantity,
        "intorstring" => Scalar::IntOrString,
        "time" => Scalar::Time,
        "microtime" => Scalar::MicroTime,
        _ => return None,
    })
}

impl FieldRow {
    fn digest(self) -> Field {
        let Self(_, ty, number, flags, extra) = self;
        Field {
            ty: TypeId(ty),
            number: (number > 0).then_some(number),
            always: flags & flag::ALWAYS != 0,
            pointer: flags & flag::POINTER != 0,
            default: extra.default,
            patch: Patch {
                merge: flags & flag::MERGE != 0,
                retain_keys: flags & flag::RETAIN_KEYS != 0,
                replace: flags & flag::REPLACE != 0,
                merge_key: extra.merge_key,
            },
            atomic: extra.atomic,
        }
    }
}

impl EmbedRow {
    /// Outer structs come before those embedded in them.
    fn digest(self, outer: &[Embed]) -> Embed {
        let Self(first, count, number, name) = self;
        let parent = outer.iter().rposition(|embed| embed.fields.contains(&first));
        Embed { fields: first..first + count, number: (number > 0).then_some(number), name, parent }
    }
}
