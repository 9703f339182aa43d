//! What an apply is refused for: fields that others own.

use std::collections::BTreeMap;

use proofmark_status::{Cause, Details, Reason, Status, quote};

use super::entries::{ManagerId, Operation};
use crate::fieldset::{FieldSet, Path};

/// A field that someone else owns, with another value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    pub(super) manager: ManagerId,
    /// The field.
    pub path: Path,
}

impl Conflict {
    /// The manager as messages name it: `"alice"`, `"hpa" with subresource "scale" using apps/v1`.
    pub fn manager(&self) -> String {
        let mut text = quote(&self.manager.name);
        if !self.manager.subresource.is_empty() {
            text = format!("{text} with subresource {}", quote(&self.manager.subresource));
        }
        if self.manager.operation == Operation::Update {
            text = format!("{text} using {}", self.manager.api_version);
        }
        text
    }
}

/// All fields that an apply is refused for; prints as the API's message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflicts(pub Vec<Conflict>);

impl Conflicts {
    pub(super) fn new(sets: Vec<(ManagerId, FieldSet)>) -> Self {
        let of = |(manager, set): (ManagerId, FieldSet)| {
            set.paths().into_iter().map(move |path| Conflict { manager: manager.clone(), path })
        };
        Self(sets.into_iter().flat_map(of).collect())
    }

    /// The 409, with a cause for each field.
    pub fn status(&self) -> Status {
        let cause = |conflict: &Conflict| Cause {
            reason: "FieldManagerConflict".into(),
            message: format!("conflict with {}", conflict.manager()),
            field: conflict.path.to_string(),
        };
        let causes = self.0.iter().map(cause).collect();
        Status::new(409, Reason::Conflict, self.to_string()).with_details(Details { causes, ..Details::default() })
    }
}

impl std::fmt::Display for Conflicts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let [one] = self.0.as_slice() {
            return write!(f, "Apply failed with 1 conflict: conflict with {}: {}", one.manager(), one.path);
        }
        let mut by_manager: BTreeMap<String, (String, Vec<&Path>)> = BTreeMap::new();
        for conflict in &self.0 {
            let entry =
                by_manager.entry(conflict.manager.identifier()).or_insert_with(|| (conflict.manager(), Vec::new()));
            entry.1.push(&conflict.path);
        }
        let mut lines = Vec::new();
        for (manager, paths) in by_manager.values() {
            lines.push(format!("conflicts with {manager}:"));
            lines.extend(paths.iter().map(|path| format!("- {path}")));
        }
        write!(f, "Apply failed with {} conflicts: {}", self.0.len(), lines.join("\n"))
    }
}

impl std::error::Error for Conflicts {}
