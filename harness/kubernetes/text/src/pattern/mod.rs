//! Patterns: Go's regular expressions (RE2 syntax), matched by the `regex` crate, which is of the same family.
//!
//! The two differ in small things: `\d`, `\w`, `\s` and `\b` mean ASCII in Go; `{` that begins no repetition stands for itself;
//! classes in brackets neither nest nor subtract; `\Q..\E` quotes; octal escapes exist. [`Pattern::new`] rewrites these, and finds
//! the mistakes for which Go has words of its own (a CustomResourceDefinition with a bad pattern is refused with them).
//! A pattern that passes the scanner and still does not compile matches nothing.

mod class;
mod scanner;

use regex::Regex;

use scanner::{Scanner, mistake};

/// A compiled pattern.
#[derive(Debug, Clone)]
pub struct Pattern {
    source: String,
    compiled: Result<Regex, String>,
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl Pattern {
    /// Compiles a pattern. A bad one is kept with the reason, since the API server words it differently at different places.
    pub fn new(source: &str) -> Self {
        let compiled = Scanner::translate(source)
            .and_then(|rust| compile(&rust).map_err(|e| mistake("invalid or unsupported Perl syntax", &e.to_string())));
        Self { source: source.to_owned(), compiled }
    }

    /// The pattern as written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Why it does not compile, in Go's words.
    pub fn mistake(&self) -> Option<&str> {
        self.compiled.as_ref().err().map(String::as_str)
    }

    /// Whether some part of the text matches.
    pub fn is_match(&self, text: &str) -> bool {
        self.compiled.as_ref().is_ok_and(|r| r.is_match(text))
    }

    /// The parts of the text that match, from left to right, none overlapping another.
    pub fn find<'t>(&self, text: &'t str) -> impl Iterator<Item = &'t str> {
        self.compiled.iter().flat_map(move |r| r.find_iter(text)).map(|found| found.as_str())
    }
}

/// Go has no limit of size beyond that of repetitions: with Unicode classes, those take some room.
fn compile(rust: &str) -> Result<Regex, regex::Error> {
    regex::RegexBuilder::new(rust).size_limit(64 << 20).build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn go_patterns_match_as_in_go() {
        let cases = [
            (r"^\d{3}\.\x22q\x22$", "123.\"q\"", true),
            (r"^\d+$", "١٢٣", false),
            (r"^\w+$", "é", false),
            (r"^\p{L}+$", "é日", true),
            (r"(?i)^yes|no$", "YES", true),
            (r"^{a}$", "{a}", true),
            (r"^[[a]+$", "[a", true),
            (r"^[a&&b]+$", "&", true),
            (r"^[\w.-]+$", "a.-_9", true),
            (r"^[^\s]+$", "a b", false),
            (r"^\Qa.b\E$", "a.b", true),
            (r"^\Qa.b\E$", "axb", false),
            (r"^[]a]+$", "]a", true),
            (r"^(?P<y>\d{4})-(?:0[1-9]|1[0-2])$", "2024-12", true),
            (r"\bfoo\b", "a foo b", true),
            (r"^[[:alpha:]]+$", "abc", true),
            (r"^\101$", "A", true),
            (r"^a{2,}$", "aaa", true),
            (r"^a{,2}$", "a{,2}", true),
            ("^.$", "\n", false),
            ("^(?)(?i:A)(?-i)b{2}$", "abb", true),
        ];
        for (pattern, text, want) in cases {
            let pattern = Pattern::new(pattern);
            assert_eq!(pattern.mistake(), None, "{}", pattern.source());
            assert_eq!(pattern.is_match(text), want, "{} on {text}", pattern.source());
        }
    }

    #[test]
    fn mistakes_have_the_words_of_go() {
        let cases = [
            ("(", "missing closing ): `(`"),
            ("a)", "unexpected ): `a)`"),
            ("[a-", "missing closing ]: `[a-`"),
            ("x[z-a]", "invalid character class range: `z-a`"),
            ("*a", "missing argument to repetition operator: `*`"),
            ("a**", "invalid nested repetition operator: `**`"),
            ("a{1001}", "invalid repeat count: `{1001}`"),
            ("(?=a)", "invalid or unsupported Perl syntax: `(?=`"),
            ("(?!a)", "invalid or unsupported Perl syntax: `(?!`"),
            ("a\\", "trailing backslash at end of expression: ``"),
            (r"\y", r"invalid escape sequence: `\y`"),
            ("(?i", "invalid or unsupported Perl syntax: `(?i`"),
            ("(?:a{1000}){1000}", "invalid repeat count: `{1000}`"),
            ("[[:foo:]]", "invalid character class range: `[:foo:]`"),
            (r"\p{Nope}", r"invalid character class range: `\p{Nope}`"),
        ];
        for (pattern, want) in cases {
            assert_eq!(Pattern::new(pattern).mistake(), Some(&*format!("error parsing regexp: {want}")), "{pattern}");
        }
    }
}
