//! Values to messages, by the tables. The bytes are those that a Kubernetes API server writes.

use proofmark_json::{Key, Value};
use proofmark_types::{Field, Scalar, Struct, Type, TypeId};

use super::PREFIX;
use super::read::is_message;
use super::wire::{put_bytes, put_double, put_int};
use crate::decode::base64;
use crate::table::{Codec, Details, TABLES};
use crate::time::Moment;

/// Encodes an object as a body, envelope included. The object is as Go writes it (see [`crate::decode`]); what is missing or does not
/// fit its field is written as the zero value. Tables and other kinds without a message encode as empty ones.
pub fn encode(value: &Value, ty: TypeId) -> Vec<u8> {
    let text = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default();
    envelope(text("apiVersion"), text("kind"), &message(value, ty))
}

/// Encodes a list of objects of one type as a body, envelope included; `metadata` is the list's (a `ListMeta`).
pub fn encode_list<'a>(
    api_version: &str,
    kind: &str,
    metadata: &Value,
    items: impl Iterator<Item = &'a Value>,
    ty: TypeId,
) -> Vec<u8> {
    let text = |name: &str| metadata.get(name).and_then(Value::as_str).unwrap_or_default();
    let mut meta = Vec::new();
    for (number, field) in [(1, "selfLink"), (2, "resourceVersion"), (3, "continue")] {
        put_bytes(&mut meta, number, text(field).as_bytes());
    }
    if let Some(remaining) = metadata.get("remainingItemCount").and_then(Value::as_i64) {
        put_int(&mut meta, 4, remaining);
    }
    let mut list = Vec::new();
    put_bytes(&mut list, 1, &meta);
    for item in items {
        put_bytes(&mut list, 2, &message(item, ty));
    }
    envelope(api_version, kind, &list)
}

/// Encodes an event of a watch (`ADDED`, `MODIFIED`, ...) about an encoded object, as one frame of the stream: its length in four
/// bytes, the largest first, and a bare `WatchEvent`.
pub fn encode_event(event: &str, object: &[u8]) -> Vec<u8> {
    let mut raw = Vec::with_capacity(object.len() + 8);
    put_bytes(&mut raw, 1, object);
    let mut message = Vec::with_capacity(raw.len() + 24);
    put_bytes(&mut message, 1, event.as_bytes());
    put_bytes(&mut message, 2, &raw);
    let length = u32::try_from(message.len()).unwrap_or(u32::MAX);
    [length.to_be_bytes().as_slice(), &message].concat()
}

/// `k8s\0` and a `runtime.Unknown` around a message.
fn envelope(api_version: &str, kind: &str, message: &[u8]) -> Vec<u8> {
    let mut meta = Vec::new();
    put_bytes(&mut meta, 1, api_version.as_bytes());
    put_bytes(&mut meta, 2, kind.as_bytes());
    let mut out = PREFIX.to_vec();
    put_bytes(&mut out, 1, &meta);
    put_bytes(&mut out, 2, message);
    put_bytes(&mut out, 3, b""); // content encoding
    put_bytes(&mut out, 4, b""); // content type
    out
}

/// The bytes of whatever type is a message.
fn message(value: &Value, ty: TypeId) -> Vec<u8> {
    let mut out = Vec::new();
    let details = TABLES.details(ty);
    match (TABLES.graph.get(ty), details.codec) {
        (Type::Struct(known), _) => structure(&mut out, value, known, details, None),
        (Type::Scalar(scalar), _) => small(&mut out, value, *scalar),
        (Type::List(list), _) => items(value).for_each(|item| put(&mut out, 1, item, list.item)),
        (Type::Any, Some(codec)) => custom(&mut out, value, codec),
        (Type::Any | Type::Map(_), _) => {}
    }
    out
}

