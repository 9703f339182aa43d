//! Label selectors and label sets as text.

use proofmark_json::Value;

/// `key=value` pairs in the order of their text; `<none>` when there are none.
pub(crate) fn labels(set: &Value) -> String {
    let mut pairs: Vec<String> =
        set.as_object().into_iter().flatten().map(|(key, value)| format!("{key}={}", text(value))).collect();
    pairs.sort();
    if pairs.is_empty() { "<none>".to_owned() } else { pairs.join(",") }
}

/// A label selector as `a=b,c in (d,e),!f`, empty for one that selects everything or nothing.
/// `None` when it is not a valid selector.
pub(crate) fn label_selector(selector: &Value) -> Option<String> {
    let mut requirements: Vec<(&str, String)> = Vec::new();
    for (key, value) in selector["matchLabels"].as_object().into_iter().flatten() {
        requirements.push((key, format!("{key}={}", text(value))));
    }
    for expression in selector["matchExpressions"].as_array().into_iter().flatten() {
        let key = text(&expression["key"]);
        let mut values: Vec<&str> = expression["values"].as_array().into_iter().flatten().map(text).collect();
        values.sort_unstable();
        let list = values.join(",");
        let written = match (text(&expression["operator"]), values.is_empty()) {
            ("In", false) => format!("{key} in ({list})"),
            ("NotIn", false) => format!("{key} notin ({list})"),
            ("Exists", true) => key.to_owned(),
            ("DoesNotExist", true) => format!("!{key}"),
            _ => return None,
        };
        requirements.push((key, written));
    }
    requirements.sort_by_key(|(key, _)| *key);
    Some(requirements.into_iter().map(|(_, written)| written).collect::<Vec<_>>().join(","))
}

/// A label selector as most tables show it: `<none>` instead of nothing, `<error>` for an invalid one.
pub(crate) fn format_label_selector(selector: &Value) -> String {
    match label_selector(selector) {
        None => "<error>".to_owned(),
        Some(text) if text.is_empty() => "<none>".to_owned(),
        Some(text) => text,
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proofmark_json::json;

    #[test]
    fn selectors() {
        let all = json!({
            "matchLabels": {"b": "2", "a": "1"},
            "matchExpressions": [
                {"key": "e", "operator": "In", "values": ["y", "x"]},
                {"key": "d", "operator": "NotIn", "values": ["z"]},
                {"key": "f", "operator": "Exists"},
                {"key": "c", "operator": "DoesNotExist"},
            ],
        });
        assert_eq!(format_label_selector(&all), "a=1,b=2,!c,d notin (z),e in (x,y),f");
        assert_eq!(format_label_selector(&Value::Null), "<none>");
        assert_eq!(format_label_selector(&json!({})), "<none>");
        let odd = json!({"matchExpressions": [{"key": "e", "operator": "Near"}]});
        assert_eq!(format_label_selector(&odd), "<error>");
        assert_eq!(labels(&json!({"b": "2", "a": ""})), "a=,b=2");
    }
}
