//! Makes two runs comparable, and counts what is equal in them.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use proofmark_json::{Value, json};
use regex::Regex;

/// Texts that differ from run to run, and what stands for them. The order matters: a suffix is told by the hash before it.
static RANDOM: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    [
        (r"\b(127\.0\.0\.1(:\d+)?|10\.\d{1,3}\.\d{1,3}\.\d{1,3}(:443)?)\b", "<addr>"),
        // Recorded webhooks had an address instead of a service.
        (r"\bkserve-webhook-server-service\.kserve\.svc:443\b", "<addr>"),
        (r"\bstream ID \d+\b", "stream ID <number>"),
        (r"\b0x[0-9a-f]{8,14}\b", "<ptr>"),
        (r"kube-api-access-[a-z0-9]{5}", "kube-api-access-<random>"),
        (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "<uid>"),
        (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", "<time>"),
        (r"(-<random>-)[bcdfghjklmnpqrstvwxz2456789]{5}\b", "${1}<random>"),
    ]
    .map(|(pattern, stands)| (Regex::new(pattern).expect("a pattern"), stands))
    .into()
});

/// Names of pods and hashes of templates that were met, longest first, and what stands for them.
pub(crate) type Names = Vec<(String, String)>;

pub(crate) fn words(text: &str, names: &Names) -> String {
    let mut text = text.to_owned();
    for (name, stands) in names {
        text = text.replace(name, stands);
    }
    RANDOM.iter().fold(text, |text, (pattern, stands)| pattern.replace_all(&text, *stands).into_owned())
}

pub(crate) fn normal(value: &Value, names: &Names) -> Value {
    match value {
        Value::Object(map) => {
            let kept = map.iter().filter(|(key, _)| {
                !matches!(key.as_str(), "managedFields" | "kubectl.kubernetes.io/last-applied-configuration")
            });
            kept.map(|(key, value)| match (key.as_str(), value) {
                ("uid", Value::String(_)) => (key.clone(), json!("<uid>")),
                ("resourceVersion" | "lastKnownResourceVersion", Value::String(_)) => (key.clone(), json!("<rv>")),
                _ => (words(key, names).into(), normal(value, names)),
            })
            .collect()
        }
        Value::Array(items) => items.iter().map(|item| normal(item, names)).collect(),
        Value::String(text) => json!(words(text, names)),
        other => other.clone(),
    }
}

/// Drops what means nothing: the status of autoscalers, the order of conditions and of several causes.
fn trim(value: &Value) -> Value {
    let mut value = value.clone();
    // Answers carry the object in their body.
    if let Some(body) = value.get("body").filter(|_| value.get("code").is_some()).cloned() {
        value["body"] = sort_causes(body);
        return value;
    }
    match value["kind"].as_str() {
        Some("HorizontalPodAutoscaler") => {
            value.as_object_mut().map(|map| map.shift_remove("status"));
        }
        Some("Deployment") => {
            if let Some(status) = value.get_mut("status").and_then(Value::as_object_mut) {
                status.shift_remove("observedGeneration");
                if let Some(conditions) = status.get_mut("conditions").and_then(Value::as_array_mut) {
                    conditions.sort_by_key(|condition| condition["type"].as_str().unwrap_or_default().to_owned());
                }
            }
        }
        _ => {}
    }
    value
}

fn sort_causes(mut body: Value) -> Value {
    if body["kind"] != "Status" || !body["message"].as_str().is_some_and(|message| message.contains(',')) {
        return body;
    }
    let message = body["message"].as_str().unwrap_or_default().to_owned();
    let mut parts: Vec<&str> = message.split(['[', ']', ',', ' ']).filter(|part| !part.is_empty()).collect();
    parts.sort_unstable();
    body["message"] = json!(parts.join("|"));
    if let Some(causes) = body.pointer_mut("/details/causes").and_then(Value::as_array_mut) {
        causes.sort_by_key(ToString::to_string);
    }
    body
}

/// The leaves of a value by path.
pub(crate) fn leaves(value: &Value) -> BTreeMap<String, &Value> {
    fn walk<'v>(value: &'v Value, at: String, into: &mut BTreeMap<String, &'v Value>) {
        match value {
            Value::Object(map) if !map.is_empty() => {
                map.iter().for_each(|(key, value)| walk(value, format!("{at}/{key}"), into));
            }
            Value::Array(items) if !items.is_empty() => {
                items.iter().enumerate().for_each(|(index, value)| walk(value, format!("{at}/{index}"), into));
            }
            leaf => {
                into.insert(at, leaf);
            }
        }
    }
    let mut into = BTreeMap::new();
    walk(value, String::new(), &mut into);
    into
}

/// How many fields are equal, of how many, and which are not.
pub(crate) fn compare(wanted: &Value, found: &Value) -> (usize, usize, Vec<String>) {
    let (wanted, found) = (trim(wanted), trim(found));
    let (wanted, found) = (leaves(&wanted), leaves(&found));
    let equal = wanted.iter().filter(|(at, value)| found.get(*at) == Some(value)).count();
    let mut differences = Vec::new();
    for (at, value) in &wanted {
        match found.get(at) {
            Some(other) if other == value => {}
            Some(other) => differences.push(format!("{at}: got {other}, want {value}")),
            None => differences.push(format!("{at}: missing, want {value}")),
        }
    }
    let extra = found.iter().filter(|(at, _)| !wanted.contains_key(*at));
    differences.extend(extra.map(|(at, value)| format!("{at}: not expected, got {value}")));
    let all = wanted.len() + found.keys().filter(|at| !wanted.contains_key(*at)).count();
    (equal, all, differences)
}