/// The message of a struct, or of a struct embedded in it: its fields and embedded structs in the order of their numbers.
fn structure(out: &mut Vec<u8>, value: &Value, known: &Struct, details: &Details, scope: Option<usize>) {
    enum Part<'a> {
        Field(&'a str, &'a Field),
        Embed(usize),
    }
    let fields = known.fields.iter().enumerate().filter(|(index, _)| details.embed_of(*index) == scope);
    let fields = fields.filter_map(|(_, (name, field))| Some((field.number?, Part::Field(name, field))));
    let embeds = details.embeds.iter().enumerate().filter(|(_, embed)| embed.parent == scope);
    let embeds = embeds.filter_map(|(index, embed)| Some((embed.number?, Part::Embed(index))));
    let mut parts: Vec<(u32, Part<'_>)> = fields.chain(embeds).collect();
    parts.sort_by_key(|(number, _)| *number);
    for (number, part) in parts {
        match part {
            Part::Embed(index) => {
                let mut inner = Vec::new();
                structure(&mut inner, value, known, details, Some(index));
                put_bytes(out, number, &inner);
            }
            Part::Field(name, field) => {
                // Nil is left out: absent pointers, null where null is always written, and lists that are messages. A null that
                // could have been left out is a pointer to what is written as null: the zero time.
                let given = value.get(name);
                let value = given.unwrap_or(&Value::Null);
                let nil = match field.pointer {
                    true => given.is_none() || (value.is_null() && field.always),
                    false => value.is_null() && TABLES.details(field.ty).wrapped,
                };
                if !nil {
                    put(out, number, value, field.ty);
                }
            }
        }
    }
}

/// A field, an item or an entry's value.
fn put(out: &mut Vec<u8>, number: u32, value: &Value, ty: TypeId) {
    if is_message(ty) {
        return put_bytes(out, number, &message(value, ty));
    }
    match TABLES.graph.get(ty) {
        Type::List(list) => items(value).for_each(|item| put(out, number, item, list.item)),
        Type::Map(map) => {
            let mut entries: Vec<(&Key, &Value)> = value.as_object().into_iter().flatten().collect();
            entries.sort_by_key(|(key, _)| *key);
            for (key, value) in entries {
                let mut entry = Vec::new();
                put_bytes(&mut entry, 1, key.as_bytes());
                put(&mut entry, 2, value, map.value);
                put_bytes(out, number, &entry);
            }
        }
        Type::Scalar(Scalar::Bool) => put_int(out, number, value.as_bool().unwrap_or_default().into()),
        Type::Scalar(Scalar::Int32 | Scalar::Int64 | Scalar::Uint32) => {
            put_int(out, number, value.as_i64().unwrap_or_default())
        }
        Type::Scalar(Scalar::Float) => put_double(out, number, value.as_f64().unwrap_or_default()),
        Type::Scalar(Scalar::Bytes) => {
            if let Some(bytes) = value.as_str().and_then(|text| base64::read(text).ok()) {
                put_bytes(out, number, &bytes);
            }
        }
        _ => put_bytes(out, number, value.as_str().unwrap_or_default().as_bytes()),
    }
}

/// Scalars that are messages.
fn small(out: &mut Vec<u8>, value: &Value, scalar: Scalar) {
    let text = value.as_str();
    match scalar {
        Scalar::Quantity => put_bytes(out, 1, text.unwrap_or("0").as_bytes()),
        Scalar::IntOrString => {
            put_int(out, 1, text.is_some().into());
            put_int(out, 2, value.as_i64().unwrap_or_default());
            put_bytes(out, 3, text.unwrap_or_default().as_bytes());
        }
        Scalar::Time | Scalar::MicroTime => {
            // The zero time is an empty message.
            if let Some(moment) = text.and_then(|text| Moment::parse(text).ok()) {
                put_int(out, 1, moment.seconds);
                put_int(out, 2, if scalar == Scalar::Time { 0 } else { moment.nanos.into() });
            }
        }
        _ => {}
    }
}

fn custom(out: &mut Vec<u8>, value: &Value, codec: Codec) {
    match (codec, value) {
        (Codec::Interface, _) | (Codec::Raw, Value::Null) => {}
        (Codec::Raw, _) => put_bytes(out, 1, value.to_string().as_bytes()),
        (Codec::SchemaOrBool(schema), Value::Object(_)) => {
            put_int(out, 1, 1);
            put_bytes(out, 2, &message(value, schema));
        }
        (Codec::SchemaOrBool(_), _) => put_int(out, 1, value.as_bool().unwrap_or_default().into()),
        (Codec::SchemaOrArray(list), Value::Object(_)) => {
            if let Type::List(list) = TABLES.graph.get(list) {
                put_bytes(out, 1, &message(value, list.item));
            }
        }
        (Codec::SchemaOrStrings(schema, _), Value::Object(_)) => put_bytes(out, 1, &message(value, schema)),
        (Codec::SchemaOrArray(list) | Codec::SchemaOrStrings(_, list), _) => put(out, 2, value, list),
    }
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}
