//! Labelled lines, in which addresses on the web become links.

use askama::Template;

use crate::failure;

/// A list of labels and what they say. Its text is HTML.
#[derive(Template)]
#[template(path = "told.html")]
pub(super) struct Told {
    list: Vec<Labelled>,
}

struct Labelled {
    label: &'static str,
    lines: Vec<Line>,
}

struct Line {
    text: String,
    url: Option<String>,
}

impl Told {
    pub(super) fn of(told: Vec<failure::Told>) -> Self {
        let labelled = |(label, text): failure::Told| Labelled { label, lines: text.lines().map(Line::of).collect() };
        Self { list: told.into_iter().map(labelled).collect() }
    }
}

impl Line {
    /// `title https://...` is a link with that title.
    fn of(line: &str) -> Self {
        match line.rsplit_once(' ') {
            Some((title, url)) if is_web(url) => Self { text: title.to_owned(), url: Some(url.to_owned()) },
            _ => Self { text: line.to_owned(), url: is_web(line).then(|| line.to_owned()) },
        }
    }
}

/// Whether a text is an address that a page may link to; `javascript:` is none.
pub(crate) fn is_web(text: &str) -> bool {
    (text.starts_with("https://") || text.starts_with("http://")) && !text.contains(char::is_whitespace)
}
