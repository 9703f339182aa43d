//! What a reader of manifests has to say: where, what, and what to do about it.

use std::fmt;
use std::sync::Arc;

use crate::position::Position;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing; the objects are what the files say (a file that holds no object was passed over).
    Note,
    /// The objects are possibly not what a cluster would get (an object stands twice, a remote base was not fetched).
    Warning,
    /// The manifests cannot be read.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Error => "error",
        })
    }
}

/// One finding. Displays as `file:line:column: reason`, with the help on a line of its own.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{}{message}{}", Prefix(.position.as_ref()), Suffix(.help.as_deref()))]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// Where it stands; absent where there is no file to point into (a path of the command line that does not exist).
    pub position: Option<Position>,
    /// What is wrong: a fragment in lower case.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// The text of the file, for a report that shows the line. Positions' spans are byte ranges of it.
    pub source_text: Option<Arc<str>>,
}

impl Diagnostic {
    /// A finding without a place.
    pub fn new(severity: Severity, message: impl Into<String>) -> Self {
        Diagnostic { severity, position: None, message: message.into(), help: None, source_text: None }
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same as a warning: what it is about is passed over, and `effect` says so.
    pub(crate) fn lowered(mut self, effect: &str) -> Self {
        self.severity = Severity::Warning;
        self.message = format!("{}: {effect}", self.message);
        self
    }

    /// Adds where it stands.
    #[must_use]
    pub fn at(mut self, position: Position, source_text: Arc<str>) -> Self {
        self.position = Some(position);
        self.source_text = Some(source_text);
        self
    }
}

/// What a step of reading yields. Boxed, so that the good case stays small.
pub(crate) type Outcome<T> = Result<T, Box<Diagnostic>>;

struct Prefix<'a>(Option<&'a Position>);

impl fmt::Display for Prefix<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |position| write!(f, "{position}: "))
    }
}

struct Suffix<'a>(Option<&'a str>);

impl fmt::Display for Suffix<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |help| write!(f, "\n  help: {help}"))
    }
}

/// The candidate that a misspelt word most likely means.
pub(crate) fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(word, candidate), candidate))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| candidate)
}
