//! Colours, decided once.

use std::fmt::Display;

use owo_colors::{OwoColorize, Style};

/// How parts of a text look. Without colours every part looks plain.
#[derive(Debug, Clone, Copy, Default)]
pub struct Styles {
    pub(crate) good: Style,
    pub(crate) bad: Style,
    pub(crate) doubtful: Style,
    pub(crate) heading: Style,
    pub(crate) quiet: Style,
}

impl Styles {
    /// No colours.
    pub fn plain() -> Self {
        Self::default()
    }

    /// Colours.
    pub fn coloured() -> Self {
        Self {
            good: Style::new().green(),
            bad: Style::new().red().bold(),
            doubtful: Style::new().yellow(),
            heading: Style::new().bold(),
            quiet: Style::new().dimmed(),
        }
    }

    /// Colours on a terminal, unless the environment variable `NO_COLOR` holds anything (<https://no-color.org>).
    pub fn choose(is_terminal: bool, no_color: Option<&str>) -> Self {
        if is_terminal && no_color.is_none_or(str::is_empty) { Self::coloured() } else { Self::plain() }
    }

    pub(crate) fn paint(style: Style, text: impl Display) -> String {
        text.style(style).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case(true, None, true)]
    #[case(true, Some(""), true)]
    #[case(true, Some("1"), false)]
    #[case(false, None, false)]
    fn colours_need_a_terminal_and_no_objection(
        #[case] terminal: bool,
        #[case] no_color: Option<&str>,
        #[case] coloured: bool,
    ) {
        let painted = Styles::paint(Styles::choose(terminal, no_color).good, "x");
        assert_eq!(painted != "x", coloured, "{painted:?}");
    }
}
