//! The outputs by name.

use std::fmt;
use std::io::Write;
use std::str::FromStr;

use proofmark_replay::Sink;

use crate::Styles;
use crate::github::Github;
use crate::html::Html;
use crate::json::{Json, NdJson};
use crate::junit::JUnit;
use crate::markdown::Markdown;
use crate::text::Text;

/// An output's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For people at a terminal.
    Text,
    /// One JSON document.
    Json,
    /// One JSON event a line.
    NdJson,
    /// JUnit XML.
    JUnit,
    /// GitHub-flavoured Markdown.
    Markdown,
    /// GitHub Actions' workflow commands.
    Github,
    /// One HTML file.
    Html,
}

impl Format {
    /// All of them, in the order of the manual.
    pub const ALL: [Self; 7] =
        [Self::Text, Self::Json, Self::NdJson, Self::JUnit, Self::Markdown, Self::Github, Self::Html];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
            Self::NdJson => "ndjson",
            Self::JUnit => "junit",
            Self::Markdown => "markdown",
            Self::Github => "github",
            Self::Html => "html",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|format| format.name() == name).ok_or_else(|| {
            let names: Vec<_> = Self::ALL.iter().map(|format| format.name()).collect();
            format!("unknown format {name:?}; there are {}", names.join(", "))
        })
    }
}

/// What text for people may look like. The other outputs do not depend on it.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Colours.
    pub styles: Styles,
    /// How many columns a line may have.
    pub width: usize,
    /// Tell only what is bad, and the totals.
    pub quiet: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { styles: Styles::plain(), width: 100, quiet: false }
    }
}

/// The output of this name, writing to `out`.
pub fn output<'a>(format: Format, out: &'a mut dyn Write, options: &Options) -> Box<dyn Sink + 'a> {
    match format {
        Format::Text => Box::new(Text::new(out, *options)),
        Format::Json => Box::new(Json::new(out)),
        Format::NdJson => Box::new(NdJson::new(out)),
        Format::JUnit => Box::new(JUnit::new(out)),
        Format::Markdown => Box::new(Markdown::new(out)),
        Format::Github => Box::new(Github::new(out)),
        Format::Html => Box::new(Html::new(out)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        for format in Format::ALL {
            assert_eq!(format.to_string().parse(), Ok(format));
        }
        assert!("xml".parse::<Format>().unwrap_err().contains("junit"));
    }
}
