//! Messages to values, by the tables.

use std::borrow::Cow;
use std::collections::BTreeMap;

use proofmark_json::{Map, Value};
use proofmark_types::{Scalar, Struct, Type, TypeId};

use super::wire::{Message, Wire};
use super::{ProtoError, ProtoObject, group_version};
use crate::decode::{self, MAX_DEPTH, base64, float_value, omitted, zero, zero_field};
use crate::quantity::Quantity;
use crate::table::{Codec, Details, TABLES, type_of};
use crate::time::Moment;

/// How many values one body can hold.
const MAX_VALUES: usize = 1_000_000;

/// A `runtime.Unknown`.
pub(super) struct Envelope<'a> {
    pub(super) api_version: String,
    pub(super) kind: String,
    raw: &'a [u8],
}

/// Reads the envelope, but not what is in it.
pub(super) fn envelope(bytes: &[u8]) -> Result<Envelope<'_>, ProtoError> {
    let mut envelope = Envelope { api_version: String::new(), kind: String::new(), raw: &[] };
    let mut message = Message::new(bytes);
    while let Some((number, wire)) = message.next()? {
        match number {
            1 => {
                let mut meta = Message::new(wire.bytes()?);
                while let Some((number, wire)) = meta.next()? {
                    match number {
                        1 => envelope.api_version = wire.string()?,
                        2 => envelope.kind = wire.string()?,
                        _ => {}
                    }
                }
            }
            2 => envelope.raw = wire.bytes()?,
            _ => {}
        }
    }
    Ok(envelope)
}

/// Reads the object in an envelope.
pub(super) fn object(envelope: Envelope<'_>) -> Result<ProtoObject, ProtoError> {
    let Envelope { api_version, kind, raw } = envelope;
    let (group, version) = group_version(&api_version);
    let Some(ty) = type_of(group, version, &kind) else {
        return Err(ProtoError::Kind { api_version, kind });
    };
    let mut value = Reader { depth: 0, values: 0 }.message(raw, ty)?;
    if let Value::Object(fields) = &mut value {
        // They are the first fields of every kind, and the object's message lacks them.
        let rest = std::mem::take(fields);
        fields.insert("kind", kind.clone().into());
        fields.insert("apiVersion", api_version.clone().into());
        fields.extend(rest);
    }
    Ok(ProtoObject { api_version, kind, value })
}

/// What was read of a field so far.
enum Slot<'a> {
    Value(Value),
    /// A message; several occurrences of one merge, which is what their concatenation means.
    Message(Cow<'a, [u8]>),
    List(Vec<Value>),
    Map(BTreeMap<String, Value>),
}

struct Reader {
    depth: usize,
    values: usize,
}

