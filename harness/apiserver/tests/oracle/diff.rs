//! What differs between two JSON values, by path. Integers beyond 64 bits were read as floats and are compared as such.

use std::collections::BTreeSet;

use proofmark_json::Value;

/// How many characters of a value are shown.
const SHOWN: usize = 300;

/// A line for every difference, each led by the JSON pointer of its place.
pub(crate) fn diff(want: &Value, got: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    compare(want, got, "", &mut lines);
    lines
}

fn compare(want: &Value, got: &Value, at: &str, lines: &mut Vec<String>) {
    match (want, got) {
        (Value::Object(wanted), Value::Object(found)) => {
            for key in wanted.keys().chain(found.keys()).collect::<BTreeSet<_>>() {
                let at = format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
                match (wanted.get(key), found.get(key)) {
                    (Some(want), Some(got)) => compare(want, got, &at, lines),
                    (Some(want), None) => lines.push(format!("{at}: missing, want {}", shown(want))),
                    (None, Some(got)) => lines.push(format!("{at}: not expected, got {}", shown(got))),
                    (None, None) => {}
                }
            }
        }
        (Value::Array(wanted), Value::Array(found)) => {
            if wanted.len() != found.len() {
                lines.push(format!("{at}: {} elements, want {}", found.len(), wanted.len()));
            }
            for (index, (want, got)) in wanted.iter().zip(found).enumerate() {
                compare(want, got, &format!("{at}/{index}"), lines);
            }
        }
        _ if want != got => lines.push(format!("{at}: got {}, want {}", shown(got), shown(want))),
        _ => {}
    }
}

fn shown(value: &Value) -> String {
    value.to_string().chars().take(SHOWN).collect()
}

#[cfg(test)]
mod tests {
    use proofmark_json::json;

    use super::*;

    #[test]
    fn every_kind_of_difference() {
        let want = json!({"a": 1, "b": [1, 2], "c/d": true, "same": {"x": null}});
        let got = json!({"a": 1.0, "b": [1], "e": "new", "same": {"x": null}});
        let lines = [
            "/a: got 1.0, want 1",
            "/b: 1 elements, want 2",
            "/c~1d: missing, want true",
            "/e: not expected, got \"new\"",
        ];
        assert_eq!(diff(&want, &got), lines);
    }
}
