//! Several outputs of one run.

use std::io;

use proofmark_replay::{Event, Sink};

/// Tells every event to each of its sinks, in order.
#[derive(Default)]
pub struct Tee<'a>(Vec<Box<dyn Sink + 'a>>);

impl<'a> Tee<'a> {
    /// Nobody listens yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// One more.
    #[must_use]
    pub fn and(mut self, sink: Box<dyn Sink + 'a>) -> Self {
        self.0.push(sink);
        self
    }
}

impl Sink for Tee<'_> {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        self.0.iter_mut().try_for_each(|sink| sink.event(event))
    }
}
