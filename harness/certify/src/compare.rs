//! What is different between two bundles: how scenarios came out, and what they were played on.

use std::collections::BTreeMap;
use std::path::Path;

use serde_yaml::Value;

use crate::bundle::{ENVIRONMENT, REPORT};
use crate::verify::VerifyError;

/// The differences, one a line: `path: before -> after`. Both bundles are read as they are; [`crate::verify()`] checks them.
///
/// # Errors
/// When a bundle cannot be read.
pub fn compare(before: &Path, after: &Path) -> Result<Vec<String>, VerifyError> {
    let mut differences = Vec::new();
    for document in [REPORT, ENVIRONMENT] {
        let (before, after) = (leaves(before, document)?, leaves(after, document)?);
        let mut paths: Vec<_> = before.keys().chain(after.keys()).collect();
        paths.sort_unstable();
        paths.dedup();
        for path in paths {
            let of = |leaves: &BTreeMap<String, String>| leaves.get(path).cloned().unwrap_or_else(|| "none".to_owned());
            let (before, after) = (of(&before), of(&after));
            if before != after {
                differences.push(format!("{path}: {before} -> {after}"));
            }
        }
    }
    Ok(differences)
}

fn leaves(bundle: &Path, document: &str) -> Result<BTreeMap<String, String>, VerifyError> {
    let path = bundle.join(document);
    let text = std::fs::read_to_string(&path).map_err(|source| VerifyError::Read { path: path.clone(), source })?;
    let value: Value = serde_yaml::from_str(&text)
        .map_err(|error| VerifyError::Unreadable(path.display().to_string(), error.to_string()))?;
    let mut leaves = BTreeMap::new();
    collect(&value, document.trim_end_matches(".yaml").to_owned(), &mut leaves);
    Ok(leaves)
}

/// Members of lists go by their names, so that one more of them is one difference.
fn collect(value: &Value, path: String, leaves: &mut BTreeMap<String, String>) {
    match value {
        Value::Mapping(members) => {
            for (name, value) in members {
                let name = name.as_str().unwrap_or_default();
                if name != "name" {
                    collect(value, format!("{path}.{name}"), leaves);
                }
            }
        }
        Value::Sequence(items) => {
            for (index, item) in items.iter().enumerate() {
                let name = item.get("name").and_then(Value::as_str).map_or_else(|| index.to_string(), str::to_owned);
                collect(item, format!("{path}.{name}"), leaves);
            }
        }
        Value::String(text) => {
            leaves.insert(path, text.clone());
        }
        other => {
            leaves.insert(path, serde_yaml::to_string(other).unwrap_or_default().trim_end().to_owned());
        }
    }
}
