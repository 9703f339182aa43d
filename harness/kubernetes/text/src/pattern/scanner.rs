//! One pass over a pattern outside of brackets, from one dialect to the other.

use regex::Regex;

/// A mistake in Go's words.
pub(super) fn mistake(what: &str, part: &str) -> String {
    format!("error parsing regexp: {what}: `{part}`")
}

/// Largest count of a repetition in Go.
const MAX_REPEAT: u32 = 1000;

/// One pass over the pattern: rewrites as it goes, keeping just enough of the grammar to see the mistakes.
pub(super) struct Scanner<'a> {
    source: &'a str,
    pub(super) rest: &'a str,
    pub(super) out: String,
    /// For each open group, and the whole pattern, how often its busiest part is repeated.
    groups: Vec<u32>,
    /// The same of what stands before the cursor.
    weight: u32,
    /// Whether something stands before the cursor that can be repeated.
    repeatable: bool,
    /// The repetition that ended at the cursor.
    repetition: Option<&'a str>,
}

impl<'a> Scanner<'a> {
    pub(super) fn translate(source: &'a str) -> Result<String, String> {
        let mut scanner = Scanner {
            source,
            rest: source,
            out: String::with_capacity(source.len() + 8),
            groups: vec![1],
            weight: 1,
            repeatable: false,
            repetition: None,
        };
        while let Some(c) = scanner.rest.chars().next() {
            scanner.step(c)?;
        }
        if scanner.groups.len() > 1 { Err(mistake("missing closing )", source)) } else { Ok(scanner.out) }
    }

    /// Takes the next `len` bytes.
    pub(super) fn take(&mut self, len: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(len.min(self.rest.len()));
        self.rest = rest;
        taken
    }

    /// Copies the next `len` bytes as they are.
    pub(super) fn copy(&mut self, len: usize) {
        let text = self.take(len);
        self.out.push_str(text);
    }

    fn step(&mut self, c: char) -> Result<(), String> {
        let before = self.repetition.take();
        if !matches!(c, '*' | '+' | '?' | '{') {
            self.weight = 1;
        }
        match c {
            '(' => return self.group(),
            ')' => {
                if self.groups.len() == 1 {
                    return Err(mistake("unexpected )", self.source));
                }
                self.weight = self.pop_group();
                self.copy(1);
                self.repeatable = true;
            }
            '|' => {
                self.copy(1);
                self.repeatable = false;
            }
            '[' => {
                self.class()?;
                self.repeatable = true;
            }
            '*' | '+' | '?' => {
                let len = if self.rest[1..].starts_with('?') { 2 } else { 1 };
                self.repeat(len, before)?;
            }
            '{' => match counted(self.rest) {
                Some((len, low, high)) => {
                    let lazy = usize::from(self.rest[len..].starts_with('?'));
                    if low > MAX_REPEAT || high.is_some_and(|high| high > MAX_REPEAT || high < low) {
                        return Err(mistake("invalid repeat count", &self.rest[..len]));
                    }
                    let times = high.unwrap_or(low).max(1);
                    if times > 1 && times.saturating_mul(self.weight) > MAX_REPEAT {
                        return Err(mistake("invalid repeat count", &self.rest[..len + lazy]));
                    }
                    self.weight = self.weight.saturating_mul(times);
                    self.repeat(len + lazy, before)?;
                }
                None => {
                    self.take(1);
                    self.out.push_str("\\{");
                    self.repeatable = true;
                }
            },
            '\\' => {
                self.escape()?;
                self.repeatable = true;
            }
            other => {
                self.copy(other.len_utf8());
                self.repeatable = true;
            }
        }
        Ok(())
    }

    fn repeat(&mut self, len: usize, before: Option<&'a str>) -> Result<(), String> {
        let here = &self.rest[..len];
        if let Some(before) = before {
            let start = self.source.len() - self.rest.len() - before.len();
            return Err(mistake("invalid nested repetition operator", &self.source[start..start + before.len() + len]));
        }
        if !self.repeatable {
            return Err(mistake("missing argument to repetition operator", here));
        }
        self.copy(len);
        self.repetition = Some(here);
        if let Some(busiest) = self.groups.last_mut() {
            *busiest = self.weight.max(*busiest);
        }
        Ok(())
    }

    /// Closes a group: how often its busiest part is repeated.
    fn pop_group(&mut self) -> u32 {
        let weight = self.groups.pop().unwrap_or(1);
        if let Some(busiest) = self.groups.last_mut() {
            *busiest = weight.max(*busiest);
        }
        weight
    }

