//! Bodies in YAML: one document, read as Kubernetes reads it.

use proofmark_json::Value;

use crate::python::Json;

/// What YAML calls itself.
pub(crate) const TYPES: [&str; 3] = ["application/yaml", "application/x-yaml", "text/yaml"];

/// The document. The error says at which line it cannot be read.
pub(crate) fn read(body: &[u8]) -> Result<Json, String> {
    let text = std::str::from_utf8(body).map_err(|_| "The YAML is not UTF-8.".to_owned())?;
    let options = serde_saphyr::options! {
        legacy_octal_numbers: true,
        with_snippet: false,
        budget: serde_saphyr::budget! { max_depth: 128, max_nodes: 1_000_000, max_events: 4_000_000 },
    };
    let value: Value = serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        let line = error.location().map_or(1, |location| location.line());
        format!("The YAML cannot be read at line {line}: {error}")
    })?;
    Ok(Json::from(value))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::python::dumps;

    #[test]
    fn documents_keep_their_order() {
        let read = read(b"kind: A\nspec: {n: 1, f: 1.5, b: true, l: [x, null]}\n").unwrap();
        assert_eq!(dumps(&read), r#"{"kind": "A", "spec": {"n": 1, "f": 1.5, "b": true, "l": ["x", null]}}"#);
    }

    #[rstest]
    #[case("a: 1\nb: [1\nc: 2\n", "line ")]
    #[case("a: 1\na: 2\n", "line 2")]
    #[case("\u{0}", "line 1")]
    fn mistakes_have_a_line(#[case] text: &str, #[case] told: &str) {
        let words = read(text.as_bytes()).unwrap_err();
        assert!(words.contains(told), "{words}");
    }
}
