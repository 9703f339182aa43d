//! From text to tokens: the longest token that fits, as cel-go's generated lexer takes it.

use crate::source::{Issue, Position};

/// Kinds of tokens, in the order of CEL's grammar, which is the order in which messages list them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Eof,
    Equals,
    NotEquals,
    In,
    Less,
    LessEquals,
    GreaterEquals,
    Greater,
    And,
    Or,
    OpenBracket,
    CloseBracket,
    OpenBrace,
    CloseBrace,
    OpenParen,
    CloseParen,
    Dot,
    Comma,
    Minus,
    Not,
    Question,
    Colon,
    Plus,
    Star,
    Slash,
    Percent,
    True,
    False,
    Null,
    Float,
    Int,
    Uint,
    String,
    Bytes,
    Ident,
    EscapedIdent,
}

impl Kind {
    /// How messages name the kind.
    pub(crate) fn name(self) -> &'static str {
        const NAMES: [&str; 36] = [
            "<EOF>",
            "'=='",
            "'!='",
            "'in'",
            "'<'",
            "'<='",
            "'>='",
            "'>'",
            "'&&'",
            "'||'",
            "'['",
            "']'",
            "'{'",
            "'}'",
            "'('",
            "')'",
            "'.'",
            "','",
            "'-'",
            "'!'",
            "'?'",
            "':'",
            "'+'",
            "'*'",
            "'/'",
            "'%'",
            "'true'",
            "'false'",
            "'null'",
            "NUM_FLOAT",
            "NUM_INT",
            "NUM_UINT",
            "STRING",
            "BYTES",
            "IDENTIFIER",
            "ESC_IDENTIFIER",
        ];
        NAMES[self as usize]
    }
}

/// A token and where it stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Token<'s> {
    pub(crate) kind: Kind,
    pub(crate) at: Position,
    /// As written; empty for the end.
    pub(crate) text: &'s str,
}

/// All tokens, the last of them [`Kind::Eof`], and what could not be read.
pub(crate) fn tokens(source: &str) -> (Vec<Token<'_>>, Vec<Issue>) {
    let mut lexer = Lexer { source, byte: 0, at: 0 };
    let (mut tokens, mut issues) = (Vec::new(), Vec::new());
    while let Some(next) = lexer.next() {
        match next {
            Ok(token) => tokens.push(token),
            Err(issue) => issues.push(issue),
        }
    }
    tokens.push(Token { kind: Kind::Eof, at: lexer.at, text: "" });
    (tokens, issues)
}

struct Lexer<'s> {
    source: &'s str,
    byte: usize,
    at: Position,
}

const SYMBOLS: [(&str, Kind); 24] = [
    ("==", Kind::Equals),
    ("!=", Kind::NotEquals),
    ("<=", Kind::LessEquals),
    (">=", Kind::GreaterEquals),
    ("&&", Kind::And),
    ("||", Kind::Or),
    ("<", Kind::Less),
    (">", Kind::Greater),
    ("[", Kind::OpenBracket),
    ("]", Kind::CloseBracket),
    ("{", Kind::OpenBrace),
    ("}", Kind::CloseBrace),
    ("(", Kind::OpenParen),
    (")", Kind::CloseParen),
    (".", Kind::Dot),
    (",", Kind::Comma),
    ("-", Kind::Minus),
    ("!", Kind::Not),
    ("?", Kind::Question),
    (":", Kind::Colon),
    ("+", Kind::Plus),
    ("*", Kind::Star),
    ("/", Kind::Slash),
    ("%", Kind::Percent),
];

impl<'s> Lexer<'s> {
    fn next(&mut self) -> Option<Result<Token<'s>, Issue>> {
        self.skip();
        let rest = &self.source[self.byte..];
        let first = rest.chars().next()?;
        let at = self.at;
        let found = match first {
            '0'..='9' => Some(number(rest)),
            '.' if rest[1..].starts_with(|c: char| c.is_ascii_digit()) => Some(number(rest)),
            'a'..='z' | 'A'..='Z' | '_' => Some(word(rest)),
            '\'' | '"' => quoted(rest, false).map(|length| (Kind::String, length)),
            '`' => escaped(rest).map(|length| (Kind::EscapedIdent, length)),
            _ => SYMBOLS.iter().find(|(text, _)| rest.starts_with(text)).map(|(text, kind)| (*kind, text.len())),
        };
        let Some((kind, length)) = found else {
            let text = self.take(dead_end(rest));
            return Some(Err(Issue::new(at, format!("Syntax error: token recognition error at: '{text}'"))));
        };
        let text = self.take(length);
        Some(Ok(Token { kind, at, text }))
    }

    fn take(&mut self, length: usize) -> &'s str {
        let text = &self.source[self.byte..][..length];
        self.byte += length;
        self.at += Position::try_from(text.chars().count()).unwrap_or(Position::MAX);
        text
    }

    /// White space and comments.
    fn skip(&mut self) {
        loop {
            let rest = &self.source[self.byte..];
            let length = match rest.bytes().next() {
                Some(b'\t' | b' ' | b'\r' | b'\n' | 0x0c) => 1,
                Some(b'/') if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
                _ => return,
            };
            self.take(length);
        }
    }
}

