//! What a loader writes: its log (standard error) and its standard output.

use crate::release::LogFormat;
use jiff::Timestamp;
use std::fmt;
use std::sync::Arc;

/// Where a line goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Output {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// Takes lines as they are written.
pub type Sink = Arc<dyn Fn(Output, &str) + Send + Sync>;

/// How serious a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    Info,
    Warning,
    Error,
}

impl Level {
    fn name(self) -> &'static str {
        match self {
            Self::Info => "INFO",
            Self::Warning => "WARNING",
            Self::Error => "ERROR",
        }
    }
}

/// Writes lines in the form of a release.
#[derive(Clone)]
pub(crate) struct Journal {
    format: LogFormat,
    clock: crate::host::Clock,
    sink: Sink,
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal").finish_non_exhaustive()
    }
}

impl Journal {
    pub(crate) fn new(format: LogFormat, clock: crate::host::Clock, sink: Sink) -> Self {
        Self { format, clock, sink }
    }

    pub(crate) fn info(&self, place: &str, message: impl fmt::Display) {
        self.write(Level::Info, place, &message.to_string());
    }

    /// Writes a message that may have several lines. `place` is the function that speaks, as the original names it.
    pub(crate) fn write(&self, level: Level, place: &str, message: &str) {
        let begin = match self.format {
            LogFormat::Root => format!("{}:root:", level.name()),
            LogFormat::Named(logger) => format!("{} 1 {logger} {} [{place}] ", time((self.clock)()), level.name()),
        };
        for (number, line) in message.split('\n').enumerate() {
            let begin = if number == 0 { begin.as_str() } else { "" };
            (self.sink)(Output::Stderr, &format!("{begin}{line}"));
        }
    }

    /// Writes a line as it is.
    pub(crate) fn raw(&self, output: Output, line: &str) {
        (self.sink)(output, line);
    }
}

fn time(now: Timestamp) -> String {
    jiff::fmt::strtime::format("%Y-%m-%d %H:%M:%S.%3f", now).unwrap_or_default()
}
