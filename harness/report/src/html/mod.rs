//! For people, and for publishing: one HTML file that needs nothing beside itself and works from a disk.
//!
//! ```text
//! RunResult -> overview   what is wrong, findings, the matrix, what each scenario is about: plain HTML
//!           -> case       every step, exchange and decision of a case; a fragment, packed (gzip, base64) into the page, shown when it is asked for
//! ```
//!
//! A run of thousands of cases holds a hundred megabytes of exchanges. A browser that had to build all of that would not answer; packed, they cost it nothing
//! until one is opened. Everything that is not ours passes askama's escaping before it is packed, and the page's content security policy lets only its own
//! script and style run, by their hashes. Nothing is fetched from anywhere.

mod case;
mod decision;
mod exchange;
mod overview;
mod packed;
mod permissions;
mod told;

use std::io::{self, Write};

use proofmark_replay::{Collector, Event, RunResult, Sink};

use crate::cell::Cell;

pub(crate) use told::is_web;

/// What stands above a run that was played for somebody: a certificate's head.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cover {
    /// The page's title.
    pub title: String,
    /// Labels and what they say.
    pub facts: Vec<(String, String)>,
    /// How profiles came out.
    pub grades: Vec<Grade>,
}

/// How one level of a profile came out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grade {
    /// `kserve-core`
    pub profile: String,
    /// `core` or `extended`
    pub level: String,
    /// `success`, `partial` or `failure`
    pub outcome: String,
    /// In numbers.
    pub counts: String,
}

/// A whole page.
///
/// # Errors
/// When a template cannot be rendered, which would be a bug.
pub fn html(run: &RunResult, cover: Option<&Cover>) -> io::Result<String> {
    overview::page(run, cover).map_err(io::Error::other)
}

/// HTML, at the end of a run.
pub(crate) struct Html<'a> {
    out: &'a mut dyn Write,
    collector: Collector,
}

impl<'a> Html<'a> {
    pub(crate) fn new(out: &'a mut dyn Write) -> Self {
        Self { out, collector: Collector::default() }
    }
}

impl Sink for Html<'_> {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        self.collector.take(event);
        if matches!(event, Event::RunFinished { .. }) {
            self.out.write_all(html(self.collector.result(), None)?.as_bytes())?;
            self.out.flush()?;
        }
        Ok(())
    }
}

/// How a cell looks: good, held (good without doing anything), bad, doubtful, or none of these.
fn class(cell: Cell) -> &'static str {
    match cell {
        Cell::Fixed => "good",
        Cell::NotAffected => "held",
        Cell::Failed | Cell::InnerError => "bad",
        Cell::DidNotReproduce | Cell::Skipped => "doubt",
        Cell::NotApplicable => "rest",
    }
}
