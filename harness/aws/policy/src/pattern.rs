//! Patterns of policies: `*`, `?` and policy variables.
//!
//! A pattern is compiled once, when its policy is read. What a variable is replaced with is text: a `*` in it stands for itself.
//! Source: IAM User Guide, "IAM policy elements: Variables and tags" and "IAM JSON policy elements: Resource".

use crate::context::Keys;

/// How a pattern's special characters are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Syntax {
    /// Whether `*` and `?` are wildcards.
    pub(crate) wildcards: bool,
    /// Whether `${...}` is a variable: in documents of version 2012-10-17.
    pub(crate) variables: bool,
    /// Whether case is ignored.
    pub(crate) ignore_case: bool,
}

/// A compiled pattern.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Pattern {
    pieces: Vec<Piece>,
    ignore_case: bool,
}

#[derive(Debug, Clone, PartialEq)]
enum Piece {
    Text(String),
    /// `?`
    One,
    /// `*`
    Many,
    /// `${key}` or `${key, 'default'}`
    Variable {
        key: String,
        default: Option<String>,
    },
}

/// A variable without a value and without a default: nothing can match the pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unresolved;

impl Pattern {
    /// Compiles a pattern. Every text is one.
    pub(crate) fn new(text: &str, syntax: Syntax) -> Self {
        let mut pieces = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        let flush = |plain: &mut String, pieces: &mut Vec<Piece>| {
            if !plain.is_empty() {
                pieces.push(Piece::Text(std::mem::take(plain)));
            }
        };
        while let Some(c) = rest.chars().next() {
            if syntax.variables
                && let Some((variable, after)) = variable(rest)
            {
                match variable {
                    Variable::Literal(text) => plain.push_str(text),
                    Variable::Key { key, default } => {
                        flush(&mut plain, &mut pieces);
                        let default = default.map(str::to_owned);
                        pieces.push(Piece::Variable { key: key.to_ascii_lowercase(), default });
                    }
                }
                rest = after;
                continue;
            }
            match c {
                '*' if syntax.wildcards => {
                    flush(&mut plain, &mut pieces);
                    if pieces.last() != Some(&Piece::Many) {
                        pieces.push(Piece::Many);
                    }
                }
                '?' if syntax.wildcards => {
                    flush(&mut plain, &mut pieces);
                    pieces.push(Piece::One);
                }
                c => plain.push(c),
            }
            rest = &rest[c.len_utf8()..];
        }
        flush(&mut plain, &mut pieces);
        Self { pieces, ignore_case: syntax.ignore_case }
    }

    /// Whether a text matches.
    ///
    /// # Errors
    /// [`Unresolved`] if a variable has no value.
    pub(crate) fn matches(&self, text: &str, keys: &dyn Keys) -> Result<bool, Unresolved> {
        if self.pieces.iter().any(|p| matches!(p, Piece::Variable { .. })) {
            let resolved = self.resolve(keys)?;
            return Ok(matches(&resolved, text, self.ignore_case));
        }
        Ok(matches(&self.pieces, text, self.ignore_case))
    }

    /// Whether the pattern matches every text.
    pub(crate) fn is_everything(&self) -> bool {
        matches!(self.pieces.as_slice(), [Piece::Many])
    }

    /// Whether only one text matches it.
    pub(crate) fn is_literal(&self) -> bool {
        self.pieces.iter().all(|piece| matches!(piece, Piece::Text(_)))
    }

    fn resolve(&self, keys: &dyn Keys) -> Result<Vec<Piece>, Unresolved> {
        let resolve = |piece: &Piece| match piece {
            Piece::Variable { key, default } => match (keys.get(key), default) {
                (Some([value]), _) => Ok(Piece::Text(value.clone())),
                (Some(_), _) | (None, None) => Err(Unresolved),
                (None, Some(default)) => Ok(Piece::Text(default.clone())),
            },
            other => Ok(other.clone()),
        };
        self.pieces.iter().map(resolve).collect()
    }
}

/// What comes after a prefix.
fn strip<'t>(text: &'t str, prefix: &str, ignore_case: bool) -> Option<&'t str> {
    if !ignore_case {
        return text.strip_prefix(prefix);
    }
    let mut rest = text.chars();
    for expected in prefix.chars() {
        let given = rest.next()?;
        if given != expected && !given.to_lowercase().eq(expected.to_lowercase()) {
            return None;
        }
    }
    Some(rest.as_str())
}

enum Variable<'t> {
    Literal(&'static str),
    Key { key: &'t str, default: Option<&'t str> },
}

/// A variable at the beginning of a text, and what comes after it.
fn variable(text: &str) -> Option<(Variable<'_>, &str)> {
    let (inside, after) = text.strip_prefix("${")?.split_once('}')?;
    let variable = match inside {
        "*" => Variable::Literal("*"),
        "?" => Variable::Literal("?"),
        "$" => Variable::Literal("$"),
        _ => match inside.split_once(',') {
            None => Variable::Key { key: inside.trim(), default: None },
            Some((key, default)) => {
                let default = default.trim().strip_prefix('\'')?.strip_suffix('\'')?;
                Variable::Key { key: key.trim(), default: Some(default) }
            }
        },
    };
    Some((variable, after))
}

