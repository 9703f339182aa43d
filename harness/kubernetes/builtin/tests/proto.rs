//! Protobuf: the bytes of a real API server, round trips of random objects, and bodies that are broken on purpose.

use proofmark_builtin::decode::{MAX_DEPTH, decode};
use proofmark_builtin::proto::{self, PREFIX, ProtoError};
use proofmark_builtin::{resources, type_of, types};
use proofmark_json::{Map, Value, json};
use proofmark_types::{Scalar, Type, TypeId};
use proptest::collection::vec;
use proptest::prelude::*;

#[test]
fn bytes_are_those_of_a_real_server() {
    // What kube-apiserver v1.35.4 answers for one Service, by `Accept`.
    let bytes = include_bytes!("recorded/service.bin");
    let value: Value = proofmark_json::from_str(include_str!("recorded/service.json")).unwrap();
    let read = proto::decode(bytes).unwrap();
    assert_eq!((read.api_version.as_str(), read.kind.as_str()), ("v1", "Service"));
    assert_eq!(read.value.to_string(), value.to_string());
    assert_eq!(proto::encode(&value, type_of("", "v1", "Service").unwrap()), bytes);
}

/// A random value of a type, as long as there are choices left.
fn grow(ty: TypeId, choices: &mut std::vec::IntoIter<u8>, depth: usize) -> Option<Value> {
    let choice = choices.next()?;
    let pick = |from: &[&str]| Value::from(from[usize::from(choice) % from.len()]);
    match types().get(ty) {
        Type::Scalar(scalar) => Some(match scalar {
            Scalar::Bool => json!(choice % 2 == 0),
            Scalar::Int32 => json!([0, 1, -1, i32::MAX, i32::MIN][usize::from(choice) % 5]),
            Scalar::Int64 | Scalar::Uint32 => json!([0, 1, -1, i64::MAX, i64::MIN][usize::from(choice) % 5]),
            Scalar::Float => json!([0.0, 1.0, -2.5, 1e-7][usize::from(choice) % 4]),
            Scalar::String | Scalar::Duration => pick(&["", "a", "b/c", "\u{e9}\u{1f600}\n"]),
            Scalar::Bytes => pick(&["aGVsbG8=", "AA=="]),
            Scalar::Quantity => pick(&["0", "100m", "1.5Gi", "1e3", "005"]),
            Scalar::IntOrString => [json!(80), json!("http"), json!(0), json!("")][usize::from(choice) % 4].clone(),
            Scalar::Time => pick(&["2026-01-02T03:04:05Z", "1969-12-31T23:59:59Z"]),
            Scalar::MicroTime => pick(&["2026-01-02T03:04:05.000006Z", "1969-12-31T23:59:59.999999Z"]),
        }),
        Type::Any => Some([json!({"a": [1, null]}), json!(true), json!({})][usize::from(choice) % 3].clone()),
        Type::List(list) => {
            let items: Vec<Value> = (0..=choice % 2).filter_map(|_| grow(list.item, choices, depth + 1)).collect();
            // Protobuf does not tell an empty list from none.
            (!items.is_empty()).then_some(Value::Array(items))
        }
        Type::Map(map) => {
            let keys = ["b", "a", "c/d"].iter().take(usize::from(choice % 3) + 1);
            Some(
                keys.filter_map(|key| Some(((*key).to_owned(), grow(map.value, choices, depth + 1)?)))
                    .collect::<Map>()
                    .into(),
            )
        }
        Type::Struct(known) => {
            let mut fields = Map::new();
            for (name, field) in &known.fields {
                // What has no number is not on the wire: the kind within a kind.
                if field.number.is_some() && depth < 20 && choices.next().is_some_and(|choice| choice % 3 == 0) {
                    fields.extend(grow(field.ty, choices, depth + 1).map(|value| (name.clone(), value)));
                }
            }
            Some(fields.into())
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn objects_survive_the_round_trip(at in 0..resources().len(), choices in vec(any::<u8>(), 0..600)) {
        let resource = &resources()[at];
        let ty = type_of(&resource.group, &resource.version, &resource.kind).unwrap();
        let mut body = grow(ty, &mut choices.into_iter(), 0).unwrap_or_else(|| json!({}));
        body["kind"] = resource.kind.clone().into();
        let version = if resource.group.is_empty() { resource.version.clone() } else { format!("{}/{}", resource.group, resource.version) };
        body["apiVersion"] = version.into();
        let decoded = decode(&body, ty, true).unwrap();
        prop_assert_eq!(&decoded.complaints, &[]);
        let value = decoded.value;
        // What is neither a schema nor a list of them is a pointer to nothing: written as null, and read back as none.
        let again = decode(&value, ty, true).unwrap().value;
        prop_assert_eq!(decode(&again, ty, true).unwrap().value.to_string(), again.to_string());
        let read = proto::decode(&proto::encode(&value, ty)).unwrap();
        prop_assert_eq!(read.value.to_string(), value.to_string());
    }

    #[test]
    fn broken_bodies_never_panic(
        at in 0..resources().len(),
        choices in vec(any::<u8>(), 0..300),
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in any::<prop::sample::Index>(),
    ) {
        let resource = &resources()[at];
        let ty = type_of(&resource.group, &resource.version, &resource.kind).unwrap();
        let mut body = grow(ty, &mut choices.into_iter(), 0).unwrap_or_else(|| json!({}));
        body["kind"] = resource.kind.clone().into();
        body["apiVersion"] = format!("{}/{}", resource.group, resource.version).trim_start_matches('/').into();
        let mut bytes = proto::encode(&body, ty);
        bytes.truncate(cut.index(bytes.len()) + 1);
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        _ = proto::decode(&bytes);
    }

    #[test]
    fn noise_never_panics(noise in vec(any::<u8>(), 0..200), framed in any::<bool>()) {
        let mut bytes = PREFIX.to_vec();
        if framed {
            // An envelope that is right around a message that is not.
            bytes.extend(b"\x0a\x09\x0a\x02v1\x12\x03Pod\x12");
            bytes.extend([u8::try_from(noise.len() & 0x7f).unwrap()]);
        }
        bytes.extend(noise);
        _ = proto::decode(&bytes);
    }
}

#[test]
fn refusals() {
    assert_eq!(proto::decode(b""), Err(ProtoError::Empty));
    assert_eq!(proto::decode(b"{}"), Err(ProtoError::Prefix));
    assert_eq!(proto::decode(b"k8s\0\n"), Err(ProtoError::Envelope("unexpected EOF")));
    let unknown = proto::encode(&json!({"apiVersion": "a.b/v1", "kind": "C"}), type_of("", "v1", "Pod").unwrap());
    assert_eq!(proto::decode(&unknown), Err(ProtoError::Kind { api_version: "a.b/v1".into(), kind: "C".into() }));
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "spec": {"overhead": {"cpu": "1xyz"}}});
    let error = proto::decode(&proto::encode(&pod, type_of("", "v1", "Pod").unwrap())).unwrap_err();
    assert!(error.to_string().starts_with("quantities must match"), "{error}");
}