impl Reader {
    /// Whatever type is a message on the wire.
    fn message(&mut self, bytes: &[u8], ty: TypeId) -> Result<Value, ProtoError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(ProtoError::Malformed("exceeded max depth"));
        }
        let details = TABLES.details(ty);
        let value = match (TABLES.graph.get(ty), details.codec) {
            (Type::Struct(known), _) => self.structure(bytes, known, details),
            (Type::Scalar(scalar), _) => small(bytes, *scalar),
            (Type::List(list), _) => {
                let mut items = Vec::new();
                let mut message = Message::new(bytes);
                while let Some((number, wire)) = message.next()? {
                    if number == 1 {
                        items.push(self.single(wire, list.item)?);
                    }
                }
                Ok(if items.is_empty() { Value::Null } else { Value::Array(items) })
            }
            (Type::Any, Some(codec)) => self.custom(bytes, codec),
            (Type::Any | Type::Map(_), _) => Err(ProtoError::Malformed("proto: no such message")),
        }?;
        self.depth -= 1;
        Ok(value)
    }

    fn structure<'a>(&mut self, bytes: &'a [u8], known: &Struct, details: &Details) -> Result<Value, ProtoError> {
        let mut slots: Vec<Option<Slot<'a>>> = Vec::new();
        slots.resize_with(known.fields.len(), || None);
        self.fields(bytes, known, details, None, &mut slots)?;
        let mut written = Map::new();
        for ((name, field), slot) in known.fields.iter().zip(slots) {
            let value = match slot {
                None if field.always => zero_field(field),
                None => continue,
                Some(Slot::Value(value)) => value,
                Some(Slot::List(items)) => Value::Array(items),
                Some(Slot::Map(entries)) => Value::Object(entries.into_iter().collect()),
                Some(Slot::Message(bytes)) => self.message(&bytes, field.ty)?,
            };
            if !omitted(field, &value) {
                written.insert(name.clone(), value);
            }
        }
        self.values += written.len() + 1;
        if self.values > MAX_VALUES {
            return Err(ProtoError::Malformed("the message holds too many values"));
        }
        Ok(Value::Object(written))
    }

    /// Reads the message of a struct, or of a struct embedded in it, into the slots of the outer one's fields.
    fn fields<'a>(
        &mut self,
        bytes: &'a [u8],
        known: &Struct,
        details: &Details,
        scope: Option<usize>,
        slots: &mut [Option<Slot<'a>>],
    ) -> Result<(), ProtoError> {
        let mut message = Message::new(bytes);
        while let Some((number, wire)) = message.next()? {
            let embedded =
                details.embeds.iter().position(|embed| embed.parent == scope && embed.number == Some(number));
            if embedded.is_some() {
                // Embedding is as deep as the tables say.
                self.fields(wire.bytes()?, known, details, embedded, slots)?;
                continue;
            }
            let own = |index: &usize| details.embed_of(*index) == scope;
            let numbered = known.fields.values().enumerate().filter(|(_, field)| field.number == Some(number));
            let Some(index) = numbered.map(|(index, _)| index).find(own) else {
                continue;
            };
            if let (Some(slot), Some((_, field))) = (slots.get_mut(index), known.fields.get_index(index)) {
                self.put(slot, wire, field.ty)?;
            }
        }
        Ok(())
    }

    fn put<'a>(&mut self, slot: &mut Option<Slot<'a>>, wire: Wire<'a>, ty: TypeId) -> Result<(), ProtoError> {
        match TABLES.graph.get(ty) {
            Type::List(list) if !TABLES.details(ty).wrapped => {
                let Slot::List(items) = slot.get_or_insert_with(|| Slot::List(Vec::new())) else {
                    return Ok(());
                };
                if let (Wire::Bytes(packed), true) = (wire, is_varint(list.item)) {
                    let mut packed = Message::new(packed);
                    while let Some(item) = packed.next_packed()? {
                        items.push(self.single(item, list.item)?);
                    }
                } else {
                    items.push(self.single(wire, list.item)?);
                }
                self.values += 1;
            }
            Type::Map(map) => {
                let Slot::Map(entries) = slot.get_or_insert_with(|| Slot::Map(BTreeMap::new())) else {
                    return Ok(());
                };
                let (mut key, mut value) = (String::new(), None);
                let mut entry = Message::new(wire.bytes()?);
                while let Some((number, wire)) = entry.next()? {
                    match number {
                        1 => key = wire.string()?,
                        2 => value = Some(self.single(wire, map.value)?),
                        _ => {}
                    }
                }
                self.values += 1;
                entries.insert(key, value.unwrap_or_else(|| zero(map.value)));
            }
            _ if is_message(ty) => match slot {
                Some(Slot::Message(bytes)) => bytes.to_mut().extend_from_slice(wire.bytes()?),
                _ => *slot = Some(Slot::Message(Cow::Borrowed(wire.bytes()?))),
            },
            _ => *slot = Some(Slot::Value(self.single(wire, ty)?)),
        }
        Ok(())
    }

    /// One value: of a field, of a list or of a map.
    fn single(&mut self, wire: Wire<'_>, ty: TypeId) -> Result<Value, ProtoError> {
        if is_message(ty) {
            return self.message(wire.bytes()?, ty);
        }
        let Type::Scalar(scalar) = TABLES.graph.get(ty) else {
            return Err(ProtoError::Malformed("proto: no such field"));
        };
        Ok(match scalar {
            Scalar::Bool => Value::Bool(wire.varint()? != 0),
            Scalar::Int32 => wire.int32()?.into(),
            Scalar::Int64 | Scalar::Uint32 => wire.varint()?.cast_signed().into(),
            Scalar::Float => match wire {
                Wire::Fixed64(bits) => float_value(f64::from_bits(bits)).unwrap_or_else(|| zero(ty)),
                _ => return Err(ProtoError::Malformed("proto: wrong wireType")),
            },
            Scalar::Bytes => base64::write(wire.bytes()?).into(),
            _ => wire.string()?.into(),
        })
    }

    fn custom(&mut self, bytes: &[u8], codec: Codec) -> Result<Value, ProtoError> {
        let mut message = Message::new(bytes);
        let (mut found, mut list, mut allowed) = (None, Vec::new(), false);
        while let Some((number, wire)) = message.next()? {
            match (codec, number) {
                (Codec::Raw, 1) => found = Some(json(wire.bytes()?)?),
                (Codec::SchemaOrBool(_), 1) => allowed = wire.varint()? != 0,
                (Codec::SchemaOrBool(schema), 2) | (Codec::SchemaOrStrings(schema, _), 1) => {
                    found = Some(self.message(wire.bytes()?, schema)?);
                }
                (Codec::SchemaOrArray(of), 1 | 2) => {
                    let Type::List(of) = TABLES.graph.get(of) else { continue };
                    let schema = self.message(wire.bytes()?, of.item)?;
                    if number == 1 { found = Some(schema) } else { list.push(schema) }
                }
                (Codec::SchemaOrStrings(..), 2) => list.push(wire.string()?.into()),
                _ => {}
            }
        }
        Ok(match codec {
            Codec::SchemaOrBool(_) => found.unwrap_or(Value::Bool(allowed)),
            _ if !list.is_empty() => Value::Array(list),
            _ => found.unwrap_or(Value::Null),
        })
    }
}

