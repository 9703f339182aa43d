//! YAML in and out, with one profile for everything: what kubectl reads, as kubectl reads it.
//!
//! YAML 1.1 where Kubernetes is YAML 1.1 (`0644` is an octal number, `yes` is true), merge keys and aliases resolved,
//! duplicate keys an error, documents without content skipped. Whole floats become integers (`1.0` is `1`), because the
//! API server reads JSON that Go wrote. What JSON cannot hold (`.nan`, keys that are not scalars) is an error.

use std::fmt;

use proofmark_json::{Map, Number, Value};
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{Location, Spanned};

use crate::position::{Inner, Mark, Marks, Node};

/// Why a text is not YAML, and where it stops being.
#[derive(Debug)]
pub(crate) struct Broken {
    pub(crate) reason: String,
    pub(crate) at: Mark,
}

/// Which plain words are true and false.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Booleans {
    /// `yes`, `no`, `on`, `off`, `y` and `n` too: what kubectl reads from a file.
    Yaml11,
    /// `true` and `false` alone: what kustomize reads.
    Yaml12,
}

/// Reads every document of a text; JSON may follow JSON without a separator.
pub(crate) fn parse(text: &str, booleans: Booleans) -> Result<Vec<Node>, Broken> {
    let mut nodes = match on_a_deep_stack(|| parse_documents(text)) {
        Err(_) if text.trim_start().starts_with('{') => on_a_deep_stack(|| parse_json_stream(text))?,
        other => other?,
    };
    if booleans == Booleans::Yaml12 {
        nodes.iter_mut().for_each(|node| keep_words(&mut node.value, &node.marks, text));
    }
    Ok(nodes)
}

/// The parser recurses. A limit on the depth that no manifest reaches needs more stack than a test thread has.
const MAX_DEPTH: usize = 200;
const STACK_BYTES: usize = 64 << 20;

fn on_a_deep_stack<T: Send>(work: impl FnOnce() -> Result<T, Broken> + Send) -> Result<T, Broken> {
    let failed = |reason: String| Broken { reason, at: Mark::default() };
    std::thread::scope(|scope| {
        std::thread::Builder::new()
            .stack_size(STACK_BYTES)
            .spawn_scoped(scope, work)
            .map_err(|error| failed(format!("no thread to read it on: {error}")))?
            .join()
            .unwrap_or_else(|_| Err(failed("the YAML parser gave up".to_owned())))
    })
}

fn parse_documents(text: &str) -> Result<Vec<Node>, Broken> {
    let options = serde_saphyr::options! {
        legacy_octal_numbers: true,
        duplicate_keys: serde_saphyr::options::DuplicateKeyPolicy::Error,
        with_snippet: false,
        // A bundle of every CRD of a distribution is 4 MB with 150,000 nodes; the limits stop bombs, not bundles.
        budget: serde_saphyr::budget! {
            max_nodes: 5_000_000,
            max_events: 20_000_000,
            max_documents: 100_000,
            max_depth: MAX_DEPTH,
            max_total_scalar_bytes: 512 << 20,
        },
    };
    serde_saphyr::from_str_multiple_with_options::<Tree, Vec<Tree>>(text, options)
        .map(|trees| trees.into_iter().map(|tree| tree.0).collect())
        .map_err(|error| broken(&error, text))
}

/// JSON documents one after the other, as `jq` and log files write them.
fn parse_json_stream(text: &str) -> Result<Vec<Node>, Broken> {
    let mut nodes = Vec::new();
    let mut stream = proofmark_json::Deserializer::from_str(text).into_iter::<de::IgnoredAny>();
    let (mut start, mut from) = (0, Mark { line: 1, column: 1, ..Mark::default() });
    while let Some(Ok(_)) = stream.next() {
        let end = stream.byte_offset();
        for mut node in parse_documents(&text[start..end])? {
            shift(&mut node.marks, from);
            nodes.push(node);
        }
        for c in text[start..end].chars() {
            (from.line, from.column) = if c == '\n' { (from.line + 1, 1) } else { (from.line, from.column + 1) };
        }
        (start, from.offset) = (end, u32::try_from(end).unwrap_or(u32::MAX));
    }
    if text[start..].trim().is_empty() {
        return Ok(nodes);
    }
    // What is left is not JSON; the YAML parser says why.
    match parse_documents(&text[start..]) {
        Ok(_) => parse_documents(text),
        Err(mut broken) => {
            shift_one(&mut broken.at, from);
            Err(broken)
        }
    }
}

/// Moves the marks of a text to where the text starts in its file.
fn shift(marks: &mut Marks, from: Mark) {
    shift_one(&mut marks.at, from);
    match &mut marks.inner {
        Inner::Scalar => {}
        Inner::Items(items) => items.iter_mut().for_each(|item| shift(item, from)),
        Inner::Fields(fields) => fields.iter_mut().for_each(|(_, key, value)| {
            shift_one(key, from);
            shift(value, from);
        }),
    }
}

fn shift_one(mark: &mut Mark, from: Mark) {
    if mark.line <= 1 {
        mark.column += from.column - 1;
    }
    mark.line += from.line - 1;
    mark.offset += from.offset;
}

