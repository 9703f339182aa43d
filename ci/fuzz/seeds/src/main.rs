//! Writes the corpora of the targets: the requests of the recorded exchanges, and for what has none, a few inputs of each kind.
//! `seeds RECORDINGS CORPORA`

mod written;

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;

use proofmark_json::Value;

type Corpora = BTreeMap<&'static str, Vec<Vec<u8>>>;

fn main() -> std::io::Result<()> {
    let folders: Vec<_> = std::env::args_os().skip(1).collect();
    let [recordings, corpora] = folders.as_slice() else {
        return Err(std::io::Error::other("usage: seeds RECORDINGS CORPORA"));
    };
    let mut seeds = Corpora::new();
    for (target, parts) in written::INPUTS {
        seeds.entry(target).or_default().push(parts.join("\0").into_bytes());
    }
    for entry in std::fs::read_dir(recordings)? {
        let path = entry?.path();
        if path.extension().is_some_and(|e| e == "gz") {
            let mut text = String::new();
            flate2::read::GzDecoder::new(std::fs::File::open(&path)?).read_to_string(&mut text)?;
            for step in steps(&proofmark_json::from_str(&text)?) {
                collect(step, &mut seeds);
            }
        }
    }
    for (target, inputs) in seeds {
        let folder = Path::new(corpora).join(target);
        std::fs::create_dir_all(&folder)?;
        for (n, input) in inputs.iter().enumerate() {
            std::fs::write(folder.join(format!("seed-{n}")), input)?;
        }
    }
    Ok(())
}

fn steps(recording: &Value) -> Vec<&Value> {
    let cases = recording.as_array().into_iter().flatten();
    cases.filter_map(|case| case["steps"].as_array()).flatten().collect()
}

fn collect(step: &Value, seeds: &mut Corpora) {
    let text = |field: &str| step[field].as_str().unwrap_or_default();
    let body = match &step["body"] {
        Value::Null => text("raw").to_owned(),
        body => body.to_string(),
    };
    let method = if step["method"].is_string() { text("method").to_uppercase() } else { "GET".to_owned() };
    let content_type = if step["type"].is_string() { text("type") } else { "application/json" };
    let mut add = |target, parts: &[&str]| seeds.entry(target).or_default().push(parts.join("\0").into_bytes());
    add("request", &[&method, text("path"), content_type, &body]);
    if let Some(query) = text("path").split_once("labelSelector=").or_else(|| text("path").split_once("fieldSelector="))
    {
        let decoded = percent_encoding::percent_decode_str(query.1).decode_utf8_lossy();
        add("selector", &[&decoded, &decoded]);
    }
    if !step["body"].is_object() && !step["body"].is_array() {
        return;
    }
    for expression in expressions(&step["body"]) {
        add("expression", &[expression, &body]);
    }
    let (version, kind) = (step["body"]["apiVersion"].as_str(), step["body"]["kind"].as_str());
    add("manifests", &[&body]);
    if content_type.contains("patch") {
        add("patch", &[&step["expect"]["body"].to_string(), &body]);
    }
    if let (Some(version), Some(kind)) = (version, kind) {
        add("json", &[&format!("{version}/{kind}"), &body]);
        add("apply", &[&step["expect"]["body"].to_string(), &body]);
        let (group, short) = version.split_once('/').unwrap_or(("", version));
        if let Some(ty) = proofmark_builtin::type_of(group, short, kind) {
            seeds.entry("protobuf").or_default().push(proofmark_builtin::proto::encode(&step["body"], ty));
        }
    }
    for version in step["body"]["spec"]["versions"].as_array().into_iter().flatten() {
        let schema = &version["schema"]["openAPIV3Schema"];
        if schema.is_object() {
            let input = [schema.to_string(), r#"{"spec":{"a":1,"b":["x"],"c":null}}"#.to_owned()].join("\0");
            seeds.entry("schema").or_default().push(input.into_bytes());
        }
    }
}

/// Every expression of a body: rules of schemas, validations and conditions of policies.
fn expressions(value: &Value) -> Vec<&str> {
    let texts = |name: &str| matches!(name, "rule" | "expression" | "messageExpression" | "valueExpression");
    match value {
        Value::Object(members) => members
            .iter()
            .flat_map(|(name, value)| match value.as_str() {
                Some(text) if texts(name) => vec![text],
                _ => expressions(value),
            })
            .collect(),
        Value::Array(items) => items.iter().flat_map(expressions).collect(),
        _ => Vec::new(),
    }
}
