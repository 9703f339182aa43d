//! What can be found in manifests by reading them, before anything is played.

use proofmark_manifests::Position;
use serde::{Deserialize, Serialize};

use crate::Link;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// Probably wrong.
    Warning,
    /// A documented failure is there.
    Error,
}

/// A place in a file; lines and columns count from 1.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Location {
    /// The file as the user named it.
    pub file: String,
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

impl From<&Position> for Location {
    fn from(position: &Position) -> Self {
        Self { file: position.file.display().to_string(), line: position.line, column: position.column }
    }
}

/// A permission that a role should give and does not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Missing {
    /// `plural.group`
    pub resource: String,
    /// The role's name.
    pub role: String,
    /// The verbs.
    pub verbs: Vec<String>,
}

/// Something that a scenario found in manifests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// What kind of finding it is, stable from release to release: `missing-permission`.
    pub id: String,
    /// The scenario that found it.
    pub scenario: String,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, in one sentence.
    pub message: String,
    /// Where.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    /// What is missing, if that is what is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing: Option<Missing>,
    /// What to do about it.
    pub help: String,
    /// Where to read more.
    pub links: Vec<Link>,
}

/// What a scenario found in one set of manifests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Inspection {
    /// The scenario.
    pub scenario: String,
    /// What was found, in the order of files and lines.
    pub findings: Vec<Finding>,
    /// Why the inspection could not be made, if the harness failed in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inner_error: Option<String>,
}