#[test]
fn an_envelope_can_leave_its_kind_to_the_path() {
    let bare = proto::encode(&json!({"data": {"a": "b"}}), type_of("", "v1", "ConfigMap").unwrap());
    assert!(matches!(proto::decode(&bare), Err(ProtoError::Kind { .. })));
    let read = proto::decode_as(&bare, "v1", "ConfigMap").unwrap();
    assert_eq!(read.value, json!({"kind": "ConfigMap", "apiVersion": "v1", "metadata": {}, "data": {"a": "b"}}));
    let named = proto::encode(&read.value, type_of("", "v1", "ConfigMap").unwrap());
    assert_eq!(proto::decode_as(&named, "v1", "Secret").unwrap().kind, "ConfigMap");
}

#[test]
fn depth_is_bounded() {
    let ty = type_of("apiextensions.k8s.io", "v1", "CustomResourceDefinition").unwrap();
    let schema = (0..MAX_DEPTH).fold(json!({}), |inner, _| json!({"not": inner}));
    let deep = json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "spec": {"versions": [{"schema": {"openAPIV3Schema": schema}}]}});
    assert_eq!(proto::decode(&proto::encode(&deep, ty)), Err(ProtoError::Malformed("exceeded max depth")));
}

#[test]
fn memory_is_bounded() {
    // Two bytes of an empty item stand for a whole container.
    let items = 600_000_u32;
    let spec: Vec<u8> = (0..items).flat_map(|_| [0x12, 0x00]).collect();
    let field = |number: u8, bytes: &[u8]| {
        let mut out = vec![number << 3 | 2];
        let mut length = bytes.len();
        while length >= 0x80 {
            out.push(u8::try_from(length & 0x7f).unwrap() | 0x80);
            length >>= 7;
        }
        out.push(u8::try_from(length).unwrap());
        out.extend(bytes);
        out
    };
    let meta = [field(1, b"v1"), field(2, b"Pod")].concat();
    let body = [PREFIX.to_vec(), field(1, &meta), field(2, &field(2, &spec))].concat();
    assert_eq!(proto::decode(&body), Err(ProtoError::Malformed("the message holds too many values")));
}
