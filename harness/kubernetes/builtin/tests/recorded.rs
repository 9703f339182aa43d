//! What a real API server answered is canonical already: decoding it changes nothing, neither in JSON nor through protobuf.

use std::path::{Path, PathBuf};

use proofmark_builtin::{decode, proto, type_of};
use proofmark_json::Value;

/// The folder of recorded exchanges; none where the project stands alone.
#[expect(
    clippy::disallowed_methods,
    reason = "the recorded exchanges are found by an environment variable, in tests only"
)]
fn cases() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared");
    let shared = std::env::var("PROOFMARK_SHARED").map_or_else(|_| beside(), PathBuf::from);
    let cases = shared.join("oracle/cases");
    if cases.is_dir() {
        return Some(cases);
    }
    assert!(std::env::var("CI").is_err(), "the recorded exchanges are needed: {}", cases.display());
    #[expect(clippy::print_stderr, reason = "says why nothing was tested")]
    {
        eprintln!("skipped: no recorded exchanges at {}", cases.display());
    }
    None
}

/// Gives back the times that the recording took away.
fn with_times(value: &mut Value, name: &str) {
    match value {
        Value::String(text) if text == "<time>" => {
            let micro = ["acquireTime", "renewTime", "eventTime"].contains(&name);
            *text = if micro { "2026-01-02T03:04:05.000006Z" } else { "2026-01-02T03:04:05Z" }.to_owned();
        }
        Value::Array(items) => items.iter_mut().for_each(|item| with_times(item, name)),
        Value::Object(fields) => fields.iter_mut().for_each(|(name, value)| with_times(value, name)),
        _ => {}
    }
}

/// The bodies of all answers that succeeded and are of built-in kinds.
fn answers(file: &Path) -> Vec<(String, Value)> {
    let text = std::fs::read(file).expect("the recorded exchanges can be read");
    let cases: Value = proofmark_json::from_slice(&text).expect("they are JSON");
    let steps = cases.as_array().into_iter().flatten().flat_map(|case| {
        let name = case["case"].as_str().unwrap_or_default();
        case["steps"].as_array().into_iter().flatten().map(move |step| (name.to_owned(), step))
    });
    let complete = |step: &Value| step["only"].is_null() && step["ignore"].is_null();
    let whole =
        steps.filter(|(_, step)| complete(step) && step["expect"]["status"].as_u64().is_some_and(|s| s / 100 == 2));
    whole.map(|(name, step)| (name, step["expect"]["body"].clone())).collect()
}

#[test]
fn answers_are_canonical() {
    let Some(cases) = cases() else { return };
    let mut count = 0;
    for entry in std::fs::read_dir(cases).expect("a folder").flatten() {
        for (case, mut body) in answers(&entry.path()) {
            let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
            let (api_version, kind) = (text("apiVersion"), text("kind"));
            let (group, version) = api_version.split_once('/').unwrap_or(("", &api_version));
            let Some(ty) = type_of(group, version, &kind) else {
                continue;
            };
            with_times(&mut body, "");
            let json = body.to_string();
            let decoded = decode::decode_text(json.as_bytes(), ty, true).unwrap_or_else(|e| panic!("{case}: {e}"));
            assert_eq!(decoded.complaints, [], "{case}");
            assert_eq!(decoded.value.to_string(), json, "{case}");
            let parsed = decode::decode(&body, ty, true).unwrap_or_else(|e| panic!("{case}: {e}"));
            assert_eq!(parsed, decoded, "{case}");
            count += 1;
            // Tables have no protobuf, and it does not tell empty lists from absent ones.
            if group != "meta.k8s.io" && !json.contains("[]") {
                let read = proto::decode(&proto::encode(&body, ty)).unwrap_or_else(|e| panic!("{case}: {e}"));
                assert_eq!(read.value.to_string(), json, "{case}");
            }
        }
    }
    assert!(count > 100, "only {count} answers were compared");
}
