//! Label selectors: matching, and the raw selectors of access reviews.

use std::collections::BTreeMap;

use crate::{LabelSelector, LabelSelectorRequirement, SelectorRequirement};
use proofmark_text::content;

impl LabelSelector {
    /// Whether all labels and expressions hold. A malformed expression never holds.
    pub fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        self.match_labels.iter().all(|(key, value)| labels.get(key) == Some(value))
            && self.match_expressions.iter().all(|expression| expression.matches(labels))
    }

    /// Whether Kubernetes can turn it into a selector: known operators, well-formed keys and values.
    pub fn is_valid(&self) -> bool {
        let label = |(key, value): (&String, &String)| {
            content::qualified_name(key).is_empty() && content::label_value(value).is_empty()
        };
        self.match_labels.iter().all(label) && self.match_expressions.iter().all(LabelSelectorRequirement::is_valid)
    }
}

impl LabelSelectorRequirement {
    fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        let value = labels.get(&self.key);
        match self.operator.as_str() {
            "In" => value.is_some_and(|value| self.values.contains(value)),
            "NotIn" => value.is_none_or(|value| !self.values.contains(value)),
            "Exists" => value.is_some(),
            "DoesNotExist" => value.is_none(),
            _ => false,
        }
    }

    /// Whether it can become a label requirement.
    pub(crate) fn is_valid(&self) -> bool {
        let values = match self.operator.as_str() {
            "In" | "NotIn" => !self.values.is_empty(),
            "Exists" | "DoesNotExist" => self.values.is_empty(),
            _ => false,
        };
        values
            && content::qualified_name(&self.key).is_empty()
            && self.values.iter().all(|v| content::label_value(v).is_empty())
    }
}

/// Parses a raw label selector, as in a query: `a=b,c in (d,e),!f`. `None` when it cannot be parsed.
///
/// Upstream: `k8s.io/apimachinery/pkg/labels`, release 1.35.
pub(crate) fn parse_labels(raw: &str) -> Option<Vec<SelectorRequirement>> {
    let tokens = lex(raw)?;
    let mut at = Tokens { tokens: &tokens, next: 0 };
    let mut requirements = Vec::new();
    if at.peek().is_none() {
        return Some(requirements);
    }
    loop {
        requirements.push(at.requirement()?);
        match at.take() {
            None => break,
            Some(Token::Symbol(",")) => {}
            Some(_) => return None,
        }
    }
    requirements.sort_by(|a, b| a.key.cmp(&b.key));
    Some(requirements)
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    /// An identifier, or one of the words `in` and `notin`.
    Word(String),
    Symbol(&'static str),
}

/// The longest symbols come first: `==` is one token.
const SYMBOLS: [&str; 9] = ["==", "!=", "=", "!", "(", ")", ",", ">", "<"];

fn lex(raw: &str) -> Option<Vec<Token>> {
    let is_symbol = |c: char| "=!(),<>".contains(c);
    let is_space = |c: char| matches!(c, ' ' | '\t' | '\r' | '\n');
    let mut tokens = Vec::new();
    let mut rest = raw.trim_start_matches(is_space);
    while let Some(first) = rest.chars().next() {
        if first == '\0' {
            break;
        }
        if is_symbol(first) {
            let symbol = SYMBOLS.into_iter().find(|symbol| rest.starts_with(symbol))?;
            tokens.push(Token::Symbol(symbol));
            rest = rest.get(symbol.len()..)?;
        } else {
            let end = rest.find(|c| is_symbol(c) || is_space(c) || c == '\0').unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            tokens.push(Token::Word(word.to_owned()));
            rest = after;
        }
        rest = rest.trim_start_matches(is_space);
    }
    Some(tokens)
}

struct Tokens<'a> {
    tokens: &'a [Token],
    next: usize,
}

impl<'a> Tokens<'a> {
    fn peek(&self) -> Option<&'a Token> {
        self.tokens.get(self.next)
    }

    fn take(&mut self) -> Option<&'a Token> {
        let token = self.peek();
        self.next += 1;
        token
    }

    fn at_end_of_term(&self) -> bool {
        matches!(self.peek(), None | Some(Token::Symbol(",")))
    }

    fn requirement(&mut self) -> Option<SelectorRequirement> {
        let negated = self.peek() == Some(&Token::Symbol("!"));
        if negated {
            self.take();
        }
        let Some(Token::Word(key)) = self.take() else {
            return None;
        };
        if !content::qualified_name(key).is_empty() {
            return None;
        }
        if negated || self.at_end_of_term() {
            let operator = if negated { "!" } else { "exists" };
            return Some(SelectorRequirement { key: key.clone(), operator, values: Vec::new() });
        }
        let operator = match self.take()? {
            Token::Word(word) if word == "in" => "in",
            Token::Word(word) if word == "notin" => "notin",
            Token::Symbol("=") => "=",
            Token::Symbol("==") => "==",
            Token::Symbol("!=") => "!=",
            Token::Symbol(">") => "gt",
            Token::Symbol("<") => "lt",
            _ => return None,
        };
        let values = if matches!(operator, "in" | "notin") { self.values()? } else { vec![self.value()?] };
        let numeric = matches!(operator, "gt" | "lt");
        let sound =
            |value: &String| content::label_value(value).is_empty() && (!numeric || value.parse::<i64>().is_ok());
        values.iter().all(sound).then(|| SelectorRequirement { key: key.clone(), operator, values })
    }

    fn value(&mut self) -> Option<String> {
        if self.at_end_of_term() {
            return Some(String::new());
        }
        match self.take()? {
            Token::Word(word) => Some(word.clone()),
            Token::Symbol(_) => None,
        }
    }

    /// `(a,b)`; empty places count as the empty value.
    fn values(&mut self) -> Option<Vec<String>> {
        if self.take()? != &Token::Symbol("(") {
            return None;
        }
        let mut values = Vec::new();
        loop {
            match self.take()? {
                Token::Word(word) => {
                    values.push(word.clone());
                    match self.take()? {
                        Token::Symbol(",") => {}
                        Token::Symbol(")") => break,
                        _ => return None,
                    }
                    if self.peek() == Some(&Token::Symbol(")")) {
                        values.push(String::new());
                    }
                }
                Token::Symbol(",") => values.push(String::new()),
                Token::Symbol(")") => {
                    if values.is_empty() {
                        values.push(String::new());
                    }
                    break;
                }
                Token::Symbol(_) => return None,
            }
        }
        values.sort();
        values.dedup();
        Some(values)
    }
}

