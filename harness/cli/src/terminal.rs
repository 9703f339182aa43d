//! What whoever reads can see: colours and columns.

use std::io::{IsTerminal, stderr, stdout};

use proofmark_report::{Options, Styles};

use crate::args::{ColorWhen, TerminalArgs};

/// Columns where nobody says how many there are.
const COLUMNS: usize = 100;

/// The settings of standard output and standard error.
#[derive(Debug, Clone)]
pub(crate) struct Terminal {
    when: ColorWhen,
    no_color: Option<String>,
}

impl Terminal {
    pub(crate) fn new(args: &TerminalArgs) -> Self {
        #[expect(clippy::disallowed_methods, reason = "a convention between all programs, no setting of this one")]
        let no_color = std::env::var("NO_COLOR").ok();
        Self { when: args.color, no_color }
    }

    /// How to write a result to standard output, or to a file.
    pub(crate) fn options(&self, to_file: bool, quiet: bool) -> Options {
        let is_terminal = !to_file && stdout().is_terminal();
        let width = match terminal_size::terminal_size_of(stdout()) {
            Some((width, _)) if is_terminal => usize::from(width.0),
            _ => COLUMNS,
        };
        Options { styles: self.styles(is_terminal), width, quiet }
    }

    fn styles(&self, is_terminal: bool) -> Styles {
        match self.when {
            ColorWhen::Auto => Styles::choose(is_terminal, self.no_color.as_deref()),
            ColorWhen::Always => Styles::coloured(),
            ColorWhen::Never => Styles::plain(),
        }
    }

    /// How to draw source snippets on standard error: not at all, plainly, or in colours.
    pub(crate) fn snippets(&self) -> Snippets {
        let no_color = self.no_color.as_deref().is_some_and(|value| !value.is_empty());
        match self.when {
            ColorWhen::Always => Snippets::Coloured,
            _ if !stderr().is_terminal() => Snippets::None,
            ColorWhen::Auto if !no_color => Snippets::Coloured,
            ColorWhen::Auto | ColorWhen::Never => Snippets::Plain,
        }
    }
}

/// How to draw source snippets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Snippets {
    /// One line for each finding, the same everywhere.
    None,
    /// The lines of the file, marked.
    Plain,
    /// The same in colours.
    Coloured,
}
