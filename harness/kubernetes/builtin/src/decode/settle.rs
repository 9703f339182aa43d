//! Decoding in place: a value that is already what Go would write of it stays as it is, and what is not is put right where it stands.
//!
//! Most of what is decoded comes from an object that was decoded before: a patch changes one part, an update sends back what was read. Such a value
//! is walked once, with its members and the type's fields side by side, and nothing is built anew. What it still shares with the object that was decoded
//! before is not even walked. Whatever there is to complain of, and whatever is
//! rare, is left to the [`Reader`]: up to there nothing was changed of which its errors could tell.

use proofmark_json::{Key, Map, Value};
use proofmark_types::{Field, Scalar, Struct, Type, TypeId};

use super::reader::{Reader, absent};
use super::zero::{omitted, zero, zero_field};
use crate::table::{Codec, TABLES};

/// There is something that only the [`Reader`] can tell of.
pub(super) struct Unsettled;

/// What became of a value: Go's nil, or what stands in its place.
enum Found {
    Nil,
    Value,
}

/// Makes a value what [`super::decode`] makes of it. What it shares with a `settled` one, at the same place, is that already.
pub(super) fn settle(value: &mut Value, settled: Option<&Value>, ty: TypeId) -> Result<(), Unsettled> {
    if let Found::Nil = walk(value, settled, ty)? {
        *value = zero(ty);
    }
    Ok(())
}

fn walk(value: &mut Value, settled: Option<&Value>, ty: TypeId) -> Result<Found, Unsettled> {
    if settled.is_some_and(|settled| value.is_shared_with(settled)) {
        return Ok(Found::Value);
    }
    match TABLES.graph.get(ty) {
        Type::Struct(known) => structure(value, settled, known),
        Type::Any if TABLES.details(ty).codec.is_some_and(|codec| codec != Codec::Raw) => Err(Unsettled),
        _ if value.is_null() => Ok(Found::Nil),
        Type::Map(map) => {
            let Value::Object(entries) = value else { return Err(Unsettled) };
            for (name, entry) in entries.iter_mut() {
                if let Found::Nil = walk(entry, settled.and_then(|settled| settled.get(name)), map.value)? {
                    *entry = absent(map.value);
                }
            }
            if !entries.keys().is_sorted() {
                entries.sort_keys();
            }
            Ok(Found::Value)
        }
        Type::List(list) => {
            let Value::Array(items) = value else { return Err(Unsettled) };
            for (at, item) in items.iter_mut().enumerate() {
                if let Found::Nil = walk(item, settled.and_then(|settled| settled.get(at)), list.item)? {
                    *item = zero(list.item);
                }
            }
            Ok(Found::Value)
        }
        Type::Scalar(scalar) => self::scalar(value, *scalar, ty),
        Type::Any => Ok(Found::Value),
    }
}

/// An object of known fields. `neat` is what has them in their order, each that is always written, and none that is left out.
fn structure(value: &mut Value, settled: Option<&Value>, known: &'static Struct) -> Result<Found, Unsettled> {
    let members = match value {
        Value::Null => return Ok(Found::Nil),
        Value::Object(members) => members,
        _ => return Err(Unsettled),
    };
    let lacks = |from: usize, to: usize| (from..to).any(|at| known.fields.get_index(at).is_some_and(|(_, f)| f.always));
    let (mut next, mut neat) = (0, true);
    for (name, member) in members.iter_mut() {
        let (at, field) = place(known, name, next).ok_or(Unsettled)?;
        neat &= at >= next && !lacks(next, at);
        next = at + 1;
        neat &= !is_left_out(field, member, settled.and_then(|settled| settled.get(name)))?;
    }
    if !neat || lacks(next, known.fields.len()) {
        *members = written(known, std::mem::take(members));
    }
    Ok(Found::Value)
}

/// Settles a member; whether it is then left out.
fn is_left_out(field: &Field, member: &mut Value, settled: Option<&Value>) -> Result<bool, Unsettled> {
    if field.pointer && member.is_null() {
        return Ok(!field.always);
    }
    if let Found::Nil = walk(member, settled, field.ty)? {
        *member = zero(field.ty);
    }
    Ok(omitted(field, member))
}

