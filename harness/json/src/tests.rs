//! Values mean what those of `serde_json` mean.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{Key, Map, Value, from_value, json, to_value};

#[test]
fn it_is_small() {
    assert_eq!(size_of::<Value>(), 32);
    assert_eq!(size_of::<(Key, Value)>(), 56);
}

#[test]
fn literals_are_written_as_json() {
    let (name, more) = ("b", vec![1, 2]);
    let value = json!({"a": null, name: [1, "two", {"three": true},], (name.to_owned() + "c"): more, "d": {}, "e": [], "f": -1.5 + 0.5});
    assert_eq!(value.to_string(), r#"{"a":null,"b":[1,"two",{"three":true}],"bc":[1,2],"d":{},"e":[],"f":-1.0}"#);
    assert_eq!(json!(null), Value::Null);
    assert_eq!(json!(name), "b");
    assert_eq!(json!([null, [null]]).to_string(), "[null,[null]]");
}

#[test]
fn members_keep_their_order() {
    let mut map: Map = (0..100).map(|n| (format!("n{n}"), json!(n))).collect();
    assert_eq!(map.shift_remove("n50"), Some(json!(50)));
    assert_eq!(map.insert("n3", json!("three")), Some(json!(3)));
    map.shift_insert(0, "n99", json!("last"));
    map.entry("new").or_insert(Value::Null);
    *map.entry("n4").or_insert(Value::Null) = json!("four");
    let wanted = ["n99".to_owned()].into_iter().chain((0..99).filter(|n| *n != 50).map(|n| format!("n{n}")));
    let wanted: Vec<String> = wanted.chain(["new".to_owned()]).collect();
    assert!(map.keys().map(Key::as_str).eq(wanted.iter().map(String::as_str)));
    assert!(wanted.iter().all(|name| map.contains_key(name)) && !map.contains_key("n50"));
    assert_eq!((map.get("n98"), map.get("n4")), (Some(&json!(98)), Some(&json!("four"))));
    map.retain(|name, _| name.ends_with('9'));
    assert_eq!(map.len(), 10);
    assert_eq!(map.get("n89"), Some(&json!(89)));
    map.sort_keys();
    assert_eq!(map.keys().next().map(Key::as_str), Some("n19"));
}

#[test]
fn pointers_are_those_of_the_rfc() {
    let value = json!({"a/b": {"m~n": [10, 11]}, "": 1});
    assert_eq!(value.pointer("/a~1b/m~0n/1"), Some(&json!(11)));
    assert_eq!(value.pointer("/"), Some(&json!(1)));
    assert_eq!(value.pointer(""), Some(&value));
    for nothing in ["a", "/a~1b/m~0n/01", "/a~1b/m~0n/+1", "/a~1b/m~0n/-", "/a~1b/m~0n/2", "//x"] {
        assert_eq!(value.pointer(nothing), None, "{nothing}");
    }
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Shape {
    Unit,
    One(u8),
    Two(u8, String),
    Named { a: Option<i32>, b: f32 },
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Everything {
    shapes: Vec<Shape>,
    numbered: BTreeMap<i32, bool>,
    by_shape: BTreeMap<String, (u64, char)>,
    absent: Option<String>,
    bytes: Vec<u8>,
    raw: Value,
    #[serde(flatten)]
    more: BTreeMap<String, Value>,
}

#[test]
fn types_are_written_and_read_as_by_serde_json() {
    let everything = Everything {
        shapes: vec![
            Shape::Unit,
            Shape::One(1),
            Shape::Two(2, "x".into()),
            Shape::Named { a: None, b: 0.5 },
            Shape::Named { a: Some(-3), b: 1e9 },
        ],
        numbered: BTreeMap::from([(-1, true), (2, false)]),
        by_shape: BTreeMap::from([("k".into(), (u64::MAX, 'c'))]),
        absent: None,
        bytes: vec![0, 255],
        raw: json!({"z": 1, "a": [null, i64::MIN]}),
        more: BTreeMap::from([("extra".into(), json!("e"))]),
    };
    let value = to_value(&everything).unwrap();
    assert_eq!(value.to_string(), serde_json::to_value(&everything).unwrap().to_string());
    assert_eq!(Everything::deserialize(&value).unwrap(), everything);
    assert_eq!(from_value::<Everything>(value).unwrap(), everything);
}

#[test]
fn what_does_not_fit_is_said_as_by_serde_json() {
    for text in ["{}", "[1,2,3]", "{\"Unit\":1,\"One\":2}", "\"None\"", "{\"One\":-1}", "{\"Two\":[1]}", "7", "null"] {
        let theirs = serde_json::from_value::<Shape>(serde_json::from_str(text).unwrap()).is_err();
        let value: Value = text.parse().unwrap();
        assert_eq!(Shape::deserialize(&value).is_err(), theirs, "{text}");
        assert_eq!(from_value::<Shape>(value).is_err(), theirs, "{text}");
    }
}

#[test]
fn only_texts_can_be_names() {
    assert!(to_value(BTreeMap::from([(vec![1], 1)])).is_err());
    assert!(to_value(BTreeMap::from([((), 1)])).is_err());
    assert_eq!(to_value(BTreeMap::from([(true, 1)])).unwrap().to_string(), r#"{"true":1}"#);
}

fn any_value() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<u64>().prop_map(Into::into),
        any::<i32>().prop_map(|eighths| (f64::from(eighths) / 8.0).into()),
        ".{0,30}".prop_map(Into::into),
    ];
    leaf.prop_recursive(4, 60, 24, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
            prop::collection::vec(("[a-zA-Z/~ ]{0,26}", inner), 0..24)
                .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    /// Names of every length are told apart, wherever they differ.
    #[test]
    fn names_are_told_apart(name in "[ab]{0,40}", at in 0usize..40) {
        let map = Map::from([(name.as_str(), Value::Null)]);
        prop_assert!(map.contains_key(&name));
        let mut other = name.into_bytes();
        if let Some(byte) = other.get_mut(at) {
            *byte ^= 3;
            prop_assert!(!map.contains_key(String::from_utf8(other).unwrap()));
        }
    }

    /// Text is the same on every way: read, converted, transcoded.
    #[test]
    fn every_value_is_written_as_by_serde_json(theirs in any_value()) {
        let text = theirs.to_string();
        let ours: Value = text.parse().unwrap();
        prop_assert_eq!(ours.to_string(), text.clone());
        prop_assert_eq!(format!("{ours:#}"), format!("{theirs:#}"));
        prop_assert_eq!(format!("{ours:?}"), format!("{theirs:?}"));
        prop_assert_eq!(&to_value(&ours).unwrap(), &ours);
        prop_assert_eq!(&to_value(&theirs).unwrap(), &ours);
        prop_assert_eq!(&from_value::<Value>(ours.clone()).unwrap(), &ours);
        prop_assert_eq!(&Value::from(theirs.clone()), &ours);
        prop_assert_eq!(serde_json::Value::from(ours), theirs);
    }

    /// Whatever is done to members, they are as an ordered map of the library has them, and no copy that was made on the way notices.
    #[test]
    fn members_are_as_in_an_ordered_map(steps in prop::collection::vec((0u8..9, 0u8..40, any::<u8>()), 0..200)) {
        let (mut ours, mut theirs) = (Map::new(), serde_json::Map::new());
        let mut copies: Vec<(Map, String)> = Vec::new();
        for (step, name, value) in steps {
            let name = format!("name-{name}");
            match step {
                0..=2 => {
                    let old = ours.insert(name.as_str(), value.into());
                    prop_assert_eq!(old.map(serde_json::Value::from), theirs.insert(name, value.into()));
                }
                3 => {
                    let old = ours.shift_remove(&name);
                    prop_assert_eq!(old.map(serde_json::Value::from), theirs.shift_remove(&name));
                }
                4 => {
                    let place = usize::from(value) % (theirs.len() + 1);
                    let place = if theirs.contains_key(&name) { place.min(theirs.len() - 1) } else { place };
                    ours.shift_insert(place, name.as_str(), value.into());
                    theirs.shift_insert(place, name, value.into());
                }
                5 => {
                    ours.sort_keys();
                    theirs.sort_keys();
                }
                6 => {
                    *ours.entry(name.as_str()).and_modify(|old| *old = json!([old.take()])).or_insert(Value::Null) = value.into();
                    theirs.insert(name, value.into());
                }
                7 => {
                    for (value, theirs) in ours.values_mut().zip(theirs.values_mut()) {
                        *value = json!({"was": value});
                        *theirs = serde_json::json!({"was": theirs});
                    }
                    ours.retain(|name, _| !name.ends_with('7'));
                    theirs.retain(|name, _| !name.ends_with('7'));
                }
                _ => copies.push((ours.clone(), crate::to_string(&ours).unwrap())),
            }
            prop_assert_eq!(crate::to_string(&ours).unwrap(), serde_json::to_string(&theirs).unwrap());
            for name in theirs.keys() {
                prop_assert!(ours.contains_key(name));
            }
        }
        for (copy, text) in copies {
            prop_assert_eq!(crate::to_string(&copy).unwrap(), text);
            prop_assert_eq!(copy.clone().into_iter().collect::<Map>(), copy);
        }
        let shuffled: Map = ours.clone().into_iter().rev().collect();
        prop_assert_eq!(shuffled, ours);
    }
}
