//! Label and field selectors: parsing with Kubernetes' complaints, and matching.
//!
//! Source: `k8s.io/apimachinery/pkg/labels` (`selector.go`) and `pkg/fields`, release 1.35.

use std::collections::BTreeSet;

use proofmark_json::Value;
use proofmark_registry::content;
use proofmark_status::FieldError;

/// A parsed label selector; the empty one matches everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct LabelSelector(Vec<Requirement>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Requirement {
    key: String,
    operator: Operator,
    values: BTreeSet<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Exists,
    DoesNotExist,
    In,
    NotIn,
    GreaterThan,
    LessThan,
}

impl LabelSelector {
    /// Parses `a=b,c in (d,e),!f,g>1`. The error is Kubernetes' text.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        Parser { tokens: lex(text), at: 0 }.parse().map(Self)
    }

    /// Whether it selects everything.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether an object's labels satisfy every requirement.
    pub(crate) fn matches(&self, object: &Value) -> bool {
        if self.is_empty() {
            return true;
        }
        let labels = object.get("metadata").and_then(|metadata| metadata.get("labels"));
        let label = |key: &str| labels.and_then(|l| l.get(key)).and_then(Value::as_str);
        self.0.iter().all(|r| r.matches(label(&r.key)))
    }
}

impl Requirement {
    fn matches(&self, value: Option<&str>) -> bool {
        let compare = |wanted: std::cmp::Ordering| {
            let number = |s: &str| s.parse::<i64>().ok();
            let bound = self.values.first().and_then(|v| number(v));
            matches!((value.and_then(number), bound), (Some(v), Some(b)) if v.cmp(&b) == wanted)
        };
        match self.operator {
            Operator::Exists => value.is_some(),
            Operator::DoesNotExist => value.is_none(),
            Operator::In => value.is_some_and(|v| self.values.contains(v)),
            Operator::NotIn => value.is_none_or(|v| !self.values.contains(v)),
            Operator::GreaterThan => compare(std::cmp::Ordering::Greater),
            Operator::LessThan => compare(std::cmp::Ordering::Less),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Identifier(String),
    Symbol(&'static str),
    End,
}

impl Token {
    fn literal(&self) -> &str {
        match self {
            Self::Identifier(s) => s,
            Self::Symbol(s) => s,
            Self::End => "",
        }
    }

    fn is(&self, symbol: &str) -> bool {
        matches!(self, Self::Symbol(s) if *s == symbol)
    }
}

const SYMBOLS: [&str; 9] = ["==", "!=", "=", "!", ",", "(", ")", ">", "<"];

/// Splits into identifiers and symbols; runs of special characters become the longest symbols.
fn lex(text: &str) -> Vec<Token> {
    let special = |c: char| matches!(c, '=' | '!' | '(' | ')' | ',' | '>' | '<');
    let mut tokens = Vec::new();
    let mut rest = text.trim_start_matches(|c: char| c.is_ascii_whitespace());
    while let Some(first) = rest.chars().next() {
        if special(first) {
            let symbol = SYMBOLS.iter().find(|s| rest.starts_with(**s)).copied().unwrap_or("");
            tokens.push(Token::Symbol(symbol));
            rest = &rest[symbol.len().max(1)..];
        } else {
            let end = rest.find(|c: char| special(c) || c.is_ascii_whitespace()).unwrap_or(rest.len());
            tokens.push(Token::Identifier(rest[..end].to_owned()));
            rest = &rest[end..];
        }
        rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace());
    }
    tokens
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
}

impl Parser {
    fn peek(&self) -> Token {
        self.tokens.get(self.at).cloned().unwrap_or(Token::End)
    }

    fn take(&mut self) -> Token {
        let token = self.peek();
        self.at += 1;
        token
    }

    fn parse(mut self) -> Result<Vec<Requirement>, String> {
        let mut requirements = Vec::new();
        loop {
            match self.peek() {
                Token::End => return Ok(sorted(requirements)),
                Token::Identifier(_) | Token::Symbol("!") => {
                    let requirement = self.requirement().map_err(|e| format!("unable to parse requirement: {e}"))?;
                    requirements.push(requirement);
                    match self.take() {
                        Token::End => return Ok(sorted(requirements)),
                        Token::Symbol(",") => {
                            let next = self.peek();
                            if !matches!(next, Token::Identifier(_) | Token::Symbol("!")) {
                                return Err(format!("found '{}', expected: identifier after ','", next.literal()));
                            }
                        }
                        other => return Err(format!("found '{}', expected: ',' or 'end of string'", other.literal())),
                    }
                }
                other => {
                    return Err(format!("found '{}', expected: !, identifier, or 'end of string'", other.literal()));
                }
            }
        }
    }

    fn requirement(&mut self) -> Result<Requirement, String> {
        let negated = self.peek().is("!");
        if negated {
            self.take();
        }
        let token = self.take();
        let Token::Identifier(key) = token else {
            return Err(format!("found '{}', expected: identifier", token.literal()));
        };
        if let Some(first) = content::qualified_name(&key).first() {
            return Err(FieldError::invalid("<nil>", key.as_str(), first.as_str()).to_string());
        }
        let next = self.peek();
        if negated || next == Token::End || next.is(",") {
            let operator = if negated { Operator::DoesNotExist } else { Operator::Exists };
            return Ok(Requirement { key, operator, values: BTreeSet::new() });
        }
        let word = self.take();
        let (operator, values) = match word.literal() {
            "in" if matches!(word, Token::Identifier(_)) => (Operator::In, self.values()?),
            "notin" if matches!(word, Token::Identifier(_)) => (Operator::NotIn, self.values()?),
            "=" | "==" => (Operator::In, self.exact_value()?),
            "!=" => (Operator::NotIn, self.exact_value()?),
            ">" => (Operator::GreaterThan, self.exact_value()?),
            "<" => (Operator::LessThan, self.exact_value()?),
            other => return Err(format!("found '{other}', expected: in, notin, =, ==, !=, gt, lt")),
        };
        check_values(&key, operator, &values)?;
        Ok(Requirement { key, operator, values })
    }

    fn values(&mut self) -> Result<BTreeSet<String>, String> {
        let open = self.take();
        if !open.is("(") {
            return Err(format!("found '{}' expected: '('", open.literal()));
        }
        match self.peek() {
            Token::Symbol(")") => {
                self.take();
                Ok(BTreeSet::from([String::new()]))
            }
            Token::Identifier(_) | Token::Symbol(",") => {
                let values = self.identifiers()?;
                let close = self.take();
                if close.is(")") { Ok(values) } else { Err(format!("found '{}', expected: ')'", close.literal())) }
            }
            other => Err(format!("found '{}', expected: ',', ')' or identifier", other.literal())),
        }
    }

    fn identifiers(&mut self) -> Result<BTreeSet<String>, String> {
        let mut values = BTreeSet::new();
        loop {
            match self.take() {
                Token::Identifier(value) => {
                    values.insert(value);
                    match self.peek() {
                        Token::Symbol(",") => {}
                        Token::Symbol(")") => return Ok(values),
                        other => return Err(format!("found '{}', expected: ',' or ')'", other.literal())),
                    }
                }
                Token::Symbol(",") => {
                    if values.is_empty() {
                        values.insert(String::new());
                    }
                    if self.peek().is(")") {
                        values.insert(String::new());
                        return Ok(values);
                    }
                    if self.peek().is(",") {
                        self.take();
                        values.insert(String::new());
                    }
                }
                other => return Err(format!("found '{}', expected: ',', or identifier", other.literal())),
            }
        }
    }

    fn exact_value(&mut self) -> Result<BTreeSet<String>, String> {
        if matches!(self.peek(), Token::End | Token::Symbol(",")) {
            return Ok(BTreeSet::from([String::new()]));
        }
        match self.take() {
            Token::Identifier(value) => Ok(BTreeSet::from([value])),
            other => Err(format!("found '{}', expected: identifier", other.literal())),
        }
    }
}

/// Requirements in order of their keys, as Kubernetes keeps them.
fn sorted(mut requirements: Vec<Requirement>) -> Vec<Requirement> {
    requirements.sort_by(|a, b| a.key.cmp(&b.key));
    requirements
}

fn check_values(key: &str, operator: Operator, values: &BTreeSet<String>) -> Result<(), String> {
    let invalid = |field: &str, value: Value, why: &str| Err(FieldError::invalid(field, value, why).to_string());
    if matches!(operator, Operator::GreaterThan | Operator::LessThan)
        && let Some(value) = values.iter().find(|value| value.parse::<i64>().is_err())
    {
        let why = "for 'Gt', 'Lt' operators, the value must be an integer";
        return invalid("values[0]", Value::String(value.clone()), why);
    }
    for (i, value) in values.iter().enumerate() {
        if let Some(first) = content::label_value(value).first() {
            return invalid(&format!("values[{i}][{key}]"), Value::String(value.clone()), first);
        }
    }
    Ok(())
}

/// A parsed field selector: terms that must all hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct FieldSelector(Vec<Term>);

/// One term of a field selector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Term {
    /// The field's label, as `metadata.name`.
    pub(crate) key: String,
    /// Whether the values must be equal (or differ).
    pub(crate) equal: bool,
    /// The value.
    pub(crate) value: String,
}

impl FieldSelector {
    /// Parses `a=b,c!=d`; `\` escapes `,`, `=` and itself. The error is Kubernetes' text.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut terms = Vec::new();
        for part in split_terms(text) {
            if part.is_empty() {
                continue;
            }
            let (key, equal, value) =
                split_term(part).ok_or(format!("invalid selector: '{text}'; can't understand '{part}'"))?;
            let value = unescape(value).map_err(|why| format!("invalid field selector: {why}"))?;
            // A term about nothing says nothing.
            if !(key.is_empty() && value.is_empty()) {
                terms.push(Term { key: key.to_owned(), equal, value });
            }
        }
        Ok(Self(terms))
    }

