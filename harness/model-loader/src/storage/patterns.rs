//! `STORAGE_ALLOW_PATTERNS` and `STORAGE_IGNORE_PATTERNS`: which files are wanted.

use crate::environment::Environment;
use crate::journal::Journal;
use crate::python;
use proofmark_json::Value;

/// Which files are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Patterns {
    allow: Vec<String>,
    ignore: Vec<String>,
}

impl Patterns {
    /// Reads the variables; releases that do not know them want everything.
    pub(super) fn of(environment: &Environment, known: bool) -> Self {
        let read = |name| environment.get(name).filter(|_| known).map(parse).unwrap_or_default();
        Self { allow: read("STORAGE_ALLOW_PATTERNS"), ignore: read("STORAGE_IGNORE_PATTERNS") }
    }

    /// Whether a file is wanted; `path` is relative to the destination.
    pub(super) fn want(&self, path: &str) -> bool {
        let matches = |patterns: &[String]| patterns.iter().any(|pattern| python::fnmatch(path, pattern));
        (self.allow.is_empty() || matches(&self.allow)) && !matches(&self.ignore)
    }

    pub(super) fn tell(&self, journal: &Journal) {
        for (what, patterns) in [("Allow", &self.allow), ("Ignore", &self.ignore)] {
            if !patterns.is_empty() {
                let list: Vec<String> = patterns.iter().map(|pattern| python::repr(pattern)).collect();
                journal.info("storage.py:download()", format_args!("{what} patterns: [{}]", list.join(", ")));
            }
        }
    }
}

/// A JSON list, any other JSON value, or texts with commas between them.
fn parse(text: &str) -> Vec<String> {
    let text = text.trim();
    let show = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        other => other.to_string(),
    };
    let patterns: Vec<String> = match proofmark_json::from_str(text) {
        Ok(Value::Array(values)) => values.iter().map(show).collect(),
        Ok(other) => vec![show(&other)],
        Err(_) => text.split(',').map(str::to_owned).collect(),
    };
    patterns.iter().map(|pattern| pattern.trim().to_owned()).filter(|pattern| !pattern.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_json_or_separated_by_commas() {
        for (text, patterns) in [
            ("[\"*.bin\", \" a \", \"\"]", vec!["*.bin", "a"]),
            ("*.bin, sub/*", vec!["*.bin", "sub/*"]),
            ("\"*.pt\"", vec!["*.pt"]),
            ("3", vec!["3"]),
            (" , ", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(parse(text), patterns, "{text}");
        }
    }
}
