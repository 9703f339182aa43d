//! Reading.

use indexmap::IndexMap;

use super::Json;

/// How deep values may be nested: as deep as serde_json goes, which is deeper than any object. Python gives up near a thousand.
const DEPTH: usize = 128;

/// Why a text is no JSON.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Mistake {
    /// `JSONDecodeError`, in its words.
    #[error("{what}: line {line} column {column} (char {at})")]
    Syntax { what: String, line: usize, column: usize, at: usize },
    /// `UnicodeDecodeError`.
    #[error("'{0}' codec can't decode the body")]
    Encoding(&'static str),
    /// `RecursionError`, which is no `ValueError`: it is not told as a mistake in the text.
    #[error("maximum recursion depth exceeded while decoding a JSON document")]
    Depth,
}

/// The text of a body, in whichever Unicode encoding it is.
pub(crate) fn decode(body: &[u8]) -> Result<String, Mistake> {
    let wide = |big: bool, rest: &[u8]| {
        let unit = |pair: &[u8]| match *pair {
            [a, b] if big => u16::from_be_bytes([a, b]),
            [a, b] => u16::from_le_bytes([a, b]),
            _ => 0,
        };
        let units: Vec<u16> = rest.chunks_exact(2).map(unit).collect();
        if rest.len().is_multiple_of(2) {
            Ok(String::from_utf16_lossy(&units))
        } else {
            Err(Mistake::Encoding("utf-16"))
        }
    };
    let widest = |big: bool, rest: &[u8]| {
        let scalar = |four: &[u8]| match *four {
            [a, b, c, d] if big => char::from_u32(u32::from_be_bytes([a, b, c, d])),
            [a, b, c, d] => char::from_u32(u32::from_le_bytes([a, b, c, d])),
            _ => None,
        };
        let text: Option<String> = rest.chunks(4).map(scalar).collect();
        text.ok_or(Mistake::Encoding("utf-32"))
    };
    match body {
        [0xFF, 0xFE, 0, 0, rest @ ..] => widest(false, rest),
        [0, 0, 0xFE, 0xFF, rest @ ..] => widest(true, rest),
        [0xFF, 0xFE, rest @ ..] => wide(false, rest),
        [0xFE, 0xFF, rest @ ..] => wide(true, rest),
        [0xEF, 0xBB, 0xBF, rest @ ..] => utf8(rest),
        [0, 0, 0, _, ..] => widest(true, body),
        [_, 0, 0, 0, ..] => widest(false, body),
        [0, _, ..] => wide(true, body),
        [_, 0, ..] => wide(false, body),
        _ => utf8(body),
    }
}

fn utf8(bytes: &[u8]) -> Result<String, Mistake> {
    std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| Mistake::Encoding("utf-8"))
}

/// `json.loads`
pub(crate) fn loads(text: &str) -> Result<Json, Mistake> {
    let mut reader = Reader { text, at: 0 };
    reader.blanks();
    let value = reader.value(0)?;
    reader.blanks();
    if reader.at < text.len() { Err(reader.mistake("Extra data", reader.at)) } else { Ok(value) }
}

