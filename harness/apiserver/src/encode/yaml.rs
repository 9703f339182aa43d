//! Answers in YAML, as Go's `sigs.k8s.io/yaml` writes them: members sorted.

use serde_json::Value;

/// A value as YAML.
pub(super) fn to_yaml(value: &Value) -> String {
    let mut sorted = value.clone();
    crate::value::sort(&mut sorted);
    let text = serde_saphyr::to_string(&sorted).unwrap_or_default();
    // Go leaves the empty lines of a block without their indentation.
    text.lines()
        .map(|line| if line.trim_start().is_empty() { "" } else { line })
        .flat_map(|line| [line, "\n"])
        .collect()
}