/// Turns `yes` and its like back into the words that stand in the text.
fn keep_words(value: &mut Value, marks: &Marks, text: &str) {
    match (value, &marks.inner) {
        (value @ Value::Bool(_), _) => {
            let from = marks.at.offset as usize;
            let word = text.get(from..from + marks.at.len as usize).unwrap_or_default();
            if ["yes", "no", "on", "off", "y", "n"].iter().any(|known| word.eq_ignore_ascii_case(known)) {
                *value = word.into();
            }
        }
        (Value::Array(values), Inner::Items(marks)) => {
            values.iter_mut().zip(marks).for_each(|(value, marks)| keep_words(value, marks, text));
        }
        (Value::Object(values), Inner::Fields(marks)) => {
            for (name, _, marks) in marks {
                if let Some(value) = values.get_mut(&**name) {
                    keep_words(value, marks, text);
                }
            }
        }
        _ => {}
    }
}

/// Writes a value as YAML; strings that any YAML reader could take for something else are quoted.
///
/// Does not fail: a JSON value is always YAML.
pub fn to_yaml(value: &Value) -> String {
    let options = serde_saphyr::ser_options! { prefer_block_scalars: true, folded_wrap_chars: usize::MAX };
    serde_saphyr::to_string_with_options(value, options).unwrap_or_else(|_| value.to_string())
}

/// The parser ends its messages with the place, which a diagnostic states itself, and may not know the byte.
fn broken(error: &serde_saphyr::Error, text: &str) -> Broken {
    let message = error.without_snippet().to_string();
    let message = message.lines().next().unwrap_or_default();
    let message = message.find(" at line ").map_or(message, |end| &message[..end]);
    // Advice to programmers.
    let advice = [", set DuplicateKeyPolicy in Options if acceptable", " rejected by the configured policy"];
    let message = advice.iter().find_map(|advice| message.strip_suffix(advice)).unwrap_or(message);
    let mut at = error.location().map(mark).unwrap_or_default();
    if at.offset == 0 && at.line > 0 {
        let before: usize = text.split_inclusive('\n').take(at.line as usize - 1).map(str::len).sum();
        let line = text.get(before..).unwrap_or_default();
        let within = line.chars().take((at.column as usize).saturating_sub(1)).map(char::len_utf8).sum::<usize>();
        at.offset = u32::try_from(before + within).unwrap_or(u32::MAX);
    }
    Broken { reason: message.trim_end_matches([',', ':']).to_owned(), at }
}

fn mark(location: Location) -> Mark {
    let narrow = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
    Mark {
        line: narrow(location.line()),
        column: narrow(location.column()),
        offset: narrow(location.span().byte_offset().unwrap_or_default()),
        len: narrow(location.span().byte_len().unwrap_or_default()),
    }
}

struct Tree(Node);

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Spanned { value: Bare { value, inner }, referenced, .. } = Spanned::<Bare>::deserialize(deserializer)?;
        Ok(Tree(Node { value, marks: Marks { at: mark(referenced), inner } }))
    }
}

/// A value whose own mark is not known yet.
struct Bare {
    value: Value,
    inner: Inner,
}

impl Bare {
    fn scalar<E>(value: impl Into<Value>) -> Result<Self, E> {
        Ok(Bare { value: value.into(), inner: Inner::Scalar })
    }
}

impl<'de> Deserialize<'de> for Bare {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(BareVisitor)
    }
}

struct BareVisitor;

impl<'de> Visitor<'de> for BareVisitor {
    type Value = Bare;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value that JSON can hold")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Bare, E> {
        Bare::scalar(Value::Null)
    }

    fn visit_none<E: de::Error>(self) -> Result<Bare, E> {
        Bare::scalar(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Bare, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Bare, E> {
        Bare::scalar(value)
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Bare, E> {
        Bare::scalar(value)
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Bare, E> {
        Bare::scalar(value)
    }

    fn visit_i128<E: de::Error>(self, value: i128) -> Result<Bare, E> {
        self.visit_f64(value as f64)
    }

    fn visit_u128<E: de::Error>(self, value: u128) -> Result<Bare, E> {
        self.visit_f64(value as f64)
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Bare, E> {
        const WHOLE: f64 = 9_007_199_254_740_992.0; // 2^53: beyond, a float no longer names one integer
        if value.fract() == 0.0 && value.abs() <= WHOLE {
            return Bare::scalar(value as i64);
        }
        Number::from_f64(value)
            .map(|number| Bare { value: Value::Number(number), inner: Inner::Scalar })
            .ok_or_else(|| E::custom("a number that is not finite has no place in JSON"))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Bare, E> {
        Bare::scalar(value)
    }

    fn visit_string<E: de::Error>(self, value: String) -> Result<Bare, E> {
        Bare::scalar(value)
    }

    fn visit_bytes<E: de::Error>(self, value: &[u8]) -> Result<Bare, E> {
        std::str::from_utf8(value)
            .map_err(|_| E::custom("!!binary data that is not UTF-8 has no place in JSON"))
            .and_then(Bare::scalar)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Bare, A::Error> {
        let (mut values, mut marks) = (Vec::new(), Vec::new());
        while let Some(Tree(node)) = access.next_element()? {
            values.push(node.value);
            marks.push(node.marks);
        }
        Ok(Bare { value: Value::Array(values), inner: Inner::Items(marks) })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Bare, A::Error> {
        let (mut values, mut marks) = (Map::new(), Vec::new());
        while let Some(key) = access.next_key::<Spanned<String>>()? {
            let Tree(node) = access.next_value()?;
            marks.push((key.value.as_str().into(), mark(key.referenced), node.marks));
            values.insert(key.value, node.value);
        }
        Ok(Bare { value: Value::Object(values), inner: Inner::Fields(marks) })
    }
}
