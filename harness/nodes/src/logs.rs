//! What containers write, kept as long as the container is known.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::Stream;
use futures_util::stream;
use jiff::Timestamp;
use parking_lot::Mutex;
use proofmark_controllers::Clock;
use proofmark_latest as latest;

/// A log holds so many bytes of text; then the oldest lines go (a kubelet's `containerLogMaxSize` is as large).
const MOST: usize = 10 * 1024 * 1024;

/// Where a line was written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Output {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// Which lines of a log are wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LogQuery {
    /// Go on with what is still to be written.
    pub follow: bool,
    /// The run before the present one.
    pub previous: bool,
    /// Nothing older than this.
    pub since: Option<Timestamp>,
    /// Each line with its time in front.
    pub timestamps: bool,
    /// No more than so many lines, the last ones.
    pub tail_lines: Option<u64>,
    /// No more than so many bytes.
    pub limit_bytes: Option<u64>,
    /// Only what went here.
    pub output: Option<Output>,
}

#[derive(Debug, Clone)]
struct Line {
    at: Timestamp,
    output: Output,
    text: String,
}

#[derive(Default)]
struct Lines {
    lines: VecDeque<Line>,
    bytes: usize,
    /// How many lines came before the first one that is kept.
    dropped: u64,
    closed: bool,
}

/// The log of one run of a container. Clones share it.
#[derive(Clone)]
pub(crate) struct Log {
    lines: Arc<Mutex<Lines>>,
    changes: Arc<latest::Sender<()>>,
}

impl Default for Log {
    fn default() -> Self {
        Self { lines: Arc::default(), changes: Arc::new(latest::Sender::new(())) }
    }
}

impl Log {
    /// Says that nothing more will be written.
    pub(crate) fn close(&self) {
        self.lines.lock().closed = true;
        self.changes.send_replace(());
    }

    fn push(&self, line: Line) {
        let mut lines = self.lines.lock();
        lines.bytes += line.text.len();
        lines.lines.push_back(line);
        while lines.bytes > MOST {
            let Some(oldest) = lines.lines.pop_front() else { break };
            lines.bytes -= oldest.text.len();
            lines.dropped += 1;
        }
        drop(lines);
        self.changes.send_replace(());
    }

    /// The end of the log: what a container says last becomes its termination message where the pod asks for that. No more than 80 lines and
    /// 2 KiB (`MaxContainerTerminationMessageLogLines`, `MaxContainerTerminationMessageLogLength`).
    pub(crate) fn last_words(&self) -> String {
        let lines = self.lines.lock();
        let from = lines.lines.len().saturating_sub(80);
        let text: String = lines.lines.range(from..).map(|line| format!("{}\n", line.text)).collect();
        let mut start = text.len().saturating_sub(2048);
        while !text.is_char_boundary(start) {
            start += 1;
        }
        text[start..].to_owned()
    }

    /// The lines that are wanted, as text: those that are there, and with `follow` those still to come.
    pub(crate) fn read(&self, query: &LogQuery) -> impl Stream<Item = Bytes> + Send + use<> {
        let mut reader = Reader { log: self.clone(), query: query.clone(), next: 0, left: query.limit_bytes };
        let changes = self.changes.subscribe();
        let first = reader.first();
        stream::unfold((reader, changes, Some(first)), |(mut reader, mut changes, mut text)| async move {
            loop {
                let (chunk, over) = match text.take() {
                    Some(first) => first,
                    None => reader.more(),
                };
                if !chunk.is_empty() {
                    let rest = over.then(|| (String::new(), true));
                    return Some((Bytes::from(chunk), (reader, changes, rest)));
                }
                // The sender lives in the reader, so waiting cannot fail.
                if over || changes.changed().await.is_err() {
                    return None;
                }
            }
        })
    }
}

/// Goes through a log.
struct Reader {
    log: Log,
    query: LogQuery,
    /// The number of the next line, counted from the first that was ever written.
    next: u64,
    left: Option<u64>,
}

impl Reader {
    /// What is there to begin with, and whether that is all.
    fn first(&mut self) -> (String, bool) {
        if let Some(tail) = self.query.tail_lines {
            let lines = self.log.lines.lock();
            let there = lines.dropped + lines.lines.len() as u64;
            self.next = there.saturating_sub(tail);
        }
        self.more()
    }

