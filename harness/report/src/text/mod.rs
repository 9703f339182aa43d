//! For people at a terminal: a matrix of many cases, or one scenario on one target in full; then whatever is bad, and the totals.

mod case;
mod findings;
mod grid;

use std::io::{self, Write};

use proofmark_replay::{Bottom, Collector, Event, RunResult, Sink};

use crate::cell::totals_in_words;
use crate::failure::{advice, bad_steps, labelled};
use crate::{Options, Styles};

/// Text for people.
pub(crate) struct Text<'a> {
    out: &'a mut dyn Write,
    options: Options,
    collector: Collector,
}

impl<'a> Text<'a> {
    pub(crate) fn new(out: &'a mut dyn Write, options: Options) -> Self {
        Self { out, options, collector: Collector::default() }
    }
}

impl Sink for Text<'_> {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        if let Event::RunStarted { scenarios, targets, .. } = event
            && !is_one_place(scenarios.len(), targets.len())
        {
            self.collector.be_brief();
        }
        self.collector.take(event);
        if matches!(event, Event::RunFinished { .. }) {
            self.out.write_all(whole(self.collector.result(), &self.options).as_bytes())?;
            self.out.flush()?;
        }
        Ok(())
    }
}

/// Whether everything is told of the cases.
fn is_one_place(scenarios: usize, targets: usize) -> bool {
    scenarios == 1 && targets == 1
}

fn whole(run: &RunResult, options: &Options) -> String {
    let styles = options.styles;
    let one_place = is_one_place(run.scenarios.len(), run.targets.len());
    let mut out = String::new();
    if one_place && !options.quiet {
        run.cases.iter().for_each(|result| case::full(run, result, styles, &mut out));
    } else {
        if !options.quiet && !run.cases.is_empty() {
            grid::draw(run, options, &mut out);
        }
        bad(run, styles, &mut out);
    }
    findings::list(run, options, &mut out);
    last_line(run, styles, &mut out);
    out
}

/// The cases that somebody must look at.
fn bad(run: &RunResult, styles: Styles, out: &mut String) {
    for result in run.cases.iter().filter(|result| result.conclusion.verdict.is_bad()) {
        let head =
            format!("{} on {}: {}", result.case.name(), result.case.target, result.conclusion.verdict.in_words());
        out.push_str(&Styles::paint(styles.bad, head));
        out.push('\n');
        let steps = bad_steps(result);
        if let (true, Some(reason)) = (steps.is_empty(), &result.conclusion.reason) {
            out.push_str(&format!("  {reason}\n"));
        }
        for step in steps {
            out.push_str(&format!("  {}\n", Styles::paint(styles.heading, &step.title)));
            out.push_str(&labelled(&step.told, 4));
        }
        out.push_str(&labelled(&advice(run, result), 2));
        out.push('\n');
    }
}

fn last_line(run: &RunResult, styles: Styles, out: &mut String) {
    let style = match run.bottom() {
        Bottom::AsExpected => styles.good,
        Bottom::Findings | Bottom::InnerError => styles.bad,
    };
    out.push_str(&Styles::paint(style, totals_in_words(run)));
    let part = run.shard.as_ref().map_or_else(String::new, |slice| format!(", part {}", slice.shard));
    out.push_str(&Styles::paint(styles.quiet, format!(" (seed {}{part})", run.seed)));
    out.push('\n');
}
