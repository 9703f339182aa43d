//! Takes out of an answer what cannot repeat (uids, versions, times, random names, tokens, addresses), and what a step does not compare.
//!
//! Recordings were normalised when they were made, so only answers are; the order of `managedFields` is made comparable on both sides.

use std::borrow::Cow;
use std::sync::LazyLock;

use proofmark_json::{Map, Value};
use regex::{Captures, Regex};

use crate::case::Compared;

/// What one run has and the next has not, each in a group of its own.
static RUN: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?s)(?<certificate>-----BEGIN\ CERTIFICATE-----.*-----END\ CERTIFICATE-----\n?)
        |(?-u:(?<uid>[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})
        |(?<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d))
        |(?<jwt>eyJ[\w-]+\.[\w-]+\.[\w-]+)
        |(?<addr>127\.0\.0\.1:\d+)
        |(?<ip>\b10\.\d+\.\d+\.\d+\b))",
    )
});

/// A resource version inside a text: JSON of some level of quoting, or a message.
static VERSION: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r#"(?-u:(?<before>\\*"resourceVersion\\*":\ ?\\*"|resource\ version:\ |resourceVersion:\ |current:\ |resourceVersion=
        |is\ not\ valid:\ |in\ the\ precondition\ \(|in\ record\ \()\d+(?:\ \(\d+\))?)"#,
    )
});

fn regex(pattern: &str) -> Regex {
    Regex::new(&format!("(?x){pattern}")).expect("a valid pattern")
}

/// What of an answer (`status`, `type`, `body`, `warning`) is compared.
pub(crate) fn comparable(mut answer: Value, compared: &Compared) -> Value {
    clean(&mut answer, "");
    sort_managers(&mut answer, "");
    if let (Some(only), Some(body)) = (&compared.only, answer.get_mut("body").filter(|b| structured(b))) {
        let found = |at: &String| body.pointer(at).cloned().unwrap_or_else(|| Value::from("<absent>"));
        *body = only.iter().map(|at| (at.clone(), found(at))).collect::<Map>().into();
    }
    // A body of text can only be ignored as a whole.
    let within = if answer.get("body").is_some_and(structured) { answer.get_mut("body") } else { Some(&mut answer) };
    if let Some(within) = within {
        compared.ignore.iter().for_each(|at| remove(within, at));
    }
    for at in &compared.unordered {
        if let Some(Value::Array(items)) = answer.get_mut("body").and_then(|body| selected(body, compared, at)) {
            items.sort_by_cached_key(canonical);
        }
    }
    answer
}

/// A recorded answer, ready to be compared.
pub(crate) fn expectation(mut expect: Value) -> Value {
    sort_managers(&mut expect, "");
    expect
}

fn structured(body: &Value) -> bool {
    body.is_object() || body.is_array()
}

/// What a pointer into a body names, when the body may have been reduced to what some pointers name.
fn selected<'a>(body: &'a mut Value, compared: &Compared, at: &str) -> Option<&'a mut Value> {
    let Some(only) = &compared.only else { return body.pointer_mut(at) };
    only.iter()
        .find_map(|kept| {
            let rest = at.strip_prefix(kept.as_str()).filter(|rest| rest.is_empty() || rest.starts_with('/'))?;
            Some((kept, rest))
        })
        .and_then(|(kept, rest)| body.get_mut(kept)?.pointer_mut(rest))
}

/// JSON with sorted keys.
fn canonical(value: &Value) -> String {
    let mut value = value.clone();
    value.sort_all_objects();
    value.to_string()
}

/// Replaces what cannot repeat. `key` is the one under which the value is, or the list around it.
fn clean(value: &mut Value, key: &str) {
    match value {
        Value::Object(fields) => {
            let random = fields.get("metadata").and_then(random_name);
            for (key, field) in fields.iter_mut() {
                clean(field, key);
            }
            if let (Some(name), Some(metadata)) = (random, fields.get_mut("metadata")) {
                metadata["name"] = name.into();
            }
            clean_keys(fields);
        }
        Value::Array(items) => items.iter_mut().for_each(|item| clean(item, key)),
        Value::String(text) => {
            let cleaned = match key {
                "resourceVersion" if !matches!(text.as_str(), "" | "0") => Cow::Borrowed("<rv>"),
                "continue" if !text.is_empty() => Cow::Borrowed("<continue>"),
                "caBundle" => Cow::Borrowed("<caBundle>"),
                "identity" => Cow::Borrowed("<identity>"),
                _ => clean_text(text),
            };
            if cleaned != *text {
                *text = cleaned.into_owned();
            }
        }
        _ => {}
    }
}

fn clean_text(text: &str) -> Cow<'_, str> {
    let run = RUN.replace_all(text, |found: &Captures<'_>| {
        let kinds = ["certificate", "uid", "time", "jwt", "addr", "ip"];
        kinds.iter().find(|kind| found.name(kind).is_some()).map_or_else(String::new, |kind| format!("<{kind}>"))
    });
    match VERSION.replace_all(&run, "${before}<rv>") {
        Cow::Borrowed(_) => run,
        Cow::Owned(text) => Cow::Owned(text),
    }
}