/// How many fields are compared by name before the table of names is asked.
const AHEAD: usize = 8;

/// The field of a name; probably one of the next.
fn place(known: &'static Struct, name: &str, next: usize) -> Option<(usize, &'static Field)> {
    let ahead = (next..next + AHEAD).map_while(|at| Some((at, known.fields.get_index(at)?)));
    let mut ahead = ahead.into_iter();
    let near = ahead.find(|(_, (of, _))| of.as_str() == name).map(|(at, (_, field))| (at, field));
    near.or_else(|| known.fields.get_full(name).map(|(at, _, field)| (at, field)))
}

/// The members of a struct in their order, as Go writes them.
fn written(known: &Struct, members: Map) -> Map {
    let mut places: Vec<Option<(Key, Value)>> = Vec::new();
    places.resize_with(known.fields.len(), || None);
    // Not as many as there are fields: most structs have a fraction of theirs, and an object stays for long.
    let mut written = Map::with_capacity(members.len() + 1);
    for (name, value) in members {
        if let Some(place) = known.fields.get_index_of(&name).and_then(|at| places.get_mut(at)) {
            *place = Some((name, value));
        }
    }
    for ((name, field), given) in known.fields.iter().zip(places) {
        match given {
            Some((_, value)) if !field.always && field.pointer && value.is_null() => {}
            Some((_, value)) if omitted(field, &value) => {}
            Some((name, value)) => _ = written.insert(name, value),
            None if field.always => _ = written.insert(name.clone(), zero_field(field)),
            None => {}
        }
    }
    written
}

fn scalar(value: &mut Value, scalar: Scalar, ty: TypeId) -> Result<Found, Unsettled> {
    let stays = match (scalar, &*value) {
        (Scalar::String | Scalar::Duration | Scalar::IntOrString, Value::String(_))
        | (Scalar::Bool, Value::Bool(_)) => true,
        (Scalar::Int32 | Scalar::IntOrString, Value::Number(number)) => {
            number.as_i64().is_some_and(|number| i32::try_from(number).is_ok())
        }
        (Scalar::Int64 | Scalar::Uint32 | Scalar::Float, Value::Number(number)) => number.as_i64().is_some(),
        _ => false,
    };
    if stays { Ok(Found::Value) } else { decoded(value, ty) }
}

/// A value that has a form of its own: read and written anew.
fn decoded(value: &mut Value, ty: TypeId) -> Result<Found, Unsettled> {
    let found = Reader::new(false).run(&*value, ty).map_err(|_| Unsettled)?.value;
    // What is there and counts as nothing is rare.
    if found.is_null() {
        return Err(Unsettled);
    }
    *value = found;
    Ok(Found::Value)
}

#[cfg(test)]
mod tests {
    use proofmark_json::json;
    use proptest::prelude::*;

    use super::super::{decode, decode_changed, decode_owned};
    use super::*;
    use crate::type_of;

