//! YAML 1.1 as `sigs.k8s.io/yaml` reads it; JSON is YAML, too.
//!
//! Only the first document counts, keys that are no strings become strings (`n: 5` is the key `false`), of repeated keys the last one wins.
//! What is no YAML is told in the words of Go's parser, which is libyaml's: the text is then read once more by a port of it.

use std::fmt;

use proofmark_json::{Map, Number, Value};
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::Spanned;

/// The parser recurses; deeper documents are refused.
const MAX_DEPTH: usize = 128;

/// A body as a value. The error is Go's text: `yaml: line 3: did not find expected key`.
pub(crate) fn yaml(body: &[u8]) -> Result<Value, String> {
    read(body).map(Node::into_value)
}

/// A complaint for each repeated key, as a strict reader words it: `line 7: key "k" already set in map`.
pub(crate) fn repeated_keys(body: &[u8]) -> Vec<String> {
    let mut complaints = Vec::new();
    if let Ok(node) = read(body) {
        node.complain(&mut complaints);
    }
    complaints
}

fn read(body: &[u8]) -> Result<Node, String> {
    let text = std::str::from_utf8(body).map_err(|_| "yaml: invalid leading UTF-8 octet".to_owned())?;
    let text = first_document(text);
    let options = serde_saphyr::options! {
        legacy_octal_numbers: true,
        duplicate_keys: serde_saphyr::options::DuplicateKeyPolicy::LastWins,
        with_snippet: false,
        budget: serde_saphyr::budget! { max_depth: MAX_DEPTH, max_nodes: 1_000_000, max_events: 4_000_000 },
    };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| format!("yaml: {}", words(&error, text)))
}

/// The text up to the marker that ends its first document.
fn first_document(text: &str) -> &str {
    let marks = |line: &str, mark: &str| {
        line.strip_prefix(mark).is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\r', '\n']))
    };
    let (mut at, mut begun) = (0, false);
    for line in text.split_inclusive('\n') {
        if begun && (marks(line, "---") || marks(line, "...")) {
            return &text[..at];
        }
        let bare = line.trim();
        begun |= marks(line, "---") || !(bare.is_empty() || bare.starts_with('#') || bare.starts_with('%'));
        at += line.len();
    }
    text
}

/// Go's words for a text that cannot be read; those of our own parser where libyaml has none.
fn words(error: &serde_saphyr::Error, text: &str) -> String {
    match yaml_words(text) {
        Some(words) => words,
        None => error.without_snippet().to_string(),
    }
}

/// The complaint of libyaml, with the line that Go names: that of the problem if it is not the first, or else that of the context, both
/// counted from 0 but for the scanner's problems. Source: `parser.fail` of go.yaml.in/yaml/v2.
fn yaml_words(text: &str) -> Option<String> {
    let message = serde_yaml::from_str::<serde_yaml::Value>(text).err()?.to_string();
    let (problem, context) = match message.split_once(", while ") {
        Some((problem, context)) => (problem, Some(context)),
        None => (message.as_str(), None),
    };
    let place = |text: &str| -> Option<u64> {
        text.split_once(" line ")?.1.split(' ').next()?.trim_end_matches(',').parse::<u64>().ok()?.checked_sub(1)
    };
    let what = problem.split(" at line ").next().unwrap_or(problem);
    let by_scanner =
        context.is_some_and(|c| c.starts_with("scanning")) || what.ends_with("not allowed in this context");
    let line = match place(problem).unwrap_or(0) {
        0 => context.and_then(place).unwrap_or(0),
        line if by_scanner => line + 1,
        line => line,
    };
    Some(if line == 0 { what.to_owned() } else { format!("line {line}: {what}") })
}

/// A document with the lines of its values and with every repeated key.
enum Node {
    Scalar(Value),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

struct Entry {
    key: Key,
    /// The line of the value, from 1.
    line: u64,
    value: Node,
}

struct Key {
    name: String,
    /// As Go prints it in a complaint: a string with its quotes, anything else without.
    shown: String,
}

impl Node {
    fn into_value(self) -> Value {
        match self {
            Self::Scalar(value) => value,
            Self::List(items) => items.into_iter().map(Node::into_value).collect(),
            Self::Map(entries) => {
                let mut fields = Map::new();
                for entry in entries {
                    fields.insert(entry.key.name, entry.value.into_value());
                }
                Value::Object(fields)
            }
        }
    }

