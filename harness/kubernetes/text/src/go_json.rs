//! JSON in the words of Go's `encoding/json`: what it writes, and what it says of bytes that are none.

use proofmark_json::Value;

/// A value as Go writes it: what would mean something in HTML is escaped. Fields stay in the order that they have.
pub fn write(value: &Value) -> String {
    let text = value.to_string();
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => escaped.push_str(&format!("\\u{:04x}", u32::from(letter))),
            other => escaped.push(other),
        }
    }
    escaped
}

/// What is wrong with a text that should be one JSON value; none where nothing is.
pub fn problem(text: &[u8]) -> Option<String> {
    let mut reader = Reader { text, at: 0 };
    let outcome = reader.value("looking for beginning of value").and_then(|()| {
        reader.blank();
        match reader.peek() {
            Some(c) => Err(invalid(c, "after top-level value")),
            None => Ok(()),
        }
    });
    outcome.err()
}

/// The first value of a stream, as Go's `json.Decoder` cuts it out: what follows is left alone.
///
/// # Errors
/// The decoder's own: `EOF` when there is none, `unexpected EOF` when it is cut off, or the scanner's complaint.
pub fn first_value(stream: &[u8]) -> Result<&[u8], String> {
    let mut reader = Reader { text: stream, at: 0 };
    reader.blank();
    if reader.peek().is_none() {
        return Err("EOF".to_owned());
    }
    match reader.value("looking for beginning of value") {
        Ok(()) => Ok(&stream[..reader.at]),
        Err(problem) if problem == CUT_OFF => Err("unexpected EOF".to_owned()),
        Err(problem) => Err(problem),
    }
}

const CUT_OFF: &str = "unexpected end of JSON input";

type Outcome = Result<(), String>;

fn invalid(c: u8, context: &str) -> String {
    let shown = match c {
        b'\'' => r"'\''".to_owned(),
        b'"' => "'\"'".to_owned(),
        0x20..=0x7e | 0x80.. => format!("'{}'", char::from(c)),
        b'\n' => r"'\n'".to_owned(),
        b'\r' => r"'\r'".to_owned(),
        b'\t' => r"'\t'".to_owned(),
        _ => format!("'\\x{c:02x}'"),
    };
    format!("invalid character {shown} {context}")
}

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn next(&mut self) -> Result<u8, String> {
        let c = self.peek().ok_or(CUT_OFF)?;
        self.at += 1;
        Ok(c)
    }

    fn blank(&mut self) {
        while self.peek().is_some_and(|c| matches!(c, b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn value(&mut self, context: &str) -> Outcome {
        self.blank();
        match self.next()? {
            b'{' => self.object(),
            b'[' => self.array(),
            b'"' => self.string(),
            b't' => self.literal("true"),
            b'f' => self.literal("false"),
            b'n' => self.literal("null"),
            c @ (b'-' | b'0'..=b'9') => self.number(c),
            c => Err(invalid(c, context)),
        }
    }

    fn object(&mut self) -> Outcome {
        self.blank();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.blank();
            match self.next()? {
                b'"' => self.string()?,
                c => return Err(invalid(c, "looking for beginning of object key string")),
            }
            self.blank();
            match self.next()? {
                b':' => {}
                c => return Err(invalid(c, "after object key")),
            }
            self.value("looking for beginning of value")?;
            self.blank();
            match self.next()? {
                b'}' => return Ok(()),
                b',' => {}
                c => return Err(invalid(c, "after object key:value pair")),
            }
        }
    }

    fn array(&mut self) -> Outcome {
        self.blank();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.value("looking for beginning of value")?;
            self.blank();
            match self.next()? {
                b']' => return Ok(()),
                b',' => {}
                c => return Err(invalid(c, "after array element")),
            }
        }
    }

    fn string(&mut self) -> Outcome {
        loop {
            match self.next()? {
                b'"' => return Ok(()),
                b'\\' => match self.next()? {
                    b'b' | b'f' | b'n' | b'r' | b't' | b'\\' | b'/' | b'"' => {}
                    b'u' => {
                        for _ in 0..4 {
                            let c = self.next()?;
                            if !c.is_ascii_hexdigit() {
                                return Err(invalid(c, "in \\u hexadecimal character escape"));
                            }
                        }
                    }
                    c => return Err(invalid(c, "in string escape code")),
                },
                c if c < 0x20 => return Err(invalid(c, "in string literal")),
                _ => {}
            }
        }
    }

    /// What follows the first letter.
    fn literal(&mut self, word: &str) -> Outcome {
        for want in word.bytes().skip(1) {
            let c = self.next()?;
            if c != want {
                return Err(invalid(c, &format!("in literal {word} (expecting '{}')", char::from(want))));
            }
        }
        Ok(())
    }

    /// What follows the first character.
    fn number(&mut self, first: u8) -> Outcome {
        let first = if first == b'-' {
            match self.next()? {
                c @ b'0'..=b'9' => c,
                c => return Err(invalid(c, "in numeric literal")),
            }
        } else {
            first
        };
        if first != b'0' {
            self.digits();
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.some_digits("after decimal point in numeric literal")?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.some_digits("in exponent of numeric literal")?;
        }
        Ok(())
    }

    fn digits(&mut self) {
        while self.peek().is_some_and(|c| c.is_ascii_digit()) {
            self.at += 1;
        }
    }

    fn some_digits(&mut self, context: &str) -> Outcome {
        match self.next()? {
            b'0'..=b'9' => self.digits(),
            c => return Err(invalid(c, context)),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{first_value, problem};

    #[rstest]
    #[case("{\"auths\": {}}", None)]
    #[case(" [1, -0.5e3, \"a\\u00e9\", null] ", None)]
    #[case("{not json", Some("invalid character 'n' looking for beginning of object key string"))]
    #[case("nope", Some("invalid character 'o' in literal null (expecting 'u')"))]
    #[case("", Some("unexpected end of JSON input"))]
    #[case("{} x", Some("invalid character 'x' after top-level value"))]
    #[case("[1 2]", Some("invalid character '2' after array element"))]
    fn words_it_as_go_does(#[case] text: &str, #[case] want: Option<&str>) {
        assert_eq!(problem(text.as_bytes()).as_deref(), want);
    }

    #[rstest]
    #[case("", Err("EOF"))]
    #[case("  \n", Err("EOF"))]
    #[case("{", Err("unexpected EOF"))]
    #[case("[1] rest", Ok("[1]"))]
    #[case("{x", Err("invalid character 'x' looking for beginning of object key string"))]
    fn streams_are_cut_as_go_cuts_them(#[case] stream: &str, #[case] want: Result<&str, &str>) {
        let got = first_value(stream.as_bytes());
        assert_eq!(got.map_err(|problem| problem.leak() as &str), want.map(str::as_bytes));
    }
}
