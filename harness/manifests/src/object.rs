//! An object of a manifest, and where it came from.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use proofmark_json::Value;

use crate::diagnostic::{Diagnostic, Severity};
use crate::identity::{self, Gvk, Identity};
use crate::position::{Mark, Marks, Position};

/// A file that was read, or standard input.
#[derive(Debug)]
pub(crate) struct SourceFile {
    /// As the user named it, or below the folder that he named.
    pub(crate) path: PathBuf,
    pub(crate) text: Arc<str>,
}

impl SourceFile {
    pub(crate) fn position(&self, mark: Mark) -> Position {
        mark.in_file(self.path.clone())
    }

    pub(crate) fn finding(&self, severity: Severity, mark: Mark, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(severity, message).at(self.position(mark), Arc::clone(&self.text))
    }

    pub(crate) fn error(&self, mark: Mark, message: impl Into<String>) -> Box<Diagnostic> {
        Box::new(self.finding(Severity::Error, mark, message))
    }
}

/// A Kubernetes object out of a manifest.
///
/// Built by a kustomization, it keeps the place of the object that it was built from; [`Object::patched_by`] names what
/// changed it.
#[derive(Clone, Debug)]
pub struct Object {
    /// The object: `apiVersion`, `kind` and `metadata.name` are there.
    pub value: Value,
    /// Where the object starts.
    pub at: Position,
    /// The kustomization that was built to get the object, if one was: its folder, as the user named it.
    pub built_by: Option<PathBuf>,
    /// The patches that touched the object, in the order in which they did.
    pub patched_by: Vec<Position>,
    pub(crate) file: Arc<SourceFile>,
    pub(crate) marks: Arc<Marks>,
}

impl Object {
    pub(crate) fn new(value: Value, file: Arc<SourceFile>, marks: Marks) -> Self {
        Object {
            value,
            at: file.position(marks.at),
            built_by: None,
            patched_by: Vec::new(),
            file,
            marks: Arc::new(marks),
        }
    }

    /// Where the part of the object stands that a JSON pointer names: the key of a field, the start of a list item.
    ///
    /// A part that the source does not have (a patch added it, a default) gets the position of what is nearest around
    /// it. The indices are those of the source: a patch that reorders a list does not reorder the positions.
    pub fn position_of(&self, pointer: &str) -> Position {
        self.file.position(self.marks.find(pointer))
    }

    /// The text of the file that the object came from.
    pub fn source_text(&self) -> &Arc<str> {
        &self.file.text
    }

    /// The file that the object came from.
    pub fn file(&self) -> &Path {
        &self.file.path
    }

    /// Group, version and kind.
    pub fn gvk(&self) -> Gvk {
        identity::gvk(&self.value)
    }

    /// Group, kind, namespace and name.
    pub fn identity(&self) -> Identity {
        identity::identity(&self.value)
    }

    /// A finding about a part of this object.
    pub fn finding(&self, severity: Severity, pointer: &str, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(severity, message).at(self.position_of(pointer), Arc::clone(&self.file.text))
    }
}