/// Wildcard matching with one point of return: linear unless several `*` compete.
fn matches(pieces: &[Piece], text: &str, ignore_case: bool) -> bool {
    let (mut at, mut rest) = (0, text);
    let mut back: Option<(usize, &str)> = None;
    loop {
        let step = match pieces.get(at) {
            None if rest.is_empty() => return true,
            None => None,
            Some(Piece::Many) => {
                back = Some((at + 1, rest));
                at += 1;
                continue;
            }
            Some(Piece::One) => rest.chars().next().map(|c| &rest[c.len_utf8()..]),
            Some(Piece::Text(text)) => strip(rest, text, ignore_case),
            // Resolved before.
            Some(Piece::Variable { .. }) => None,
        };
        match (step, back) {
            (Some(after), _) => (at, rest) = (at + 1, after),
            (None, Some((resume, from))) => {
                let Some(c) = from.chars().next() else { return false };
                let from = &from[c.len_utf8()..];
                back = Some((resume, from));
                (at, rest) = (resume, from);
            }
            (None, None) => return false,
        }
    }
}

/// A pattern of an ARN, compared part by part, so that a wildcard does not reach across a colon; in the last part it may.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum ArnPattern {
    /// `*`
    Everything,
    /// The six parts of an ARN without the first.
    Parts(Box<[Pattern; 5]>),
    /// The same, and the whole as one text, whose stars may reach across colons.
    PartsOrWhole(Box<([Pattern; 5], Pattern)>),
    /// Something that is no ARN matches none.
    Nothing,
}

impl ArnPattern {
    /// Compiles a pattern; parts that are missing at the end are `*`.
    pub(crate) fn new(text: &str, variables: bool) -> Self {
        if text == "*" {
            return Self::Everything;
        }
        let syntax = Syntax { wildcards: true, variables, ignore_case: false };
        let mut parts = split(text);
        if parts.next() != Some("arn") {
            return Self::Nothing;
        }
        Self::Parts(Box::new(std::array::from_fn(|_| Pattern::new(parts.next().unwrap_or("*"), syntax))))
    }

    /// Compiles a pattern of a `Resource` element, in which a star that ends a part may reach beyond the colon behind it.
    pub(crate) fn resource(text: &str, variables: bool) -> Self {
        let reaches = split(text).take(5).any(|part| part.ends_with('*')) && split(text).count() > 1;
        match Self::new(text, variables) {
            Self::Parts(parts) if reaches => {
                let syntax = Syntax { wildcards: true, variables, ignore_case: false };
                Self::PartsOrWhole(Box::new((*parts, Pattern::new(text, syntax))))
            }
            other => other,
        }
    }

    /// Whether only one ARN matches it.
    pub(crate) fn is_literal(&self) -> bool {
        match self {
            Self::Everything => false,
            Self::Parts(parts) => parts.iter().all(Pattern::is_literal),
            Self::PartsOrWhole(_) => false,
            Self::Nothing => true,
        }
    }

    /// Whether an ARN matches.
    ///
    /// # Errors
    /// [`Unresolved`] if a variable has no value.
    pub(crate) fn matches(&self, arn: &str, keys: &dyn Keys) -> Result<bool, Unresolved> {
        let patterns = match self {
            Self::Everything => return Ok(true),
            Self::Nothing => return Ok(false),
            Self::Parts(patterns) => patterns,
            Self::PartsOrWhole(both) => {
                let (patterns, whole) = &**both;
                return Ok(by_part(patterns, arn, keys)? || whole.matches(arn, keys)?);
            }
        };
        by_part(patterns, arn, keys)
    }
}

