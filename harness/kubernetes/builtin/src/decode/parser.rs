//! JSON text to [`Tree`], with the errors of Go's scanner.
//!
//! Unlike other parsers it keeps duplicate fields and the spelling of numbers, and it replaces what is no Unicode (broken UTF-8,
//! lone surrogates) instead of refusing it.

use std::borrow::Cow;

use super::DecodeError;
use super::node::Tree;
use crate::gotext;

/// How deep values may nest: as deep as `serde_json` reads.
pub const MAX_DEPTH: usize = 128;

/// Parses a whole text.
pub(super) fn parse(text: &[u8]) -> Result<Tree<'_>, DecodeError> {
    let mut parser = Parser { text, at: 0 };
    let tree = parser.value(0).and_then(|tree| match parser.peek() {
        None => Ok(tree),
        Some(_) => Err(parser.invalid("after top-level value")),
    });
    tree.map_err(DecodeError::Syntax)
}

struct Parser<'t> {
    text: &'t [u8],
    at: usize,
}

impl<'t> Parser<'t> {
    /// The next byte that is no white space, which stays.
    fn peek(&mut self) -> Option<u8> {
        while let Some(b' ' | b'\t' | b'\r' | b'\n') = self.byte() {
            self.at += 1;
        }
        self.byte()
    }

    fn byte(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    /// The complaint about the byte that is next.
    fn invalid(&self, context: &str) -> String {
        match self.byte() {
            None => "unexpected end of JSON input".to_owned(),
            Some(byte) => Self::complaint(byte, context),
        }
    }

    /// The same within a word, a number or an escape: Go ends every text with a space, which does not belong there.
    fn unfinished(&self, context: &str) -> String {
        Self::complaint(self.byte().unwrap_or(b' '), context)
    }

    fn complaint(byte: u8, context: &str) -> String {
        let mut shown = String::new();
        match byte {
            b'\'' => shown.push_str("\\'"),
            b'"' => shown.push('"'),
            _ => gotext::escape(char::from(byte), &mut shown),
        }
        format!("invalid character '{shown}' {context}")
    }

    fn value(&mut self, depth: usize) -> Result<Tree<'t>, String> {
        match self.peek() {
            Some(b'{' | b'[') if depth >= MAX_DEPTH => Err("exceeded max depth".to_owned()),
            Some(b'{') => self.object(depth + 1),
            Some(b'[') => self.array(depth + 1),
            Some(b'"') => self.string().map(Tree::String),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Tree::Bool(true)),
            Some(b'f') => self.word("false", Tree::Bool(false)),
            Some(b'n') => self.word("null", Tree::Null),
            _ => Err(self.invalid("looking for beginning of value")),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Tree<'t>, String> {
        self.at += 1;
        let mut fields = Vec::new();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Tree::Object(fields));
        }
        loop {
            if self.peek() != Some(b'"') {
                return Err(self.invalid("looking for beginning of object key string"));
            }
            let key = self.string()?;
            if self.peek() != Some(b':') {
                return Err(self.invalid("after object key"));
            }
            self.at += 1;
            fields.push((key, self.value(depth)?));
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => break,
                _ => return Err(self.invalid("after object key:value pair")),
            }
        }
        self.at += 1;
        Ok(Tree::Object(fields))
    }

    fn array(&mut self, depth: usize) -> Result<Tree<'t>, String> {
        self.at += 1;
        let mut items = Vec::new();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Tree::Array(items));
        }
        loop {
            items.push(self.value(depth)?);
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => break,
                _ => return Err(self.invalid("after array element")),
            }
        }
        self.at += 1;
        Ok(Tree::Array(items))
    }

    fn word(&mut self, word: &str, tree: Tree<'t>) -> Result<Tree<'t>, String> {
        for expected in word.chars() {
            if self.byte().map(char::from) != Some(expected) {
                return Err(self.unfinished(&format!("in literal {word} (expecting '{expected}')")));
            }
            self.at += 1;
        }
        Ok(tree)
    }

    fn number(&mut self) -> Result<Tree<'t>, String> {
        let start = self.at;
        if self.byte() == Some(b'-') {
            self.at += 1;
        }
        match self.byte() {
            Some(b'0') => self.at += 1,
            _ => self.digits("in numeric literal")?,
        }
        if self.byte() == Some(b'.') {
            self.at += 1;
            self.digits("after decimal point in numeric literal")?;
        }
        if let Some(b'e' | b'E') = self.byte() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.byte() {
                self.at += 1;
            }
            self.digits("in exponent of numeric literal")?;
        }
        let text = str::from_utf8(&self.text[start..self.at]).unwrap_or_default();
        Ok(match text.parse() {
            Ok(0) if text != "0" => Tree::Number(text),
            Ok(int) => Tree::Int(int),
            Err(_) => Tree::Number(text),
        })
    }

    /// At least one digit.
    fn digits(&mut self, context: &str) -> Result<(), String> {
        if !self.byte().is_some_and(|b| b.is_ascii_digit()) {
            return Err(self.unfinished(context));
        }
        while self.byte().is_some_and(|b| b.is_ascii_digit()) {
            self.at += 1;
        }
        Ok(())
    }

    fn string(&mut self) -> Result<Cow<'t, str>, String> {
        self.at += 1;
        let mut done: Option<String> = None;
        let mut start = self.at;
        loop {
            match self.byte() {
                Some(b'"') => break,
                Some(b'\\') => {
                    let out = done.get_or_insert_default();
                    out.push_str(&String::from_utf8_lossy(&self.text[start..self.at]));
                    self.at += 1;
                    let c = self.escape()?;
                    out.push(c);
                    start = self.at;
                }
                Some(b' '..) => self.at += 1,
                _ => return Err(self.invalid("in string literal")),
            }
        }
        let rest = String::from_utf8_lossy(&self.text[start..self.at]);
        self.at += 1;
        Ok(match done {
            None => rest,
            Some(done) => Cow::Owned(done + &rest),
        })
    }

    /// What follows a backslash.
    fn escape(&mut self) -> Result<char, String> {
        let c = match self.byte() {
            Some(c @ (b'"' | b'\\' | b'/')) => char::from(c),
            Some(b'b') => '\x08',
            Some(b'f') => '\x0c',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                self.at += 1;
                return self.unicode();
            }
            _ => return Err(self.unfinished("in string escape code")),
        };
        self.at += 1;
        Ok(c)
    }

    /// The four digits after `\u`, and the second half of a surrogate pair.
    fn unicode(&mut self) -> Result<char, String> {
        let first = self.hex()?;
        if !(0xd800..0xdc00).contains(&first) || !self.text[self.at..].starts_with(b"\\u") {
            return Ok(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER));
        }
        let back = self.at;
        self.at += 2;
        let second = self.hex()?;
        if !(0xdc00..0xe000).contains(&second) {
            // Not its other half: it is read again, for itself.
            self.at = back;
            return Ok(char::REPLACEMENT_CHARACTER);
        }
        Ok(char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00))
            .unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn hex(&mut self) -> Result<u32, String> {
        let mut code = 0;
        for _ in 0..4 {
            let Some(digit) = self.byte().and_then(|b| char::from(b).to_digit(16)) else {
                return Err(self.unfinished("in \\u hexadecimal character escape"));
            };
            code = code * 16 + digit;
            self.at += 1;
        }
        Ok(code)
    }
}
