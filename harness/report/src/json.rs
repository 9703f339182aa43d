//! For programs: one document at the end, or one line for each event.

use std::io::{self, Write};

use proofmark_replay::{Collector, Event, RunResult, Sink, Totals};
use serde::Serialize;

/// The version of the JSON formats. Members may be added within a version; a change of meaning makes a new one.
pub const SCHEMA_VERSION: u32 = 1;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    schema_version: u32,
    proofmark: &'static str,
    totals: Totals,
    run: &'a RunResult,
}

/// One JSON document.
pub(crate) struct Json<'a> {
    out: &'a mut dyn Write,
    collector: Collector,
}

impl<'a> Json<'a> {
    pub(crate) fn new(out: &'a mut dyn Write) -> Self {
        Self { out, collector: Collector::default() }
    }
}

impl Sink for Json<'_> {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        self.collector.take(event);
        if let Event::RunFinished { totals } = event {
            let run = self.collector.result();
            let document =
                Document { schema_version: SCHEMA_VERSION, proofmark: env!("CARGO_PKG_VERSION"), totals: *totals, run };
            proofmark_json::to_writer_pretty(&mut *self.out, &document)?;
            writeln!(self.out)?;
            self.out.flush()?;
        }
        Ok(())
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    schema_version: u32,
    #[serde(flatten)]
    event: &'a Event,
}

/// One JSON event a line.
pub(crate) struct NdJson<'a>(&'a mut dyn Write);

impl<'a> NdJson<'a> {
    pub(crate) fn new(out: &'a mut dyn Write) -> Self {
        Self(out)
    }
}

impl Sink for NdJson<'_> {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        proofmark_json::to_writer(&mut *self.0, &Line { schema_version: SCHEMA_VERSION, event })?;
        writeln!(self.0)?;
        self.0.flush()
    }
}