/// Keys in managed fields hold uids: `k:{"uid":"..."}`.
fn clean_keys(fields: &mut Map) {
    const UID: usize = 36;
    if fields.keys().any(|key| key.len() >= UID && RUN.is_match(key)) {
        *fields =
            std::mem::take(fields).into_iter().map(|(key, field)| (clean_text(&key).into_owned(), field)).collect();
    }
}

/// The name of an object with `generateName`, its suffix replaced.
fn random_name(metadata: &Value) -> Option<String> {
    let prefix = metadata.get("generateName")?.as_str().filter(|prefix| !prefix.is_empty())?;
    metadata.get("name")?.as_str()?.starts_with(prefix).then(|| format!("{prefix}<random>"))
}

/// Entries of `managedFields` come sorted by their time in whole seconds before their manager, and whether two writes fell into one second
/// cannot repeat.
fn sort_managers(value: &mut Value, key: &str) {
    match value {
        Value::Object(fields) => fields.iter_mut().for_each(|(key, field)| sort_managers(field, key)),
        Value::Array(items) => {
            items.iter_mut().for_each(|item| sort_managers(item, ""));
            if key.ends_with("managedFields") {
                let text = |item: &Value, key| item.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
                items.sort_by_cached_key(|item| {
                    ["operation", "manager", "apiVersion", "subresource"].map(|key| text(item, key))
                });
            }
        }
        _ => {}
    }
}

/// Removes what a pointer names; an element of a list leaves a mark, so that its neighbours keep their places.
fn remove(value: &mut Value, at: &str) {
    let Some(rest) = at.strip_prefix('/') else { return };
    let (first, rest) = rest.split_once('/').map_or((rest, None), |(first, rest)| (first, Some(rest)));
    let first = first.replace("~1", "/").replace("~0", "~");
    match (value, rest) {
        (Value::Object(fields), None) if first == "*" => fields.clear(),
        (Value::Object(fields), None) => {
            fields.shift_remove(&first);
        }
        (Value::Object(fields), Some(rest)) => {
            let chosen = fields.iter_mut().filter(|(key, _)| first == "*" || **key == first);
            chosen.for_each(|(_, field)| remove(field, &format!("/{rest}")));
        }
        (Value::Array(items), rest) => {
            let index = first.parse::<usize>().ok();
            for (_, item) in items.iter_mut().enumerate().filter(|(i, _)| first == "*" || Some(*i) == index) {
                match rest {
                    None => *item = "<ignored>".into(),
                    Some(rest) => remove(item, &format!("/{rest}")),
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use proofmark_json::json;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("uid 0f6a8e0c-1b2c-4d3e-8f90-0123456789ab at 2026-01-01T00:00:00.25Z", "uid <uid> at <time>")]
    #[case("https://127.0.0.1:6443 is not 10.96.0.1 nor 110.1.2.3", "https://<addr> is not <ip> nor 110.1.2.3")]
    #[case("resourceVersion is not valid: 10.0.0.1", "resourceVersion is not valid: <ip>")]
    #[case("the provided resource version: 12 (34)", "the provided resource version: <rv>")]
    #[case(
        r#"{\"resourceVersion\":\"5\"} {"resourceVersion": "6"}"#,
        r#"{\"resourceVersion\":\"<rv>\"} {"resourceVersion": "<rv>"}"#
    )]
    #[case("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n", "<certificate>")]
    #[case("Bearer eyJhbGci.eyJpc3Mi.c2ln-_ .", "Bearer <jwt> .")]
    fn texts(#[case] text: &str, #[case] cleaned: &str) {
        assert_eq!(clean_text(text), cleaned);
    }

    #[test]
    fn objects() {
        let mut pod = json!({"metadata": {"generateName": "web-", "name": "web-x7f2k", "resourceVersion": "12"}, "continue": "abc"});
        clean(&mut pod, "");
        let cleaned = json!({"metadata": {"generateName": "web-", "name": "web-<random>", "resourceVersion": "<rv>"}, "continue": "<continue>"});
        assert_eq!(pod, cleaned);
    }

    #[rstest]
    #[case("/a/0/b", json!({"a": [{"c": 2}, {"b": 3}]}))]
    #[case("/a/*/b", json!({"a": [{"c": 2}, {}]}))]
    #[case("/a/1", json!({"a": [{"b": 1, "c": 2}, "<ignored>"]}))]
    #[case("/*", json!({}))]
    #[case("/nowhere/else", json!({"a": [{"b": 1, "c": 2}, {"b": 3}]}))]
    fn removing(#[case] at: &str, #[case] left: Value) {
        let mut value = json!({"a": [{"b": 1, "c": 2}, {"b": 3}]});
        remove(&mut value, at);
        assert_eq!(value, left);
    }

    #[test]
    fn a_reduced_body_is_still_sorted() {
        let answer = json!({"body": {"a": {"list": [2, 1]}, "b": 0}});
        let compared = Compared {
            only: Some(vec!["/a".into(), "/c".into()]),
            unordered: vec!["/a/list".into()],
            ..Compared::default()
        };
        assert_eq!(comparable(answer, &compared), json!({"body": {"/a": {"list": [1, 2]}, "/c": "<absent>"}}));
    }
}