fn by_part(patterns: &[Pattern; 5], arn: &str, keys: &dyn Keys) -> Result<bool, Unresolved> {
    let mut parts = arn.splitn(6, ':').skip(1);
    for pattern in patterns.iter() {
        if !pattern.matches(parts.next().unwrap_or_default(), keys)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Splits at the first five colons that are not inside a variable (`${aws:username}`).
fn split(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    let mut found = 0;
    std::iter::from_fn(move || {
        let text = rest.take()?;
        found += 1;
        let mut depth = 0_usize;
        let colon = text.char_indices().find(|(i, c)| {
            match c {
                '{' if text[..*i].ends_with('$') => depth += 1,
                '}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            *c == ':' && depth == 0
        });
        match colon {
            Some((i, _)) if found < 6 => {
                rest = Some(&text[i + 1..]);
                Some(&text[..i])
            }
            _ => Some(text),
        }
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;
    use crate::Context;

    const LIKE: Syntax = Syntax { wildcards: true, variables: true, ignore_case: false };

    fn like(pattern: &str, text: &str) -> bool {
        let context = Context::default().with("aws:username", "a*").with("s3:prefix", "home");
        Pattern::new(pattern, LIKE).matches(text, &context) == Ok(true)
    }

    #[rstest]
    #[case("*", "", true)]
    #[case("a*", "abc", true)]
    #[case("a*c", "abcbc", true)]
    #[case("a*c", "abcb", false)]
    #[case("a?c", "abc", true)]
    #[case("a?c", "ac", false)]
    #[case("?", "é", true)]
    #[case("*a*b*", "xxaybz", true)]
    #[case("", "", true)]
    #[case("", "a", false)]
    // A value is text: its star matches a star alone.
    #[case("${aws:username}/*", "a*/x", true)]
    #[case("${aws:username}/*", "ab/x", false)]
    #[case("${AWS:UserName}", "a*", true)]
    #[case("${*}x", "*x", true)]
    #[case("${*}x", "yx", false)]
    #[case("${missing}", "", false)]
    #[case("${missing, 'other'}", "other", true)]
    #[case("${s3:prefix, 'other'}", "home", true)]
    #[case("${unclosed", "${unclosed", true)]
    fn patterns(#[case] pattern: &str, #[case] text: &str, #[case] expected: bool) {
        assert_eq!(like(pattern, text), expected, "{pattern} and {text}");
    }

    #[rstest]
    #[case("arn:aws:s3:::bucket/*", "arn:aws:s3:::bucket/a/b:c", true)]
    #[case("arn:aws:s3:::bucket/*", "arn:aws:s3:::bucket", false)]
    #[case("arn:aws:s3:::bucket*", "arn:aws:s3:::bucket/a", true)]
    // A star ends at a colon, but for the last part.
    #[case("arn:aws:sqs:*:queue", "arn:aws:sqs:eu-west-1:111111111111:queue", false)]
    #[case("arn:aws:sqs:*:*:queue", "arn:aws:sqs:eu-west-1:111111111111:queue", true)]
    // What is missing at the end is completed.
    #[case("arn:aws:sqs", "arn:aws:sqs:eu-west-1:111111111111:queue", true)]
    #[case("*", "arn:aws:s3:::b", true)]
    #[case("bucket", "arn:aws:s3:::bucket", false)]
    #[case("arn:aws:s3:::b/${aws:username}/*", "arn:aws:s3:::b/a*/k", true)]
    fn arns(#[case] pattern: &str, #[case] arn: &str, #[case] expected: bool) {
        let context = Context::default().with("aws:username", "a*");
        assert_eq!(ArnPattern::new(pattern, true).matches(arn, &context), Ok(expected), "{pattern} and {arn}");
    }

    #[rstest]
    #[case("arn:aws:sqs:*:queue", "arn:aws:sqs:eu-west-1:111111111111:queue", true)]
    #[case("arn:aws:s3:*", "arn:aws:s3:::models/iris", true)]
    #[case("arn:aws:s3:*/iris", "arn:aws:s3:::models/iris", false)]
    #[case("arn:aws:sqs:eu-*-1:queue", "arn:aws:sqs:eu-west-1:111111111111:queue", false)]
    #[case("arn:aws:sqs:eu-*:*:queue", "arn:aws:sqs:us-east-1:111111111111:queue", false)]
    #[case("arn:aws:s3:::bucket/*", "arn:aws:s3:::bucket/a/b:c", true)]
    fn resources(#[case] pattern: &str, #[case] arn: &str, #[case] expected: bool) {
        let found = ArnPattern::resource(pattern, true).matches(arn, &Context::default());
        assert_eq!(found, Ok(expected), "{pattern} and {arn}");
    }

    proptest! {
        /// A text with its wildcards taken literally matches itself and nothing else.
        #[test]
        fn text_without_wildcards_matches_itself(a in "[a-c*?]{0,8}", b in "[a-c*?]{0,8}") {
            let exact = Pattern::new(&a, Syntax { wildcards: false, variables: false, ignore_case: false });
            prop_assert_eq!(exact.matches(&b, &Context::default()), Ok(a == b));
        }

        /// The fast matcher agrees with the definition.
        #[test]
        fn wildcards_mean_what_they_say(pattern in "[ab*?]{0,8}", text in "[ab]{0,8}") {
            fn slow(pattern: &[u8], text: &[u8]) -> bool {
                match (pattern, text) {
                    ([], []) => true,
                    ([b'*', rest @ ..], _) => (0..=text.len()).any(|n| slow(rest, &text[n..])),
                    ([b'?', p @ ..], [_, t @ ..]) => slow(p, t),
                    ([c, p @ ..], [d, t @ ..]) => c == d && slow(p, t),
                    _ => false,
                }
            }
            prop_assert_eq!(like(&pattern, &text), slow(pattern.as_bytes(), text.as_bytes()));
        }
    }
}
