//! Reading a path.
//!
//! A cursor walks over the text; brackets and filters are cut out first and then read by themselves, as the original does, so
//! that oddities (a `]` inside a quoted key ends the bracket) are the same.

use proofmark_json::{Value, json};

use super::{Node, ParseError, Slice};

/// Filters and unions inside each other: more is refused.
const DEPTH: usize = 32;

pub(super) fn parse(text: &str) -> Result<Vec<Node>, ParseError> {
    let mut nodes = Vec::new();
    Cursor { rest: text, depth: 0 }.action(&mut nodes)?;
    Ok(nodes)
}

struct Cursor<'a> {
    rest: &'a str,
    depth: usize,
}

fn fail<T>(what: impl Into<String>) -> Result<T, ParseError> {
    Err(ParseError(what.into()))
}

impl<'a> Cursor<'a> {
    /// Reads to the end, or to a closing brace, which ends the path.
    fn action(&mut self, nodes: &mut Vec<Node>) -> Result<(), ParseError> {
        while let Some(next) = self.rest.chars().next() {
            match next {
                '}' => return Ok(()),
                '\r' | '\n' => return fail("unclosed action"),
                ' ' | '@' | '$' => self.skip(1),
                '[' if self.rest.starts_with("[?(") => self.filter(nodes)?,
                '[' => self.bracket(nodes)?,
                '"' | '\'' => self.quote(nodes, next)?,
                '.' if self.rest.starts_with("..") => self.recursive(nodes)?,
                '.' => {
                    self.skip(1);
                    nodes.push(self.field());
                }
                '+' | '-' => nodes.push(self.number()?),
                _ if next.is_numeric() => nodes.push(self.number()?),
                _ if is_word(next) => nodes.push(self.identifier()),
                _ => return fail(format!("unrecognized character in action: {next:?}")),
            }
        }
        Ok(())
    }

    fn skip(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or_default();
    }

    /// Takes text up to a byte offset.
    fn take(&mut self, bytes: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at_checked(bytes).unwrap_or((self.rest, ""));
        self.rest = rest;
        taken
    }

    /// Reads a part of the path by itself.
    fn inner(&self, text: &str) -> Result<Vec<Node>, ParseError> {
        if self.depth >= DEPTH {
            return fail("nested too deeply");
        }
        let mut nodes = Vec::new();
        Cursor { rest: text, depth: self.depth + 1 }.action(&mut nodes)?;
        Ok(nodes)
    }

    fn recursive(&mut self, nodes: &mut Vec<Node>) -> Result<(), ParseError> {
        if nodes.last() == Some(&Node::Recursive) {
            return fail("invalid multiple recursive descent");
        }
        self.skip(2);
        nodes.push(Node::Recursive);
        if self.rest.chars().next().is_some_and(is_word) {
            nodes.push(self.field());
        }
        Ok(())
    }

    /// A key, in which a backslash takes the next character as it is.
    fn field(&mut self) -> Node {
        let mut escaped = false;
        let end = self
            .rest
            .char_indices()
            .find(|(_, c)| {
                let ends = !escaped && ends_word(*c);
                escaped = !escaped && *c == '\\';
                ends
            })
            .map_or(self.rest.len(), |(at, _)| at);
        match self.take(end) {
            "*" => Node::Wildcard,
            key => Node::Field(key.replace('\\', "")),
        }
    }

    fn identifier(&mut self) -> Node {
        let end = self.rest.find(ends_word).unwrap_or(self.rest.len());
        match self.take(end) {
            "true" => Node::Literal(json!(true)),
            "false" => Node::Literal(json!(false)),
            name => Node::Identifier(name.to_owned()),
        }
    }

    fn number(&mut self) -> Result<Node, ParseError> {
        let sign = usize::from(self.rest.starts_with(['+', '-']));
        let digits = self.rest.get(sign..).unwrap_or_default();
        let end = sign + digits.find(|c: char| c != '.' && !c.is_numeric()).unwrap_or(digits.len());
        let text = self.take(end);
        match (text.parse::<i64>(), text.parse::<f64>()) {
            (Ok(whole), _) => Ok(Node::Literal(json!(whole))),
            (_, Ok(float)) => Ok(Node::Literal(json!(float))),
            _ => fail(format!("cannot parse number {text}")),
        }
    }

    fn quote(&mut self, nodes: &mut Vec<Node>, quote: char) -> Result<(), ParseError> {
        let end = closing_quote(self.rest, quote)?;
        let quoted = self.take(end + 1);
        let inner = quoted.get(1..quoted.len() - 1).unwrap_or_default();
        nodes.push(Node::Literal(Value::String(unquote(inner)?)));
        Ok(())
    }

