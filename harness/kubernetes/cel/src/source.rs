//! The text of an expression, and complaints about it as cel-go prints them.

use std::fmt::Write as _;

/// A place in an expression: the number of code points before it.
pub type Position = u32;

/// The largest number of complaints that are printed.
const MAX_ISSUES: usize = 100;
/// Longer lines are not shown, in bytes.
const MAX_SNIPPET: usize = 16_384;

/// One complaint about an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    /// Where; none for what concerns the whole expression.
    pub at: Option<Position>,
    /// What, without place and caret line.
    pub message: String,
}

impl Issue {
    pub(crate) fn new(at: Position, message: impl Into<String>) -> Self {
        Self { at: Some(at), message: message.into() }
    }
}

/// Everything wrong with an expression. Its text has one paragraph for each complaint, with the line in question and a caret:
///
/// ```text
/// ERROR: <input>:1:6: undefined field 'b'
///  | a == b
///  | .....^
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issues {
    source: String,
    list: Vec<Issue>,
}

impl Issues {
    pub(crate) fn new(source: &str, list: Vec<Issue>) -> Self {
        Self { source: source.to_owned(), list }
    }

    /// The complaints, in the order in which they were found.
    pub fn list(&self) -> &[Issue] {
        &self.list
    }
}

impl std::error::Error for Issues {}

impl std::fmt::Display for Issues {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown: Vec<(Place, &str)> = self
            .list
            .iter()
            .take(MAX_ISSUES)
            .map(|issue| (Place::of(&self.source, issue.at), issue.message.as_str()))
            .collect();
        shown.sort_by_key(|(place, _)| (place.line, place.column));
        for (i, (place, message)) in shown.iter().enumerate() {
            if i > 0 {
                f.write_char('\n')?;
            }
            write!(f, "ERROR: <input>:{}:{}: {message}{}", place.line, place.column + 1, place.snippet())?;
        }
        match self.list.len().checked_sub(MAX_ISSUES) {
            Some(more @ 1..) => write!(f, "\n{more} more errors were truncated"),
            _ => Ok(()),
        }
    }
}

/// A position as people count: the line from 1, the column from 0. No place at all is -1, -1.
struct Place<'s> {
    line: i64,
    column: i64,
    text: Option<&'s str>,
}

impl<'s> Place<'s> {
    fn of(source: &'s str, at: Option<Position>) -> Self {
        let Some(mut left) = at.and_then(|at| usize::try_from(at).ok()) else {
            return Self { line: -1, column: -1, text: None };
        };
        let mut line = 1;
        let mut lines = source.split('\n');
        loop {
            let text = lines.next().unwrap_or_default();
            let length = text.chars().count();
            if left <= length || lines.clone().next().is_none() {
                return Self { line, column: i64::try_from(left).unwrap_or(i64::MAX), text: Some(text) };
            }
            left -= length + 1;
            line += 1;
        }
    }

    /// The line and a caret below the column. Wide characters get wide dots.
    fn snippet(&self) -> String {
        let Some(text) = self.text.filter(|text| text.len() <= MAX_SNIPPET) else {
            return String::new();
        };
        let mut chars = text.chars();
        let mut pointer = String::new();
        for c in chars.by_ref().take(usize::try_from(self.column).unwrap_or_default()) {
            pointer.push(if c.is_ascii() { '.' } else { '\u{ff0e}' });
        }
        pointer.push(if chars.next().is_none_or(|c| c.is_ascii()) { '^' } else { '\u{ff3e}' });
        format!("\n | {}\n | {pointer}", text.replace('\t', " "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn issues_point_at_their_line_in_the_order_of_the_text() {
        let issues = Issues::new(
            "a\n\té + b",
            vec![Issue::new(7, "two"), Issue::new(0, "one"), Issue { at: None, message: "all".into() }],
        );
        let want = "ERROR: <input>:-1:0: all\nERROR: <input>:1:1: one\n | a\n | ^\nERROR: <input>:2:6: two\n |  é + b\n | .．...^";
        assert_eq!(issues.to_string(), want);
    }
}
