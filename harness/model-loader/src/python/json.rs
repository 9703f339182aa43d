//! `json.loads`, with the messages of `json.decoder.JSONDecodeError`.
//!
//! Texts are read by serde_json; only when that fails are they read once more, to find out what Python says about them.

use crate::exception::{Exception, Result};
use proofmark_json::Value;

/// Reads a JSON text.
pub(crate) fn loads(text: &str) -> Result<Value> {
    proofmark_json::from_str(text).map_err(|_| complaint(text))
}

fn complaint(text: &str) -> Exception {
    let chars: Vec<char> = text.chars().collect();
    let mut scanner = Scanner { chars: &chars, at: 0 };
    let (what, at) = match scanner.value() {
        Err(found) => found,
        Ok(()) => {
            scanner.blanks();
            ("Extra data", scanner.at)
        }
    };
    let before = chars.get(..at).unwrap_or(&chars);
    let line = before.iter().filter(|c| **c == '\n').count() + 1;
    let column = before.iter().rev().take_while(|c| **c != '\n').count() + 1;
    Exception::new("json.decoder.JSONDecodeError", format!("{what}: line {line} column {column} (char {at})"))
}

struct Scanner<'a> {
    chars: &'a [char],
    at: usize,
}

type Scan = std::result::Result<(), (&'static str, usize)>;

impl Scanner<'_> {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(' ' | '\t' | '\n' | '\r')) {
            self.at += 1;
        }
    }

    fn value(&mut self) -> Scan {
        self.blanks();
        self.bare_value()
    }

    /// A value that must begin here.
    fn bare_value(&mut self) -> Scan {
        let start = self.at;
        match self.peek() {
            Some('{') => self.object(),
            Some('[') => self.array(),
            Some('"') => self.string(),
            Some(c) if c == '-' || c.is_ascii_digit() => {
                while matches!(self.peek(), Some('0'..='9' | '-' | '+' | '.' | 'e' | 'E')) {
                    self.at += 1;
                }
                if self.at == start + 1 && c == '-' { Err(("Expecting value", start)) } else { Ok(()) }
            }
            _ => {
                for word in ["true", "false", "null", "NaN", "Infinity"] {
                    if word.chars().eq(self.chars.iter().skip(start).take(word.len()).copied()) {
                        self.at += word.len();
                        return Ok(());
                    }
                }
                Err(("Expecting value", start))
            }
        }
    }

    fn string(&mut self) -> Scan {
        let start = self.at;
        self.at += 1;
        loop {
            match self.peek() {
                None => return Err(("Unterminated string starting at", start)),
                Some('"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some('\\') => match self.chars.get(self.at + 1) {
                    None => return Err(("Unterminated string starting at", start)),
                    Some('"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't') => self.at += 2,
                    Some('u') => {
                        let digits =
                            self.chars.iter().skip(self.at + 2).take(4).filter(|c| c.is_ascii_hexdigit()).count();
                        if digits < 4 {
                            return Err(("Invalid \\uXXXX escape", self.at + 1));
                        }
                        self.at += 6;
                    }
                    Some(_) => return Err(("Invalid \\escape", self.at)),
                },
                Some(c) if (c as u32) < 0x20 => return Err(("Invalid control character at", self.at)),
                Some(_) => self.at += 1,
            }
        }
    }

    fn object(&mut self) -> Scan {
        self.at += 1;
        self.blanks();
        if self.peek() == Some('}') {
            self.at += 1;
            return Ok(());
        }
        loop {
            if self.peek() != Some('"') {
                return Err(("Expecting property name enclosed in double quotes", self.at));
            }
            self.string()?;
            self.blanks();
            if self.peek() != Some(':') {
                return Err(("Expecting ':' delimiter", self.at));
            }
            self.at += 1;
            self.value()?;
            self.blanks();
            match self.peek() {
                Some('}') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(',') => self.at += 1,
                _ => return Err(("Expecting ',' delimiter", self.at)),
            }
            self.blanks();
        }
    }

    fn array(&mut self) -> Scan {
        self.at += 1;
        self.blanks();
        if self.peek() == Some(']') {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.value()?;
            self.blanks();
            match self.peek() {
                Some(']') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(',') => self.at += 1,
                _ => return Err(("Expecting ',' delimiter", self.at)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn complaints_read_as_pythons() {
        for (text, message) in [
            ("", "Expecting value: line 1 column 1 (char 0)"),
            ("{", "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
            ("{type: s3}", "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
            ("{\"a\" 1}", "Expecting ':' delimiter: line 1 column 6 (char 5)"),
            ("{\"a\": 1 \"b\"}", "Expecting ',' delimiter: line 1 column 9 (char 8)"),
            ("{\"a\":\n}", "Expecting value: line 2 column 1 (char 6)"),
            ("{} x", "Extra data: line 1 column 4 (char 3)"),
            ("\"a", "Unterminated string starting at: line 1 column 1 (char 0)"),
            ("[1, 2", "Expecting ',' delimiter: line 1 column 6 (char 5)"),
            ("{\"a\": 1,}", "Expecting property name enclosed in double quotes: line 1 column 9 (char 8)"),
        ] {
            assert_eq!(loads(text).unwrap_err().message, message, "{text}");
        }
    }
}
