//! Classes in brackets: `[a-z\d[:alpha:]]`.

use super::scanner::{Scanner, mistake};

/// The names that may stand between `[:` and `:]`.
const POSIX: [&str; 14] = [
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space", "upper", "word",
    "xdigit",
];

impl Scanner<'_> {
    /// A class in brackets.
    pub(super) fn class(&mut self) -> Result<(), String> {
        let start = self.rest;
        let unclosed = || mistake("missing closing ]", start);
        self.copy(1);
        if self.rest.starts_with('^') {
            self.copy(1);
        }
        let mut first = true;
        loop {
            let Some(c) = self.rest.chars().next() else {
                return Err(unclosed());
            };
            if c == ']' && !first {
                self.copy(1);
                return Ok(());
            }
            first = false;
            if let Some(len) = posix_class(self.rest) {
                let name = &self.rest[..len];
                if !POSIX.contains(&name[2..len - 2].trim_start_matches('^')) {
                    return Err(mistake("invalid character class range", name));
                }
                self.copy(len);
                continue;
            }
            let item = self.rest;
            if self.class_shorthand() {
                continue;
            }
            let low = self.class_character().map_err(|e| e.unwrap_or_else(unclosed))?;
            if self.rest.starts_with('-') && self.rest.len() > 1 && !self.rest[1..].starts_with(']') {
                self.copy(1);
                let high = self.class_character().map_err(|e| e.unwrap_or_else(unclosed))?;
                if low.zip(high).is_some_and(|(low, high)| high < low) {
                    return Err(mistake("invalid character class range", &item[..item.len() - self.rest.len()]));
                }
            }
        }
    }

    /// `\d` and its kin within brackets.
    fn class_shorthand(&mut self) -> bool {
        let rewritten = match self.rest.as_bytes() {
            [b'\\', b'd', ..] => "0-9",
            [b'\\', b'D', ..] => "[^0-9]",
            [b'\\', b'w', ..] => "0-9A-Za-z_",
            [b'\\', b'W', ..] => "[^0-9A-Za-z_]",
            [b'\\', b's', ..] => r"\t\n\f\r ",
            [b'\\', b'S', ..] => r"[^\t\n\f\r ]",
            _ => return false,
        };
        self.take(2);
        self.out.push_str(rewritten);
        true
    }

    /// One character within brackets, and its code where it is written plainly. `Err(None)` when the brackets are not closed.
    fn class_character(&mut self) -> Result<Option<char>, Option<String>> {
        let Some(c) = self.rest.chars().next() else {
            return Err(None);
        };
        if c == '\\' {
            let Some(next) = self.rest[1..].chars().next() else {
                return Err(Some(mistake("trailing backslash at end of expression", "")));
            };
            let plain = next.is_ascii_punctuation().then_some(next);
            self.character(next)?;
            return Ok(plain);
        }
        self.take(c.len_utf8());
        // What would nest or subtract in the other dialect.
        if matches!(c, '[' | ']' | '&' | '~' | '-' | '^') {
            self.out.push('\\');
        }
        self.out.push(c);
        Ok(Some(c))
    }
}

/// The length of `[:name:]` at the start of the text.
fn posix_class(text: &str) -> Option<usize> {
    text.strip_prefix("[:").and_then(|t| t.find(":]")).map(|end| end + 4)
}
