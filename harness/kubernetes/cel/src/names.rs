//! Names of properties as expressions write them.
//!
//! A property whose name is no identifier is escaped: `my-prop` is `my__dash__prop`, `a.b` is `a__dot__b`, `a__b` is
//! `a__underscores__b`, reserved words stand between underscores (`__if__`). Source: `k8s.io/apiserver/pkg/cel/escaping.go`.

use std::borrow::Cow;

/// Words that are no identifiers.
const RESERVED: [&str; 21] = [
    "true",
    "false",
    "null",
    "in",
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "package",
    "namespace",
    "return",
    "var",
    "void",
    "while",
];

const ESCAPES: [(&str, &str); 4] = [("__", "underscores"), (".", "dot"), ("-", "dash"), ("/", "slash")];

/// The name by which expressions refer to a property; none if they cannot.
pub fn escape(name: &str) -> Option<Cow<'_, str>> {
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    if let Some(escaped) = escape_reserved(name) {
        return Some(escaped.into());
    }
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if name.chars().all(fits) && !name.contains("__") {
        return Some(name.into());
    }
    let mut out = String::with_capacity(name.len() + 16);
    let mut rest = name;
    while let Some(c) = rest.chars().next() {
        if let Some((symbol, word)) = ESCAPES.iter().find(|(symbol, _)| rest.starts_with(symbol)) {
            out.push_str("__");
            out.push_str(word);
            out.push_str("__");
            rest = &rest[symbol.len()..];
        } else if fits(c) {
            out.push(c);
            rest = &rest[c.len_utf8()..];
        } else {
            return None;
        }
    }
    Some(out.into())
}

/// The name of a property that is a reserved word.
pub(crate) fn escape_reserved(name: &str) -> Option<String> {
    RESERVED.contains(&name).then(|| format!("__{name}__"))
}

/// The property that a name refers to; none if it is not well escaped.
pub fn unescape(name: &str) -> Option<Cow<'_, str>> {
    if !name.contains("__") {
        return Some(name.into());
    }
    let mut out = String::with_capacity(name.len());
    let mut rest = name;
    while let Some(start) = rest.find("__") {
        let inner = &rest[start + 2..];
        let length = inner.find('_').unwrap_or(inner.len());
        if length == 0 || !inner[length..].starts_with("__") {
            // No pair of underscores around a word begins here.
            out.push_str(&rest[..=start]);
            rest = &rest[start + 1..];
            continue;
        }
        let word = &inner[..length];
        out.push_str(&rest[..start]);
        match ESCAPES.iter().find(|(_, escape)| *escape == word) {
            Some((symbol, _)) => out.push_str(symbol),
            None if RESERVED.contains(&word) && name.len() == length + 4 => out.push_str(word),
            None => return None,
        }
        rest = &inner[length + 2..];
    }
    out.push_str(rest);
    Some(out.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_escaped_and_back() {
        let cases = [
            ("plain_name", Some("plain_name")),
            ("my-prop", Some("my__dash__prop")),
            ("a.b/c", Some("a__dot__b__slash__c")),
            ("a__b", Some("a__underscores__b")),
            ("a___b", Some("a__underscores___b")),
            ("namespace", Some("__namespace__")),
            ("int", Some("int")),
            ("1a", None),
            ("", None),
            ("a b", None),
            ("ä", None),
        ];
        for (name, want) in cases {
            assert_eq!(escape(name).as_deref(), want, "{name}");
            if let Some(escaped) = want {
                assert_eq!(unescape(escaped).as_deref(), Some(name), "{escaped}");
            }
        }
        assert_eq!(unescape("a__nope__b"), None);
        assert_eq!(unescape("x__if__"), None);
        assert_eq!(unescape("a__b").as_deref(), Some("a__b"));
    }
}
