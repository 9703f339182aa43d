//! What is different between two bundles: what got better, what got worse, and what they were played on.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::de::DeserializeOwned;
use serde_yaml::Value;

use crate::bundle::{ENVIRONMENT, REPORT};
use crate::report::{ConformanceReport, Outcome};
use crate::verify::VerifyError;

/// What is different, one a line: `kserve-core trainedmodel-403: failed -> passed`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Scenarios and levels that came out better.
    pub better: Vec<String>,
    /// Scenarios and levels that came out worse.
    pub worse: Vec<String>,
    /// Whatever else differs: scenarios that one of them does not have, who made the distribution, what was certified, and by what.
    pub other: Vec<String>,
}

impl Comparison {
    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        self.better.is_empty() && self.worse.is_empty() && self.other.is_empty()
    }
}

/// Compares two bundles. Both are read as they are; [`crate::verify()`] checks them.
///
/// # Errors
/// When a bundle cannot be read.
pub fn compare(before: &Path, after: &Path) -> Result<Comparison, VerifyError> {
    let mut comparison = Comparison::default();
    let [old, new] = [document::<ConformanceReport>(before, REPORT)?, document::<ConformanceReport>(after, REPORT)?];
    each(&results(&old), &results(&new), |name, before, after| {
        let line = format!("{name}: {before} -> {after}");
        match (rank(before), rank(after)) {
            (Some(before), Some(after)) if before < after => comparison.better.push(line),
            (Some(before), Some(after)) if before > after => comparison.worse.push(line),
            _ => comparison.other.push(line),
        }
    });
    let facts = |report: &ConformanceReport, folder: &Path| {
        let mut leaves = BTreeMap::new();
        let implementation = serde_yaml::to_value(&report.implementation).unwrap_or_default();
        collect(&implementation, "implementation".to_owned(), &mut leaves);
        collect(&document(folder, ENVIRONMENT)?, "environment".to_owned(), &mut leaves);
        Ok(leaves)
    };
    each(&facts(&old, before)?, &facts(&new, after)?, |path, before, after| {
        comparison.other.push(format!("{path}: {before} -> {after}"));
    });
    Ok(comparison)
}

/// Tells what is not the same on both sides.
fn each(before: &BTreeMap<String, String>, after: &BTreeMap<String, String>, mut tell: impl FnMut(&str, &str, &str)) {
    let names: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    for name in names {
        let of = |side: &'_ BTreeMap<String, String>| side.get(name).cloned().unwrap_or_else(|| "none".to_owned());
        let (before, after) = (of(before), of(after));
        if before != after {
            tell(name, &before, &after);
        }
    }
}

/// How good a word is; none for words that cannot be compared.
fn rank(word: &str) -> Option<u8> {
    let outcomes = [Outcome::Failure, Outcome::Partial, Outcome::Success].map(Outcome::name);
    let results = ["failed", "skipped", "passed"];
    let place = |words: [&str; 3]| words.iter().position(|known| *known == word);
    u8::try_from(place(results).or_else(|| place(outcomes))?).ok()
}

/// `profile level` and `profile scenario` -> how it came out.
fn results(report: &ConformanceReport) -> BTreeMap<String, String> {
    let mut results = BTreeMap::new();
    for (profile, level, of) in report.levels() {
        results.insert(format!("{} {level}", profile.name), of.result.name().to_owned());
        results.extend(of.tests.iter().map(|test| (format!("{} {}", profile.name, test.name), test.result.clone())));
    }
    results
}

fn document<T: DeserializeOwned>(bundle: &Path, name: &str) -> Result<T, VerifyError> {
    let path = bundle.join(name);
    let text = std::fs::read_to_string(&path).map_err(|source| VerifyError::Read { path: path.clone(), source })?;
    serde_yaml::from_str(&text).map_err(|error| VerifyError::Unreadable(path.display().to_string(), error.to_string()))
}

/// The scalars of a document by their paths.
fn collect(value: &Value, path: String, leaves: &mut BTreeMap<String, String>) {
    match value {
        Value::Mapping(members) => {
            for (name, value) in members {
                collect(value, format!("{path}.{}", name.as_str().unwrap_or_default()), leaves);
            }
        }
        Value::Sequence(items) => {
            items.iter().enumerate().for_each(|(index, item)| collect(item, format!("{path}.{index}"), leaves));
        }
        Value::String(text) => {
            leaves.insert(path, text.clone());
        }
        other => {
            leaves.insert(path, serde_yaml::to_string(other).unwrap_or_default().trim_end().to_owned());
        }
    }
}