    /// Its terms.
    pub(crate) fn terms(&self) -> &[Term] {
        &self.0
    }

    /// Adds a term: a field must have a value.
    pub(crate) fn require(&mut self, key: &str, value: &str) {
        self.0.push(Term { key: key.to_owned(), equal: true, value: value.to_owned() });
    }

    /// The value that a field must have, if a term says so.
    pub(crate) fn exact(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|t| t.equal && t.key == key).map(|t| t.value.as_str())
    }
}

/// Splits at commas that no backslash escapes.
fn split_terms(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut escaped) = (0, false);
    for (i, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            ',' => {
                parts.push(&text[start..i]);
                start = i + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

/// Splits at the first operator: `!=`, `==` or `=`.
fn split_term(part: &str) -> Option<(&str, bool, &str)> {
    for (i, _) in part.char_indices() {
        for (operator, equal) in [("!=", false), ("==", true), ("=", true)] {
            if let Some(value) = part[i..].strip_prefix(operator) {
                return Some((&part[..i], equal, value));
            }
        }
    }
    None
}

/// Undoes the escapes; refuses a character that needs one and stands bare, and unknown escapes.
fn unescape(value: &str) -> Result<String, String> {
    let mut out = String::with_capacity(value.len());
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some(e @ ('\\' | ',' | '=')) => out.push(e),
                other => {
                    return Err(format!("invalid escape sequence: \\{}", other.map(String::from).unwrap_or_default()));
                }
            },
            ',' | '=' => return Err(format!("unescaped character in value: {}", u32::from(c))),
            c => out.push(c),
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use proofmark_json::json;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("a=1", true)]
    #[case("a==1,b!=2", true)]
    #[case("a in (1,2)", true)]
    #[case("a notin (1)", false)]
    #[case("!c", true)]
    #[case("c", false)]
    #[case("n>4", true)]
    #[case("n<4", false)]
    #[case("", true)]
    fn label_selectors_match(#[case] text: &str, #[case] want: bool) {
        let object = json!({"metadata": {"labels": {"a": "1", "n": "5"}}});
        assert_eq!(LabelSelector::parse(text).unwrap().matches(&object), want, "{text}");
    }

    #[rstest]
    #[case("a b", "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt")]
    #[case("=", "found '=', expected: !, identifier, or 'end of string'")]
    #[case("g===x", "unable to parse requirement: found '=', expected: identifier")]
    #[case("env,", "found '', expected: identifier after ','")]
    fn label_selectors_complain(#[case] text: &str, #[case] want: &str) {
        assert_eq!(LabelSelector::parse(text).unwrap_err(), want);
    }

    #[test]
    fn field_selectors_parse() {
        let selector = FieldSelector::parse("metadata.name=x,type!=a\\,b").unwrap();
        assert_eq!(selector.exact("metadata.name"), Some("x"));
        assert_eq!(selector.terms()[1].value, "a,b");
        let error = FieldSelector::parse("nonsense").unwrap_err();
        assert_eq!(error, "invalid selector: 'nonsense'; can't understand 'nonsense'");
    }
}