/// Raw JSON within a message.
fn json(text: &[u8]) -> Result<Value, ProtoError> {
    if text.is_empty() {
        return Ok(Value::Null);
    }
    decode::parse(text).map_err(|error| ProtoError::Value(error.to_string()))
}

/// Scalars that are messages.
fn small(bytes: &[u8], scalar: Scalar) -> Result<Value, ProtoError> {
    let (mut first, mut second, mut text) = (0_i64, 0, String::new());
    let mut message = Message::new(bytes);
    while let Some((number, wire)) = message.next()? {
        match (scalar, number) {
            (Scalar::Quantity, 1) | (Scalar::IntOrString, 3) => text = wire.string()?,
            (_, 1) => first = wire.varint()?.cast_signed(),
            (_, 2) => second = wire.int32()?,
            _ => {}
        }
    }
    let moment = |nanos| match bytes {
        [] => Moment::ZERO,
        _ => Moment { seconds: first.clamp(FIRST_SECOND, LAST_SECOND), nanos },
    };
    let written = match scalar {
        Scalar::Quantity if text.is_empty() => Some("0".to_owned()),
        Scalar::Quantity => {
            Some(Quantity::parse(text.trim()).map_err(|error| ProtoError::Value(error.to_string()))?.to_string())
        }
        Scalar::IntOrString if first == 1 => Some(text),
        Scalar::IntOrString => return Ok(second.into()),
        Scalar::Time => moment(0).format(),
        Scalar::MicroTime => moment(u32::try_from(second).unwrap_or_default().min(999_999_999)).format_micro(),
        _ => return Err(ProtoError::Malformed("proto: no such message")),
    };
    Ok(written.map_or(Value::Null, Value::String))
}

/// The seconds that a time of four-digit years can name.
const FIRST_SECOND: i64 = -62_167_219_200;
const LAST_SECOND: i64 = 253_402_300_799;

/// Whether a type is a message on the wire.
pub(super) fn is_message(ty: TypeId) -> bool {
    match TABLES.graph.get(ty) {
        Type::Struct(_) | Type::Any => true,
        Type::List(_) => TABLES.details(ty).wrapped,
        Type::Map(_) => false,
        Type::Scalar(scalar) => {
            matches!(scalar, Scalar::Quantity | Scalar::IntOrString | Scalar::Time | Scalar::MicroTime)
        }
    }
}

fn is_varint(ty: TypeId) -> bool {
    matches!(TABLES.graph.get(ty), Type::Scalar(Scalar::Bool | Scalar::Int32 | Scalar::Int64 | Scalar::Uint32))
}