    /// What has come since, and whether that is all.
    fn more(&mut self) -> (String, bool) {
        let lines = self.log.lines.lock();
        let skip = self.next.saturating_sub(lines.dropped);
        let from = usize::try_from(skip).unwrap_or(usize::MAX).min(lines.lines.len());
        let mut text = String::new();
        let mut over = !self.query.follow || lines.closed;
        for line in lines.lines.range(from..) {
            if self.query.since.is_some_and(|since| line.at < since)
                || self.query.output.is_some_and(|wanted| line.output != wanted)
            {
                continue;
            }
            if self.query.timestamps {
                // Writing to a text cannot fail.
                let _ = write!(text, "{:.9} ", line.at);
            }
            text.push_str(&line.text);
            text.push('\n');
        }
        self.next = lines.dropped + lines.lines.len() as u64;
        if let Some(left) = &mut self.left {
            let most = usize::try_from(*left).unwrap_or(usize::MAX);
            if text.len() >= most {
                let mut end = most;
                while !text.is_char_boundary(end) {
                    end -= 1;
                }
                text.truncate(end);
                over = true;
            }
            *left -= text.len() as u64;
        }
        (text, over)
    }
}

/// Where a process writes.
#[derive(Clone)]
pub struct LogWriter {
    log: Log,
    clock: Clock,
}

impl LogWriter {
    pub(crate) fn new(log: Log, clock: Clock) -> Self {
        Self { log, clock }
    }

    /// Prints to standard output; each line of the text is a line of the log.
    pub fn stdout(&self, text: &str) {
        self.print(Output::Stdout, text);
    }

    /// Prints to standard error.
    pub fn stderr(&self, text: &str) {
        self.print(Output::Stderr, text);
    }

    fn print(&self, output: Output, text: &str) {
        let at = (self.clock)();
        for line in text.lines() {
            self.log.push(Line { at, output, text: line.to_owned() });
        }
    }
}

impl std::fmt::Debug for LogWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LogWriter")
    }
}

#[cfg(test)]
mod tests {
    use futures_util::StreamExt as _;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a moment")
    }

    /// Five lines, one a second; the third goes to standard error.
    fn sample() -> Log {
        let log = Log::default();
        for number in 0..5 {
            let output = if number == 2 { Output::Stderr } else { Output::Stdout };
            log.push(Line { at: at(number), output, text: format!("l{number}") });
        }
        log
    }

    async fn text(log: &Log, query: LogQuery) -> String {
        let chunks: Vec<Bytes> = log.read(&query).collect().await;
        String::from_utf8(chunks.concat()).expect("text")
    }

    #[tokio::test]
    async fn options() {
        let all = LogQuery::default();
        for (query, want) in [
            (all.clone(), "l0\nl1\nl2\nl3\nl4\n"),
            (LogQuery { tail_lines: Some(2), ..all.clone() }, "l3\nl4\n"),
            (LogQuery { tail_lines: Some(0), ..all.clone() }, ""),
            (LogQuery { tail_lines: Some(9), ..all.clone() }, "l0\nl1\nl2\nl3\nl4\n"),
            (LogQuery { since: Some(at(3)), ..all.clone() }, "l3\nl4\n"),
            (LogQuery { limit_bytes: Some(4), ..all.clone() }, "l0\nl"),
            (LogQuery { limit_bytes: Some(3), tail_lines: Some(1), ..all.clone() }, "l4\n"),
            (LogQuery { output: Some(Output::Stderr), ..all.clone() }, "l2\n"),
            (LogQuery { timestamps: true, tail_lines: Some(1), ..all.clone() }, "1970-01-01T00:00:04.000000000Z l4\n"),
        ] {
            assert_eq!(text(&sample(), query.clone()).await, want, "{query:?}");
        }
    }

    #[tokio::test]
    async fn following_ends_with_the_log() {
        let log = sample();
        let mut stream = Box::pin(log.read(&LogQuery { follow: true, tail_lines: Some(1), ..LogQuery::default() }));
        assert_eq!(stream.next().await.unwrap(), "l4\n");
        log.push(Line { at: at(9), output: Output::Stdout, text: "later".to_owned() });
        assert_eq!(stream.next().await.unwrap(), "later\n");
        log.close();
        assert_eq!(stream.next().await, None);
    }

    #[test]
    fn old_lines_make_room() {
        let log = Log::default();
        for _ in 0..12 {
            log.push(Line { at: at(0), output: Output::Stdout, text: "x".repeat(1024 * 1024) });
        }
        let lines = log.lines.lock();
        assert_eq!((lines.lines.len(), lines.dropped), (10, 2));
    }
}
