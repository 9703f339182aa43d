//! Expected against found, path by path.

use proofmark_json::Value;
use serde::{Deserialize, Deserializer, Serialize};

/// One place where the found value is not the expected one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    /// Where: `spec.model.framework`, `status.conditions[type=Ready].status`, `rules[2].verbs`. Empty for the whole value.
    pub path: String,
    /// What should stand there; absent when nothing should.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub expected: Option<Value>,
    /// What stands there; absent when nothing does.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub found: Option<Value>,
}

/// What is there, null too: only what is absent is none.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

impl Difference {
    /// A difference at a path.
    pub fn new(path: impl Into<String>, expected: impl Into<Option<Value>>, found: impl Into<Option<Value>>) -> Self {
        Self { path: path.into(), expected: expected.into(), found: found.into() }
    }
}

/// Members by which the elements of a Kubernetes list are told apart, in order of preference.
const KEYS: [&str; 3] = ["name", "type", "key"];

/// Where `found` does not hold what `expected` asks for.
///
/// Objects are compared by the members that `expected` names; further members are welcome, and an expected `null` asks for absence.
/// Arrays of objects that carry one of the usual keys (`name`, `type`, `key`) are compared element by element under that key, in any
/// order and with further elements welcome. All other arrays must be equal in length and order, scalars must be equal.
pub fn partial(expected: &Value, found: &Value) -> Vec<Difference> {
    let mut differences = Vec::new();
    compare("", expected, Some(found), &mut differences);
    differences
}

/// Where two values differ at all. Members of objects have no order.
pub fn exact(expected: &Value, found: &Value) -> Vec<Difference> {
    let mut differences = Vec::new();
    equal("", Some(expected), Some(found), &mut differences);
    differences
}

fn equal(path: &str, expected: Option<&Value>, found: Option<&Value>, out: &mut Vec<Difference>) {
    match (expected, found) {
        (Some(Value::Object(expected)), Some(Value::Object(found))) => {
            let only_found = found.keys().filter(|name| !expected.contains_key(*name));
            for name in expected.keys().chain(only_found) {
                equal(&member(path, name), expected.get(name), found.get(name), out);
            }
        }
        (expected, found) if expected == found => {}
        (expected, found) => out.push(Difference::new(path, expected.cloned(), found.cloned())),
    }
}

fn compare(path: &str, expected: &Value, found: Option<&Value>, out: &mut Vec<Difference>) {
    match (expected, found) {
        (Value::Null, None | Some(Value::Null)) => {}
        (Value::Null, Some(found)) => out.push(Difference::new(path, None, found.clone())),
        (Value::Object(members), Some(Value::Object(found))) => {
            for (name, expected) in members {
                compare(&member(path, name), expected, found.get(name), out);
            }
        }
        (Value::Array(expected), Some(Value::Array(found))) => match key_of(expected) {
            Some(key) => keyed(path, key, expected, found, out),
            None => ordered(path, expected, found, out),
        },
        (expected, Some(found)) if expected == found => {}
        (expected, found) => out.push(Difference::new(path, expected.clone(), found.cloned())),
    }
}

fn keyed(path: &str, key: &str, expected: &[Value], found: &[Value], out: &mut Vec<Difference>) {
    for element in expected {
        let wanted = &element[key];
        let path = format!("{path}[{key}={}]", wanted.as_str().unwrap_or_default());
        compare(&path, element, found.iter().find(|candidate| candidate[key] == *wanted), out);
    }
}

fn ordered(path: &str, expected: &[Value], found: &[Value], out: &mut Vec<Difference>) {
    for index in 0..expected.len().max(found.len()) {
        let path = format!("{path}[{index}]");
        match expected.get(index) {
            Some(expected) => compare(&path, expected, found.get(index), out),
            None => out.push(Difference::new(path, None, found.get(index).cloned())),
        }
    }
}

/// The key under which every element can be told apart, if there is one.
fn key_of(elements: &[Value]) -> Option<&'static str> {
    let all_have = |key: &&&str| !elements.is_empty() && elements.iter().all(|element| element[**key].is_string());
    KEYS.iter().find(all_have).copied()
}

fn member(path: &str, name: &str) -> String {
    let plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    match (path.is_empty(), plain) {
        (true, true) => name.to_owned(),
        (false, true) => format!("{path}.{name}"),
        (_, false) => format!("{path}[{name:?}]"),
    }
}

#[cfg(test)]
mod tests {
    use proofmark_json::json;

    use super::*;

    #[rstest::rstest]
    #[case::further_members_are_welcome(json!({"a": 1}), json!({"a": 1, "b": 2}), &[])]
    #[case::a_missing_member(json!({"a": {"b": 1}}), json!({"a": {}}), &["a.b"])]
    #[case::a_wrong_type(json!({"a": {"b": 1}}), json!({"a": [1]}), &["a"])]
    #[case::null_asks_for_absence(json!({"a": null, "b": null}), json!({"b": 1}), &["b"])]
    #[case::odd_names_are_quoted(json!({"m": {"a.b/c": 1}}), json!({"m": {}}), &[r#"m["a.b/c"]"#])]
    #[case::lists_with_a_key_match_in_any_order(
        json!([{"type": "Ready", "status": "True"}]), json!([{"type": "Other"}, {"type": "Ready", "status": "True"}]), &[]
    )]
    #[case::lists_with_a_key_say_which_element(
        json!({"c": [{"type": "Ready", "status": "True"}]}), json!({"c": [{"type": "Ready", "status": "False"}]}), &["c[type=Ready].status"]
    )]
    #[case::a_missing_element(json!([{"name": "x"}]), json!([]), &["[name=x]"])]
    #[case::other_lists_are_exact(json!(["get", "list"]), json!(["get", "watch", "list"]), &["[1]", "[2]"])]
    #[case::an_empty_list_means_empty(json!({"items": []}), json!({"items": [1]}), &["items[0]"])]
    #[case::scalars(json!(403), json!(404), &[""])]
    fn differences_are_told_by_path(#[case] expected: Value, #[case] found: Value, #[case] paths: &[&str]) {
        let got: Vec<_> = partial(&expected, &found).into_iter().map(|d| d.path).collect();
        assert_eq!(got, paths);
    }

    #[test]
    fn exact_differences_go_both_ways() {
        let got = exact(&json!({"a": {"x": [1]}, "b": 1}), &json!({"c": 2, "a": {"x": [1, 2]}}));
        let paths: Vec<_> = got.iter().map(|d| d.path.as_str()).collect();
        assert_eq!(paths, ["a.x", "b", "c"]);
        assert_eq!(exact(&json!({"a": 1, "b": 2}), &json!({"b": 2, "a": 1})), []);
    }
}