    fn group(&mut self) -> Result<(), String> {
        self.groups.push(1);
        self.repeatable = false;
        let Some(inner) = self.rest.strip_prefix("(?") else {
            self.copy(1);
            return Ok(());
        };
        let name = inner.strip_prefix("P<").or_else(|| inner.strip_prefix('<').filter(|n| !n.starts_with(['=', '!'])));
        if let Some(name) = name {
            let Some((word, after)) = name.split_once('>') else {
                return Err(mistake("invalid named capture", self.rest));
            };
            if word.is_empty() || !word.chars().all(|c| c == '_' || c.is_ascii_alphanumeric()) {
                return Err(mistake("invalid named capture", &self.rest[..self.rest.len() - after.len()]));
            }
            // Go allows names to begin with a digit; nothing here asks for them, so the group goes unnamed.
            self.rest = after;
            self.out.push('(');
            return Ok(());
        }
        let (mut negated, mut flags) = (false, 0);
        for (i, c) in inner.char_indices() {
            match c {
                'i' | 'm' | 's' | 'U' => flags += 1,
                '-' if !negated => (negated, flags) = (true, 0),
                ':' | ')' if !(negated && flags == 0) => {
                    if c == ')' {
                        self.pop_group();
                    }
                    // `(?)` sets nothing, and is no group in the other dialect.
                    if i == 0 && c == ')' {
                        self.take(3);
                    } else {
                        self.copy(2 + i + 1);
                    }
                    return Ok(());
                }
                c => {
                    return Err(mistake("invalid or unsupported Perl syntax", &self.rest[..2 + i + c.len_utf8()]));
                }
            }
        }
        Err(mistake("invalid or unsupported Perl syntax", self.rest))
    }

    /// An escape outside of brackets.
    fn escape(&mut self) -> Result<(), String> {
        let Some(c) = self.rest[1..].chars().next() else {
            return Err(mistake("trailing backslash at end of expression", ""));
        };
        let rewritten = match c {
            'd' => "[0-9]",
            'D' => "[^0-9]",
            'w' => "[0-9A-Za-z_]",
            'W' => "[^0-9A-Za-z_]",
            's' => r"[\t\n\f\r ]",
            'S' => r"[^\t\n\f\r ]",
            'b' => r"(?-u:\b)",
            'B' => r"(?-u:\B)",
            'A' => r"\A",
            'z' => r"\z",
            'Q' => {
                self.take(2);
                let end = self.rest.find(r"\E").unwrap_or(self.rest.len());
                let quoted = self.take(end);
                self.out.push_str(&regex::escape(quoted));
                self.take(2);
                return Ok(());
            }
            _ => return self.character(c),
        };
        self.take(2);
        self.out.push_str(rewritten);
        Ok(())
    }

    /// An escape that stands for one character or for a Unicode class; the same within and outside of brackets.
    pub(super) fn character(&mut self, c: char) -> Result<(), String> {
        match c {
            'p' | 'P' => self.unicode_class(),
            '0'..='7' => {
                let digits = self.rest[1..].bytes().take(3).take_while(|b| (b'0'..=b'7').contains(b)).count();
                // A single digit other than 0 would be a back-reference, which RE2 lacks.
                if c != '0' && digits == 1 {
                    return Err(mistake("invalid escape sequence", &self.rest[..2]));
                }
                let code = u32::from_str_radix(&self.rest[1..=digits], 8).unwrap_or_default();
                self.take(1 + digits);
                self.out.push_str(&format!("\\x{{{code:x}}}"));
                Ok(())
            }
            'x' => {
                let braced = self.rest[2..].starts_with('{');
                let len = if braced { self.rest.find('}').map_or(2, |end| end + 1) } else { 4 };
                let digits = if braced { self.rest.get(3..len.saturating_sub(1)) } else { self.rest.get(2..4) };
                let code = digits
                    .filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()))
                    .and_then(|d| u32::from_str_radix(d, 16).ok());
                if code.and_then(char::from_u32).is_none() {
                    let shown = self.rest.char_indices().nth(3).map_or(self.rest.len(), |(i, _)| i);
                    return Err(mistake("invalid escape sequence", &self.rest[..shown]));
                }
                self.copy(len);
                Ok(())
            }
            'a' | 'f' | 'n' | 'r' | 't' | 'v' => {
                self.copy(2);
                Ok(())
            }
            c if c.is_ascii_punctuation() => {
                self.copy(2);
                Ok(())
            }
            c => Err(mistake("invalid escape sequence", &self.rest[..1 + c.len_utf8()])),
        }
    }

    fn unicode_class(&mut self) -> Result<(), String> {
        let after = &self.rest[2..];
        let len = if after.starts_with('{') {
            after.find('}').map(|end| end + 1)
        } else {
            after.chars().next().map(char::len_utf8)
        };
        let Some(len) = len else {
            return Err(mistake("invalid character class range", self.rest));
        };
        let class = &self.rest[..2 + len];
        if Regex::new(class).is_err() {
            return Err(mistake("invalid character class range", class));
        }
        self.copy(2 + len);
        Ok(())
    }
}

/// A repetition with counts at the start of the text: its length, least and most.
fn counted(text: &str) -> Option<(usize, u32, Option<u32>)> {
    let inner = text.strip_prefix('{')?;
    let end = inner.find('}')?;
    let (low, high) = inner[..end].split_once(',').map_or((&inner[..end], None), |(low, high)| (low, Some(high)));
    let count = |digits: &str| {
        let fine = !digits.is_empty()
            && digits.bytes().all(|b| b.is_ascii_digit())
            && (digits == "0" || !digits.starts_with('0'));
        fine.then(|| digits.parse().unwrap_or(u32::MAX))
    };
    let high = match high {
        None | Some("") => None,
        Some(high) => Some(count(high)?),
    };
    Some((end + 2, count(low)?, high))
}