    fn complain(&self, complaints: &mut Vec<String>) {
        match self {
            Self::Scalar(_) => {}
            Self::List(items) => items.iter().for_each(|item| item.complain(complaints)),
            Self::Map(entries) => {
                let mut seen = std::collections::BTreeSet::new();
                for Entry { key, line, value } in entries {
                    value.complain(complaints);
                    if !seen.insert(key.shown.as_str()) {
                        complaints.push(format!("line {line}: key {} already set in map", key.shown));
                    }
                }
            }
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let plain = |name: String| Self { shown: name.clone(), name };
        match Node::deserialize(deserializer)? {
            Node::Scalar(Value::String(name)) => Ok(Self { shown: proofmark_status::quote(&name), name }),
            Node::Scalar(Value::Bool(truth)) => Ok(plain(truth.to_string())),
            Node::Scalar(Value::Number(number)) => Ok(plain(number.to_string())),
            _ => Err(de::Error::custom("a key must be a string, a number or a boolean")),
        }
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value that JSON can hold")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Node, E> {
        Ok(Node::Scalar(Value::Null))
    }

    fn visit_none<E: de::Error>(self) -> Result<Node, E> {
        self.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Scalar(value.into()))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Scalar(value.into()))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Scalar(value.into()))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Node, E> {
        match Number::from_f64(value) {
            Some(number) => Ok(Node::Scalar(Value::Number(number))),
            None => Err(E::custom("a number that is not finite has no place in JSON")),
        }
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Scalar(value.into()))
    }

    fn visit_string<E: de::Error>(self, value: String) -> Result<Node, E> {
        Ok(Node::Scalar(value.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Node, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(Node::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Node, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = access.next_key()? {
            let Spanned { value, referenced, .. } = access.next_value::<Spanned<Node>>()?;
            entries.push(Entry { key, line: referenced.line(), value });
        }
        Ok(Node::Map(entries))
    }
}

#[cfg(test)]
mod tests {
    use proofmark_json::json;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::one_of_two("a: 1\n---\na: 2\n", json!({"a": 1}))]
    #[case::after_comments("# first\n---\n# more\na: 1\n...\nb: 2\n", json!({"a": 1}))]
    #[case::nothing("", json!(null))]
    #[case::boolean_key("n: 5\n", json!({"false": 5}))]
    #[case::quoted_key("\"n\": 5\n", json!({"n": 5}))]
    #[case::number_key("5: x\n", json!({"5": "x"}))]
    #[case::last_wins("k: v\nk: w\n", json!({"k": "w"}))]
    #[case::json("{\"a\": [1, true, null, \"yes\"]}", json!({"a": [1, true, null, "yes"]}))]
    #[case::booleans("a: yes\nb: \"yes\"\n", json!({"a": true, "b": "yes"}))]
    #[case::marker_in_text("a: |\n  ---\n  x\n", json!({"a": "---\nx\n"}))]
    fn documents(#[case] text: &str, #[case] value: Value) {
        assert_eq!(yaml(text.as_bytes()), Ok(value));
    }

    #[rstest]
    #[case("{", "yaml: line 1: did not find expected node content")]
    #[case("a: b: c", "yaml: mapping values are not allowed in this context")]
    #[case("a:\n  b: [c\n", "yaml: line 2: did not find expected ',' or ']'")]
    #[case("x: 1\na: b: c", "yaml: line 2: mapping values are not allowed in this context")]
    #[case("a:\n\tb: 1\n", "yaml: line 2: found character that cannot start any token")]
    fn mistakes(#[case] text: &str, #[case] words: &str) {
        assert_eq!(yaml(text.as_bytes()), Err(words.to_owned()));
    }

    #[test]
    fn repeated_keys_are_told_from_the_inside_out() {
        let text = "a:\n  b: 1\n  b: 2\na: 3\n";
        let complaints = ["line 3: key \"b\" already set in map", "line 4: key \"a\" already set in map"];
        assert_eq!(repeated_keys(text.as_bytes()), complaints);
    }
}
