//! How far a run is, for whoever waits at a terminal.

use std::io;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use proofmark_replay::{Event, Sink};

/// A bar on standard error. Where standard error is no terminal nothing is drawn.
pub struct Progress(ProgressBar);

impl Progress {
    /// A bar that appears when the run starts.
    pub fn new() -> Self {
        Self(ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr()))
    }
}

impl Default for Progress {
    fn default() -> Self {
        Self::new()
    }
}

impl Sink for Progress {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::RunStarted { cases, .. } => {
                if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} {wide_msg}") {
                    self.0.set_style(style);
                }
                self.0.set_length(u64::try_from(*cases).unwrap_or(u64::MAX));
            }
            Event::CaseFinished { case, .. } => {
                self.0.set_message(format!("{} on {}", case.name(), case.target));
                self.0.inc(1);
            }
            Event::RunFinished { .. } => self.0.finish_and_clear(),
            _ => {}
        }
        Ok(())
    }
}