    /// Values of which many fit a pod, and others not.
    fn pods() -> impl Strategy<Value = Value> {
        let text = prop_oneof![
            Just(json!("")),
            Just(json!("a")),
            Just(Value::Null),
            Just(json!(1)),
            Just(json!("2024-01-01T00:00:00Z"))
        ];
        let number =
            prop_oneof![Just(json!(0)), Just(json!(80)), Just(json!(80.0)), Just(json!("80")), Just(Value::Null)];
        let amounts =
            prop_oneof![Just(json!({"memory": "1024Mi", "cpu": "0.5"})), Just(json!({})), Just(json!({"cpu": 1}))];
        let container = (text.clone(), number.clone(), amounts, any::<bool>()).prop_map(|(name, port, amounts, first)| {
            let ports = json!([{"containerPort": port, "protocol": "TCP"}]);
            if first {
                json!({"name": name, "ports": ports, "resources": {"limits": amounts}, "env": []})
            } else {
                json!({"resources": {"limits": amounts}, "env": [{"name": "b", "value": ""}], "image": "i", "name": name})
            }
        });
        let labels = prop_oneof![
            Just(json!({"b": "1", "a": "2"})),
            Just(json!({})),
            Just(json!({"a": null})),
            Just(Value::Null)
        ];
        let managed = prop_oneof![
            Just(json!([])),
            Just(json!([{"fieldsV1": {"f:a": {}}, "manager": "m", "time": "2024-01-01T00:00:00Z"}]))
        ];
        let meta = (labels, text.clone(), managed, number)
            .prop_map(|(labels, at, managed, n)| json!({"labels": labels, "creationTimestamp": at, "managedFields": managed, "generation": n}));
        let spec = (prop::collection::vec(container, 0..3), text.clone(), any::<bool>()).prop_map(|(containers, node, flag)| {
            json!({"nodeName": node, "containers": containers, "hostNetwork": flag, "terminationGracePeriodSeconds": 0})
        });
        let unknown = prop_oneof![9 => Just(json!({})), 1 => Just(json!({"unknown": 1}))];
        (meta, spec, text, unknown).prop_map(|(metadata, spec, phase, more)| {
            let mut pod = json!({"status": {"phase": phase, "startTime": null}, "spec": spec, "kind": "Pod", "metadata": metadata});
            if let (Some(pod), Some(more)) = (pod.as_object_mut(), more.as_object()) {
                pod.extend(more.clone());
            }
            pod
        })
    }

    /// One value in which parts of another stand where both have something; the rest is still shared with the first.
    fn mixed(value: &mut Value, other: &Value, choices: &mut impl Iterator<Item = u8>) {
        match (value, other) {
            (value, other) if choices.next() == Some(0) => *value = other.clone(),
            (value @ Value::Object(_), Value::Object(theirs)) => {
                for (name, theirs) in theirs {
                    if choices.next() == Some(0) {
                        value.as_object_mut().map(|members| members.shift_remove(name));
                    } else if choices.next() != Some(1)
                        && let Some(member) = value.get_mut(name)
                    {
                        mixed(member, theirs, choices);
                    }
                }
            }
            (Value::Array(items), Value::Array(theirs)) => {
                items.iter_mut().zip(theirs).for_each(|(item, other)| mixed(item, other, choices));
                items.extend(theirs.iter().skip(items.len()).cloned());
            }
            _ => {}
        }
    }

    proptest! {
        /// What a changed copy shares with what was decoded before is not looked at again, and that makes no difference.
        #[test]
        fn changed_is_as_anew(pod in pods(), other in pods(), choices in prop::collection::vec(0u8..6, 0..60)) {
            let ty = type_of("", "v1", "Pod").unwrap();
            let Ok(settled) = decode_owned(pod, ty, false).map(|decoded| decoded.value) else { return Ok(()) };
            let mut changed = settled.clone();
            mixed(&mut changed, &other, &mut choices.into_iter());
            let anew = decode(&changed, ty, true);
            let moved = crate::unstructured::convert(&mut changed.clone(), None, ty);
            prop_assert_eq!(crate::unstructured::convert(&mut changed.clone(), Some(&settled), ty), moved);
            let changed = decode_changed(changed, Some(&settled), ty, true);
            prop_assert_eq!(format!("{anew:?}"), format!("{changed:?}"));
        }

        #[test]
        fn in_place_is_as_anew(pod in pods()) {
            let ty = type_of("", "v1", "Pod").unwrap();
            let anew = decode(&pod, ty, true);
            let in_place = decode_owned(pod, ty, true);
            // Also in the order of what is written.
            prop_assert_eq!(format!("{anew:?}"), format!("{in_place:?}"));
            if let Ok(decoded) = anew {
                let again = decode_owned(decoded.value.clone(), ty, true);
                prop_assert_eq!(again.map(|again| again.value.to_string()), Ok(decoded.value.to_string()));
            }
        }
    }
}