fn digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

/// The length of an exponent (`e-3`), if there is one.
fn exponent(text: &str) -> usize {
    let Some(rest) = text.strip_prefix(['e', 'E']) else { return 0 };
    let unsigned = rest.strip_prefix(['+', '-']).unwrap_or(rest);
    match digits(unsigned) {
        0 => 0,
        n => text.len() - unsigned.len() + n,
    }
}

fn number(text: &str) -> (Kind, usize) {
    let is_unsigned = |length: usize| text[length..].starts_with(['u', 'U']);
    if let Some(hex) = text.strip_prefix("0x") {
        let n = hex.bytes().take_while(u8::is_ascii_hexdigit).count();
        if n > 0 {
            return if is_unsigned(n + 2) { (Kind::Uint, n + 3) } else { (Kind::Int, n + 2) };
        }
    }
    let whole = digits(text);
    let fraction = text[whole..].strip_prefix('.').map_or(0, digits);
    let mantissa = if fraction > 0 { whole + 1 + fraction } else { whole };
    let exponent = exponent(&text[mantissa..]);
    match (fraction + exponent, is_unsigned(whole)) {
        (1.., _) => (Kind::Float, mantissa + exponent),
        (0, true) => (Kind::Uint, whole + 1),
        (0, false) => (Kind::Int, whole),
    }
}

/// A keyword, an identifier, or a text with a prefix.
fn word(text: &str) -> (Kind, usize) {
    let prefix = text.bytes().take(2).take_while(|b| b"bBrR".contains(b)).count();
    for n in 1..=prefix {
        let is_bytes = text.starts_with(['b', 'B']);
        let raw = text[..n].ends_with(['r', 'R']);
        // `b`, `r` and `br` are prefixes; `rb` and `bb` are not.
        let fits = n == 1 || (is_bytes && raw);
        if fits
            && text[n..].starts_with(['\'', '"'])
            && let Some(length) = quoted(&text[n..], raw)
        {
            return (if is_bytes { Kind::Bytes } else { Kind::String }, n + length);
        }
    }
    let length = text.bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count();
    let kind = match &text[..length] {
        "in" => Kind::In,
        "true" => Kind::True,
        "false" => Kind::False,
        "null" => Kind::Null,
        _ => Kind::Ident,
    };
    (kind, length)
}

/// The length of a quoted text, if it ends: three quotes over lines, or one on one line.
fn quoted(text: &str, raw: bool) -> Option<usize> {
    let quote = text.get(..1)?;
    let triple = quote.repeat(3);
    let long = text.strip_prefix(&triple).and_then(|inner| closing(inner, &triple, raw, true)).map(|n| n + 3);
    long.or_else(|| closing(&text[1..], quote, raw, false).map(|n| n + 1))
}

/// How far a text goes until its closing quotes are read.
fn closing(text: &str, quote: &str, raw: bool, over_lines: bool) -> Option<usize> {
    let mut byte = 0;
    loop {
        let rest = &text[byte..];
        if rest.starts_with(quote) {
            return Some(byte + quote.len());
        }
        byte += match rest.chars().next()? {
            '\n' | '\r' if !over_lines => return None,
            '\\' if !raw => 1 + escape_length(&rest[1..])?,
            c => c.len_utf8(),
        };
    }
}

/// The length of an escape sequence after its backslash.
fn escape_length(text: &str) -> Option<usize> {
    let all = |from: usize, n: usize, test: fn(&u8) -> bool| {
        text.as_bytes().get(from..from + n).filter(|digits| digits.iter().all(test)).map(|_| from + n)
    };
    match text.bytes().next()? {
        b'a' | b'b' | b'f' | b'n' | b'r' | b't' | b'v' | b'"' | b'\'' | b'\\' | b'?' | b'`' => Some(1),
        b'x' | b'X' => all(1, 2, u8::is_ascii_hexdigit),
        b'u' => all(1, 4, u8::is_ascii_hexdigit),
        b'U' => all(1, 8, u8::is_ascii_hexdigit),
        b'0'..=b'3' => all(1, 2, |b| (b'0'..=b'7').contains(b)),
        _ => None,
    }
}