/// Parses a raw field selector, as in a query: `metadata.name=x,spec.nodeName!=y`. `None` when it cannot be parsed.
///
/// Upstream: `k8s.io/apimachinery/pkg/fields`, release 1.35.
pub(crate) fn parse_fields(raw: &str) -> Option<Vec<SelectorRequirement>> {
    let mut terms = split_terms(raw);
    terms.sort_unstable();
    terms.into_iter().filter(|term| !term.is_empty()).map(field_term).collect()
}

fn field_term(term: &str) -> Option<SelectorRequirement> {
    let (at, symbol) = term.char_indices().find_map(|(at, _)| {
        let rest = term.get(at..)?;
        ["!=", "==", "="].into_iter().find(|symbol| rest.starts_with(symbol)).map(|symbol| (at, symbol))
    })?;
    let value = unescape(term.get(at + symbol.len()..)?)?;
    let operator = if symbol == "!=" { "!=" } else { "=" };
    Some(SelectorRequirement { key: term.get(..at)?.to_owned(), operator, values: vec![value] })
}

/// The terms between commas that no backslash escapes.
fn split_terms(raw: &str) -> Vec<&str> {
    let mut escaped = false;
    raw.split(|c| {
        let split = c == ',' && !escaped;
        escaped = c == '\\' && !escaped;
        split
    })
    .collect()
}

fn unescape(value: &str) -> Option<String> {
    let mut out = String::with_capacity(value.len());
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => out.push(chars.next().filter(|c| matches!(c, '\\' | ',' | '='))?),
            ',' | '=' => return None,
            c => out.push(c),
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Key, operator and values.
    type Requirement<'a> = (&'a str, &'a str, &'a [&'a str]);

    #[test]
    fn raw_label_selectors() {
        let cases: [(&str, Option<&[Requirement<'_>]>); 18] = [
            ("", Some(&[])),
            ("a=b", Some(&[("a", "=", &["b"])])),
            ("b!=c,a==x", Some(&[("a", "==", &["x"]), ("b", "!=", &["c"])])),
            ("a in (c,b,b)", Some(&[("a", "in", &["b", "c"])])),
            ("a notin ()", Some(&[("a", "notin", &[""])])),
            ("a in (,)", Some(&[("a", "in", &[""])])),
            ("a in (x,)", Some(&[("a", "in", &["", "x"])])),
            ("a,!b", Some(&[("a", "exists", &[]), ("b", "!", &[])])),
            ("a>5", Some(&[("a", "gt", &["5"])])),
            ("a>x", None),
            ("in in (in)", Some(&[("in", "in", &["in"])])),
            ("a=", Some(&[("a", "=", &[""])])),
            ("!!bad==", None),
            ("a=b,", None),
            ("a b", None),
            ("a in b", None),
            ("a=b c", None),
            ("-a=b", None),
        ];
        for (raw, want) in cases {
            let got = parse_labels(raw);
            let got: Option<Vec<(&str, &str, Vec<&str>)>> = got.as_ref().map(|requirements| {
                requirements
                    .iter()
                    .map(|r| (r.key.as_str(), r.operator, r.values.iter().map(String::as_str).collect()))
                    .collect()
            });
            let want = want.map(|w| w.iter().map(|(k, o, v)| (*k, *o, v.to_vec())).collect::<Vec<_>>());
            assert_eq!(got, want, "{raw}");
        }
    }

    #[test]
    fn raw_field_selectors() {
        let cases = [
            ("metadata.name=a", Some(vec![("metadata.name", "=", "a")])),
            ("b!=c,a==x", Some(vec![("a", "=", "x"), ("b", "!=", "c")])),
            ("a=b\\,c", Some(vec![("a", "=", "b,c")])),
            ("a=b=c", None),
            ("a", None),
            ("a=b\\x", None),
            (",", Some(vec![])),
            ("", Some(vec![])),
        ];
        for (raw, want) in cases {
            let got = parse_fields(raw);
            let got: Option<Vec<(&str, &str, &str)>> =
                got.as_ref().map(|rs| rs.iter().map(|r| (r.key.as_str(), r.operator, r.values[0].as_str())).collect());
            assert_eq!(got, want, "{raw}");
        }
    }
}