struct Reader<'t> {
    text: &'t str,
    /// In bytes.
    at: usize,
}

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// A mistake at a position, which Python counts in characters.
    fn mistake(&self, what: &str, at: usize) -> Mistake {
        let before = self.text.get(..at).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        Mistake::Syntax { what: what.to_owned(), line, column, at: before.chars().count() }
    }

    fn value(&mut self, depth: usize) -> Result<Json, Mistake> {
        if depth > DEPTH {
            return Err(Mistake::Depth);
        }
        match self.peek() {
            Some(b'"') => self.string().map(Json::Text),
            Some(b'{') => self.dict(depth),
            Some(b'[') => self.list(depth),
            _ => self.word().or_else(|| self.number()).ok_or_else(|| self.mistake("Expecting value", self.at)),
        }
    }

    fn word(&mut self) -> Option<Json> {
        const WORDS: [(&str, Json); 6] = [
            ("null", Json::Null),
            ("true", Json::Bool(true)),
            ("false", Json::Bool(false)),
            ("NaN", Json::Float(f64::NAN)),
            ("Infinity", Json::Float(f64::INFINITY)),
            ("-Infinity", Json::Float(f64::NEG_INFINITY)),
        ];
        let (word, value) = WORDS.into_iter().find(|(word, _)| self.rest().starts_with(word))?;
        self.at += word.len();
        Some(value)
    }

    fn number(&mut self) -> Option<Json> {
        let bytes = self.rest().as_bytes();
        let digits = |from: usize| bytes.iter().skip(from).take_while(|byte| byte.is_ascii_digit()).count();
        let sign = usize::from(bytes.first() == Some(&b'-'));
        let whole = match bytes.get(sign)? {
            b'0' => 1,
            b'1'..=b'9' => digits(sign),
            _ => return None,
        };
        let integer_end = sign + whole;
        let mut end = integer_end;
        if bytes.get(end) == Some(&b'.') && digits(end + 1) > 0 {
            end += 1 + digits(end + 1);
        }
        if matches!(bytes.get(end), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
            let exponent = digits(end + 1 + sign);
            if exponent > 0 {
                end += 1 + sign + exponent;
            }
        }
        let literal = self.rest().get(..end)?;
        self.at += end;
        if end > integer_end {
            return literal.parse().ok().map(Json::Float);
        }
        Some(Json::Int(if literal == "-0" { "0".to_owned() } else { literal.to_owned() }))
    }

    fn list(&mut self, depth: usize) -> Result<Json, Mistake> {
        let mut items = Vec::new();
        self.at += 1;
        self.blanks();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Json::List(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            self.blanks();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(Json::List(items));
                }
                _ => return Err(self.mistake("Expecting ',' delimiter", self.at)),
            }
            self.blanks();
        }
    }

    fn dict(&mut self, depth: usize) -> Result<Json, Mistake> {
        let mut members = IndexMap::new();
        self.at += 1;
        self.blanks();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Json::Dict(members));
        }
        loop {
            if self.peek() != Some(b'"') {
                return Err(self.mistake("Expecting property name enclosed in double quotes", self.at));
            }
            let key = self.string()?;
            self.blanks();
            if self.peek() != Some(b':') {
                return Err(self.mistake("Expecting ':' delimiter", self.at));
            }
            self.at += 1;
            self.blanks();
            members.insert(key, self.value(depth + 1)?);
            self.blanks();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(Json::Dict(members));
                }
                _ => return Err(self.mistake("Expecting ',' delimiter", self.at)),
            }
            self.blanks();
        }
    }

    fn string(&mut self) -> Result<String, Mistake> {
        let begin = self.at;
        let unterminated = |reader: &Self| reader.mistake("Unterminated string starting at", begin);
        self.at += 1;
        let mut text = String::new();
        loop {
            let plain = self.rest().find(|c: char| matches!(c, '"' | '\\') || c < ' ');
            let Some(plain) = plain else { return Err(unterminated(self)) };
            text.push_str(self.rest().get(..plain).unwrap_or_default());
            self.at += plain;
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(text);
                }
                Some(b'\\') => {
                    let backslash = self.at;
                    self.at += 1;
                    let Some(escape) = self.rest().chars().next() else { return Err(unterminated(self)) };
                    self.at += escape.len_utf8();
                    text.push(match escape {
                        '"' | '\\' | '/' => escape,
                        'b' => '\u{8}',
                        'f' => '\u{c}',
                        'n' => '\n',
                        'r' => '\r',
                        't' => '\t',
                        'u' => self.scalar()?,
                        _ => return Err(self.mistake("Invalid \\escape", backslash)),
                    });
                }
                _ => return Err(self.mistake("Invalid control character at", self.at)),
            }
        }
    }

    /// What stands behind `\u`, and behind a second one if the first is half of a pair.
    fn scalar(&mut self) -> Result<char, Mistake> {
        let first = self.hex().ok_or_else(|| self.mistake("Invalid \\uXXXX escape", self.at))?;
        let first = u32::from(first);
        if (0xD800..0xDC00).contains(&first) && self.rest().starts_with("\\u") {
            let before = self.at;
            self.at += 2;
            match self.hex().map(u32::from) {
                Some(second) if (0xDC00..0xE000).contains(&second) => {
                    let code = 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
                    return Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
                }
                _ => self.at = before,
            }
        }
        Ok(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn hex(&mut self) -> Option<u16> {
        let digits = self.rest().get(..4).filter(|four| four.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
        self.at += 4;
        u16::from_str_radix(digits, 16).ok()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::super::dumps;
    use super::*;

    #[rstest]
    #[case("{not json", "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)")]
    #[case("", "Expecting value: line 1 column 1 (char 0)")]
    #[case("{\"a\":1,}", "Expecting property name enclosed in double quotes: line 1 column 8 (char 7)")]
    #[case("[1 2]", "Expecting ',' delimiter: line 1 column 4 (char 3)")]
    #[case("{\"a\" 1}", "Expecting ':' delimiter: line 1 column 6 (char 5)")]
    #[case("\"é\n\"", "Invalid control character at: line 1 column 3 (char 2)")]
    #[case("\"abc", "Unterminated string starting at: line 1 column 1 (char 0)")]
    #[case("\"\\x\"", "Invalid \\escape: line 1 column 2 (char 1)")]
    #[case("{}\n{}", "Extra data: line 2 column 1 (char 3)")]
    #[case("01", "Extra data: line 1 column 2 (char 1)")]
    fn mistakes_are_told_as_python_tells_them(#[case] text: &str, #[case] words: &str) {
        assert_eq!(loads(text).unwrap_err().to_string(), words);
    }

    #[rstest]
    #[case("NaN", "NaN")]
    #[case(" -Infinity\n", "-Infinity")]
    #[case("123456789012345678901234567890", "123456789012345678901234567890")]
    #[case("[-0, 1.50, 1e3, 1e16, 1e-5]", "[0, 1.5, 1000.0, 1e+16, 1e-05]")]
    #[case(r#"{"a":"x","b":[],"a":"y"}"#, r#"{"a": "y", "b": []}"#)]
    #[case(r#""\ud83d\ude00 caf\u00e9""#, r#""\ud83d\ude00 caf\u00e9""#)]
    fn values_are_written_as_python_writes_them(#[case] text: &str, #[case] want: &str) {
        assert_eq!(dumps(&loads(text).unwrap()), want);
    }

    #[rstest]
    #[case(b"\xff\xfe{\0}\0", "{}")]
    #[case(b"\xef\xbb\xbf1", "1")]
    #[case(b"1", "1")]
    fn any_encoding_of_unicode_is_read(#[case] body: &[u8], #[case] text: &str) {
        assert_eq!(decode(body).unwrap(), text);
    }

    #[test]
    fn depth_has_an_end() {
        assert_eq!(loads(&"[".repeat(100_000)), Err(Mistake::Depth));
    }

    proptest! {
        /// What serde_json reads is read to the same, and anything else does no harm.
        #[test]
        fn agrees_with_serde_json(text in r#"[\[\]{}:, "a-c0-9.eE\\un+-]{0,24}"#) {
            if let Ok(want) = proofmark_json::from_str::<proofmark_json::Value>(&text) {
                prop_assert_eq!(proofmark_json::Value::from(&loads(&text).unwrap()), want);
            } else {
                let _ = loads(&text);
            }
        }
    }
}