fn escaped(text: &str) -> Option<usize> {
    let inner = text[1..].bytes().take_while(|b| is_escapable(*b)).count();
    (inner > 0 && text[1 + inner..].starts_with('`')).then_some(inner + 2)
}

fn is_escapable(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"_.-/ ".contains(&b)
}

/// How many bytes the lexer has read when nothing fits any more, the character that does not fit included.
fn dead_end(text: &str) -> usize {
    let good = match text.chars().next() {
        Some(c @ ('=' | '&' | '|')) => c.len_utf8(),
        Some('`') => 1 + text[1..].bytes().take_while(|b| is_escapable(*b)).count(),
        Some(quote @ ('\'' | '"')) => 1 + unclosed(&text[1..], quote),
        _ => 0,
    };
    good + text[good..].chars().next().map_or(0, char::len_utf8)
}

/// How far a text without closing quote is good.
fn unclosed(text: &str, quote: char) -> usize {
    let mut byte = 0;
    while let Some(c) = text[byte..].chars().next() {
        match c {
            '\n' | '\r' => return byte,
            c if c == quote => return byte,
            '\\' => match escape_length(&text[byte + 1..]) {
                Some(length) => byte += 1 + length,
                None => return byte + 1 + partial_escape(&text[byte + 1..]),
            },
            c => byte += c.len_utf8(),
        }
    }
    byte
}

/// How many bytes of a broken escape sequence are good.
fn partial_escape(text: &str) -> usize {
    let digits = |most: usize| text.bytes().skip(1).take(most).take_while(u8::is_ascii_hexdigit).count();
    match text.bytes().next() {
        Some(b'x' | b'X') => 1 + digits(2),
        Some(b'u') => 1 + digits(4),
        Some(b'U') => 1 + digits(8),
        Some(b'0'..=b'3') => 1 + text.bytes().skip(1).take(2).take_while(|b| (b'0'..=b'7').contains(b)).count(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(source: &str) -> Vec<(Kind, &str)> {
        tokens(source).0.into_iter().map(|t| (t.kind, t.text)).collect()
    }

    #[test]
    fn the_longest_token_wins() {
        use Kind::*;
        let cases: [(&str, &[(Kind, &str)]); 9] = [
            ("1.5e3 1. .5", &[(Float, "1.5e3"), (Int, "1"), (Dot, "."), (Float, ".5")]),
            ("1e 0x 0x1Fu 2U", &[(Int, "1"), (Ident, "e"), (Int, "0"), (Ident, "x"), (Uint, "0x1Fu"), (Uint, "2U")]),
            ("'''a'b''' ''", &[(String, "'''a'b'''"), (String, "''")]),
            (
                r"r'\' b'x' br'\' rb''",
                &[(String, r"r'\'"), (Bytes, "b'x'"), (Bytes, r"br'\'"), (Ident, "rb"), (String, "''")],
            ),
            (
                "a<=b // c\n&&!d",
                &[(Ident, "a"), (LessEquals, "<="), (Ident, "b"), (And, "&&"), (Not, "!"), (Ident, "d")],
            ),
            ("in inn true null_", &[(In, "in"), (Ident, "inn"), (True, "true"), (Ident, "null_")]),
            ("a.`b-c`", &[(Ident, "a"), (Dot, "."), (EscapedIdent, "`b-c`")]),
            ("\"\"\"a", &[(String, "\"\"")]),
            ("[?x]", &[(OpenBracket, "["), (Question, "?"), (Ident, "x"), (CloseBracket, "]")]),
        ];
        for (source, want) in cases {
            let mut want = want.to_vec();
            want.push((Eof, ""));
            assert_eq!(kinds(source), want, "{source}");
        }
    }

    #[test]
    fn what_fits_no_token_is_told() {
        let cases = [
            ("a = b", 2, "= "),
            ("a =", 2, "="),
            ("$", 0, "$"),
            ("'ab\nc'", 0, "'ab\n"),
            (r"'\q'", 0, r"'\q"),
            ("é", 0, "é"),
            ("`a`b`", 4, "`"),
        ];
        for (source, at, text) in cases {
            let want = Issue::new(at, format!("Syntax error: token recognition error at: '{text}'"));
            assert_eq!(tokens(source).1.first(), Some(&want), "{source}");
        }
    }
}
