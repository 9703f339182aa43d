//! JSON merge patch (RFC 7386), as kube-apiserver's library applies it: nulls also vanish from objects inside lists that are new.

use proofmark_json::{Map, Value};

/// The document after a merge patch. Objects that the patch reaches into come out with sorted keys, as they do from Go.
pub fn merge_patch(doc: &Value, patch: &Value) -> Value {
    match (doc, patch) {
        (Value::Object(doc), Value::Object(patch)) => Value::Object(merge(doc.clone(), patch)),
        _ => without_nulls(patch),
    }
}

fn merge(mut doc: Map, patch: &Map) -> Map {
    for (key, value) in patch {
        if value.is_null() {
            doc.shift_remove(key);
            continue;
        }
        let merged = match (doc.get_mut(key), value) {
            (Some(Value::Object(old)), Value::Object(new)) => Value::Object(merge(std::mem::take(old), new)),
            (Some(Value::Object(_)), new) => new.clone(),
            (_, new) => without_nulls(new),
        };
        doc.insert(key.clone(), merged);
    }
    doc.sort_keys();
    doc
}

fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let kept = fields
                .iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(key, value)| (key.clone(), without_nulls(value)));
            let mut kept: Map = kept.collect();
            kept.sort_keys();
            Value::Object(kept)
        }
        Value::Array(items) => items.iter().map(without_nulls).collect(),
        scalar => scalar.clone(),
    }
}

#[cfg(test)]
mod tests {
    use proofmark_json::json;
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;
    use crate::testing::json_value;

    #[rstest]
    // The examples of RFC 7386.
    #[case(json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"}))]
    #[case(json!({"a": "b"}), json!({"b": "c"}), json!({"a": "b", "b": "c"}))]
    #[case(json!({"a": "b"}), json!({"a": null}), json!({}))]
    #[case(json!({"a": "b", "b": "c"}), json!({"a": null}), json!({"b": "c"}))]
    #[case(json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"}))]
    #[case(json!({"a": "c"}), json!({"a": ["b"]}), json!({"a": ["b"]}))]
    #[case(json!({"a": {"b": "c"}}), json!({"a": {"b": "d", "c": null}}), json!({"a": {"b": "d"}}))]
    #[case(json!({"a": [{"b": "c"}]}), json!({"a": [1]}), json!({"a": [1]}))]
    #[case(json!(["a", "b"]), json!(["c", "d"]), json!(["c", "d"]))]
    #[case(json!({"a": "b"}), json!(["c"]), json!(["c"]))]
    #[case(json!({"e": null}), json!({"a": 1}), json!({"e": null, "a": 1}))]
    #[case(json!([1, 2]), json!({"a": "b", "c": null}), json!({"a": "b"}))]
    #[case(json!({}), json!({"a": {"bb": {"ccc": null}}}), json!({"a": {"bb": {}}}))]
    // Where the library goes beyond it.
    #[case(json!({}), json!({"a": [{"b": null, "c": 1}, null]}), json!({"a": [{"c": 1}, null]}))]
    #[case(json!({"a": {}}), json!({"a": [{"b": null}]}), json!({"a": [{"b": null}]}))]
    fn table(#[case] doc: Value, #[case] patch: Value, #[case] want: Value) {
        assert_eq!(merge_patch(&doc, &patch), want);
    }

    #[test]
    fn what_is_reached_comes_out_sorted() {
        let doc = json!({"z": {"y": 1, "x": 2}, "b": {"d": 1, "c": 2}, "a": 0});
        assert_eq!(
            merge_patch(&doc, &json!({"b": {"e": 3}})).to_string(),
            r#"{"a":0,"b":{"c":2,"d":1,"e":3},"z":{"y":1,"x":2}}"#
        );
    }

    /// The smallest patch from one document to another; neither may hold nulls, which a patch cannot express.
    fn diff(from: &Map, to: &Map) -> Value {
        let gone = from.keys().filter(|key| !to.contains_key(*key)).map(|key| (key.clone(), Value::Null));
        let came = to.iter().filter(|(key, value)| from.get(*key) != Some(value)).map(|(key, value)| {
            let change = match (from.get(key), value) {
                (Some(Value::Object(from)), Value::Object(to)) => diff(from, to),
                _ => value.clone(),
            };
            (key.clone(), change)
        });
        Value::Object(gone.chain(came).collect())
    }

    proptest! {
        #[test]
        fn diff_then_merge_arrives(from in json_value(), to in json_value()) {
            let (from, to) = (without_nulls(&json!({"v": from})), without_nulls(&json!({"v": to})));
            if let (Value::Object(a), Value::Object(b)) = (&from, &to) {
                prop_assert_eq!(merge_patch(&from, &diff(a, b)), to);
            }
        }
    }
}
