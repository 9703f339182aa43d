//! Where something stands in a file.

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;

use proofmark_json::Value;

/// A place in a manifest, as `file:line:column`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// The file: as the user named it, or below the folder that the user named. `<stdin>` for standard input.
    pub file: PathBuf,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// The bytes meant, counted from the start of the file (an empty range is a point).
    pub span: Range<usize>,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file.display(), self.line, self.column)
    }
}

/// A position without its file: every node of a document has one, so it is small.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) line: u32,
    pub(crate) column: u32,
    pub(crate) offset: u32,
    pub(crate) len: u32,
}

impl Mark {
    pub(crate) fn range(self) -> Range<usize> {
        self.offset as usize..self.offset as usize + self.len as usize
    }

    pub(crate) fn in_file(self, file: PathBuf) -> Position {
        Position { file, line: self.line as usize, column: self.column as usize, span: self.range() }
    }
}

/// The marks of a document, in the shape of its value.
#[derive(Clone, Debug, Default)]
pub(crate) struct Marks {
    pub(crate) at: Mark,
    pub(crate) inner: Inner,
}

#[derive(Clone, Debug, Default)]
pub(crate) enum Inner {
    #[default]
    Scalar,
    Items(Vec<Marks>),
    /// Name, the mark of the key, the marks of the value.
    Fields(Vec<(Box<str>, Mark, Marks)>),
}

impl Marks {
    /// The marks of what stands in no file.
    pub(crate) const UNKNOWN: Marks =
        Marks { at: Mark { line: 0, column: 0, offset: 0, len: 0 }, inner: Inner::Scalar };

    /// The marks of the items of a list.
    pub(crate) fn items(&self) -> &[Marks] {
        match &self.inner {
            Inner::Items(items) => items,
            _ => &[],
        }
    }

    /// The mark of what a JSON pointer names: the key of a field, the start of a list item. Where the pointer leads to
    /// nothing in the source, the nearest thing around it.
    pub(crate) fn find(&self, pointer: &str) -> Mark {
        let (mut mark, mut marks) = (self.at, self);
        for step in pointer.split('/').skip(1) {
            let step = step.replace("~1", "/").replace("~0", "~");
            match &marks.inner {
                Inner::Fields(fields) => match fields.iter().find(|(name, ..)| **name == *step) {
                    Some((_, key, value)) => (mark, marks) = (*key, value),
                    None => break,
                },
                Inner::Items(items) => match step.parse::<usize>().ok().and_then(|at| items.get(at)) {
                    Some(item) => (mark, marks) = (item.at, item),
                    None => break,
                },
                Inner::Scalar => break,
            }
        }
        mark
    }

    /// The mark of the value, not of the key, that a pointer of plain field names leads to.
    pub(crate) fn value_at(&self, pointer: &str) -> Option<Mark> {
        pointer.split('/').skip(1).try_fold(self, |marks, name| marks.field(name)).map(|marks| marks.at)
    }

    /// The marks of the value that a field holds.
    pub(crate) fn field(&self, name: &str) -> Option<&Marks> {
        match &self.inner {
            Inner::Fields(fields) => fields.iter().find(|(key, ..)| **key == *name).map(|(.., value)| value),
            _ => None,
        }
    }

    /// Takes the marks of the items out of a list.
    pub(crate) fn into_items(self) -> Vec<Marks> {
        match self.inner {
            Inner::Items(items) => items,
            _ => Vec::new(),
        }
    }

    /// Takes the marks of a field out of a mapping.
    pub(crate) fn take_field(&mut self, name: &str) -> Option<Marks> {
        match &mut self.inner {
            Inner::Fields(fields) => {
                fields.iter_mut().find(|(key, ..)| **key == *name).map(|(.., value)| std::mem::take(value))
            }
            _ => None,
        }
    }
}

/// A value read from a file, and where each part of it stood.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) value: Value,
    pub(crate) marks: Marks,
}