    fn bracket(&mut self, nodes: &mut Vec<Node>) -> Result<(), ParseError> {
        let end = match self.rest.find([']', '\n']) {
            Some(end) if self.rest[end..].starts_with(']') => end,
            _ => return fail("unterminated array"),
        };
        let text = self.take(end + 1).get(1..end).unwrap_or_default();
        let text = if text == "*" { ":" } else { text };
        if text.contains(',') {
            let parts = text.split(',').map(|part| self.inner(&format!("[{}]", part.trim_matches(' '))));
            nodes.push(Node::Union(parts.collect::<Result<_, _>>()?));
            return Ok(());
        }
        let key = text.strip_prefix('\'').and_then(|text| text.strip_suffix('\'')).filter(|key| !key.contains('\''));
        match key {
            Some(key) => nodes.extend(self.inner(&format!(".{key}"))?),
            None => nodes.push(Node::Slice(slice(text)?)),
        }
        Ok(())
    }

    fn filter(&mut self, nodes: &mut Vec<Node>) -> Result<(), ParseError> {
        self.skip("[?(".len());
        let end = closing_parenthesis(self.rest)?;
        let text = self.take(end);
        self.skip(1);
        if !self.rest.starts_with(']') {
            return fail("unclosed array expect ]");
        }
        self.skip(1);
        nodes.push(match comparison(text) {
            None => Node::Filter { left: self.inner(text)?, comparison: None },
            Some((left, operator, right)) => {
                Node::Filter { left: self.inner(left)?, comparison: Some((operator.to_owned(), self.inner(right)?)) }
            }
        });
        Ok(())
    }
}

fn is_word(c: char) -> bool {
    c == '_' || c.is_alphabetic() || c.is_numeric()
}

fn ends_word(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n' | '.' | ',' | '[' | ']' | '$' | '@' | '{' | '}')
}

/// `start:end:step`, each of them optional, or an index.
fn slice(text: &str) -> Result<Slice, ParseError> {
    let mut parts = text.split(':');
    let number = |part: &str| match part {
        "" => Ok(None),
        _ if part == "-" || !part.trim_start_matches('-').bytes().all(|b| b.is_ascii_digit()) => {
            fail(format!("invalid array index {text}"))
        }
        _ => part.parse().map(Some).or_else(|_| fail(format!("array index {part} is not a number"))),
    };
    let start = number(parts.next().unwrap_or_default())?;
    let (end, step) = (parts.next(), parts.next());
    if parts.next().is_some() {
        return fail(format!("invalid array index {text}"));
    }
    Ok(Slice {
        start,
        // A plain index ends after itself; so does nothing at all, which is index 0.
        end: match end {
            None => Some(start.unwrap_or(0).saturating_add(1)),
            Some(end) => number(end)?,
        },
        step: number(step.unwrap_or_default())?,
        single: end.is_none(),
    })
}

/// Where the quote that opens the text is closed.
fn closing_quote(text: &str, quote: char) -> Result<usize, ParseError> {
    let mut previous = quote;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            '\n' => break,
            _ if c == quote && previous != '\\' => return Ok(at),
            _ => previous = c,
        }
    }
    fail("unterminated quoted string")
}

/// Where a filter ends: at a parenthesis outside of quotes. Only the first kind of quote counts.
fn closing_parenthesis(text: &str) -> Result<usize, ParseError> {
    let (mut pair, mut closed) = (None, false);
    let mut previous = '(';
    for (at, c) in text.char_indices() {
        match c {
            '\n' => break,
            '"' | '\'' if pair.is_none() => pair = Some(c),
            '"' | '\'' if previous != '\\' && pair == Some(c) => closed = true,
            ')' if pair.is_some() == closed => return Ok(at),
            _ => {}
        }
        previous = c;
    }
    fail("unterminated filter")
}

/// Splits `left operator right`. `None` for a bare path.
fn comparison(text: &str) -> Option<(&str, &str, &str)> {
    const OPERATOR: [char; 4] = ['!', '<', '>', '='];
    let start = text.find(OPERATOR).filter(|start| *start > 0)?;
    let (left, rest) = text.split_at(start);
    let mut length = rest.find(|c| !OPERATOR.contains(&c)).unwrap_or(rest.len());
    if length == rest.len() {
        // The right side needs at least a character, even an operator's.
        length -= 1;
    }
    (length > 0).then(|| (left, &rest[..length], &rest[length..]))
}

/// A quoted text without its quotes, with Go's escapes.
fn unquote(text: &str) -> Result<String, ParseError> {
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        let escape = chars.next();
        let digits = match escape {
            Some('x') => 2,
            Some('u') => 4,
            Some('U') => 8,
            _ => 0,
        };
        let plain = match escape {
            Some('x' | 'u' | 'U') => {
                let code: String = chars.by_ref().take(digits).collect();
                Some(code)
                    .filter(|code| code.len() == digits)
                    .and_then(|code| u32::from_str_radix(&code, 16).ok())
                    .and_then(char::from_u32)
            }
            Some('n') => Some('\n'),
            Some('t') => Some('\t'),
            Some('r') => Some('\r'),
            Some('a') => Some('\u{7}'),
            Some('b') => Some('\u{8}'),
            Some('f') => Some('\u{c}'),
            Some('v') => Some('\u{b}'),
            Some(c @ ('\\' | '\'' | '"')) => Some(c),
            _ => None,
        };
        match plain {
            Some(plain) => out.push(plain),
            None => return fail(format!("unquote string {text} error invalid syntax")),
        }
    }
    Ok(out)
}
