//! What of an answer is compared.

use std::sync::LazyLock;

use proofmark_json::{Value, json};
use regex::Regex;

/// What differs from run to run, by the word that the recordings have for it. Hand-written times are of 2024.
static PATTERNS: LazyLock<[(Regex, &str); 7]> = LazyLock::new(|| {
    let pattern = |text: &str, word| (Regex::new(text).expect("a pattern"), word);
    [
        pattern(r"20(2[5-9]|[3-9]\d)-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "<time>"),
        pattern(r"20(2[5-9]|[3-9]\d)-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+00:00", "<time>+00:00"),
        pattern(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "<uid>"),
        pattern(r"127\.0\.0\.1:\d+", "<addr>"),
        pattern(r#""resourceVersion":"\d+""#, r#""resourceVersion":"<rv>""#),
        pattern(r#""resourceVersion": "\d+""#, r#""resourceVersion": "<rv>""#),
        pattern(r"resourceVersion=\d+", "resourceVersion=<rv>"),
    ]
});

/// A text without what cannot repeat.
pub(crate) fn plain(text: &str) -> String {
    let mut text = shortened(text);
    for (pattern, word) in PATTERNS.iter() {
        text = pattern.replace_all(&text, *word).into_owned();
    }
    text
}

/// Runs of a thousand and more equal characters, as the recordings write them.
fn shortened(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let end = rest.find(|c| c != first).unwrap_or(rest.len());
        let count = rest[..end].chars().count();
        if count >= 1000 {
            out.push_str(&format!("<{first} repeated {count} times>"));
        } else {
            out.push_str(&rest[..end]);
        }
        rest = &rest[end..];
    }
    out
}

/// A value without what cannot repeat. The recordings dropped who owns which field, and the state of autoscalers.
pub(crate) fn normal(value: &Value, managed: bool) -> Value {
    match value {
        Value::String(text) => json!(plain(text)),
        Value::Array(items) => items.iter().map(|item| normal(item, managed)).collect(),
        Value::Object(members) => {
            let autoscaler = members.get("kind").is_some_and(|kind| kind == "HorizontalPodAutoscaler");
            let kept = members.iter().filter(|(key, _)| {
                !(key.as_str() == "managedFields" && !managed || key.as_str() == "status" && autoscaler)
            });
            let kept = kept.map(|(key, value)| {
                let value = match key.as_str() {
                    "resourceVersion" if value.is_string() && value != "<rv>" => json!("<rv>"),
                    _ => normal(value, managed),
                };
                (key.clone(), value)
            });
            Value::Object(kept.collect())
        }
        other => other.clone(),
    }
}

/// A message of several causes with these in order: theirs is random.
pub(crate) fn sorted_causes(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Some((before, causes)) = text.split_once(" is invalid: [")
                && let Some(causes) = causes.strip_suffix(']')
            {
                let mut causes: Vec<&str> =
                    causes.split(", spec.").map(|cause| cause.trim_start_matches("spec.")).collect();
                causes.sort_unstable();
                *text = format!("{before} is invalid: [{}]", causes.join(", "));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(sorted_causes),
        Value::Object(members) => members.values_mut().for_each(sorted_causes),
        _ => {}
    }
}

/// Where two values differ.
pub(crate) fn differ(what: &str, wanted: &Value, found: &Value, into: &mut Vec<String>) {
    let (mut wanted, mut found) = (wanted.clone(), found.clone());
    sorted_causes(&mut wanted);
    sorted_causes(&mut found);
    if wanted != found {
        into.push(format!("{what}: wanted {wanted}\n             found  {found}"));
    }
}
