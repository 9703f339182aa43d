//! Path elements: one step from an object or list to what it holds, and its two spellings.

use std::cmp::Ordering;
use std::fmt;

use proofmark_json::{Key as Name, Map, Value};

use crate::value;

/// One step of a path.
///
/// The order is that of managedFields: fields by name, then list-map items by their keys, then set items by value, then indexes.
#[derive(Debug, Clone)]
pub enum PathElement {
    /// A field of an object: `f:replicas`, printed `.replicas`.
    Field(Name),
    /// The item of a list map with these key fields, sorted by name: `k:{"name":"x"}`, printed `[name="x"]`.
    Key(Vec<(Name, Value)>),
    /// The item of a set with this value: `v:"x"`, printed `[="x"]`.
    Value(Value),
    /// The item of an atomic list at this place: `i:0`, printed `[0]`.
    Index(i64),
}

impl PathElement {
    /// The element for a field.
    pub fn field(name: impl Into<Name>) -> Self {
        Self::Field(name.into())
    }

    /// The element for a list-map item; the keys may come in any order.
    pub fn key(mut fields: Vec<(Name, Value)>) -> Self {
        fields.sort_by(|a, b| a.0.cmp(&b.0));
        Self::Key(fields)
    }

    /// Its spelling in FieldsV1.
    pub fn to_fields_v1(&self) -> String {
        match self {
            Self::Field(name) => ["f:", name].concat(),
            Self::Key(fields) => {
                let object: Map = fields.iter().cloned().collect();
                format!("k:{}", html_escaped(&Value::Object(object)))
            }
            Self::Value(value) => format!("v:{}", html_escaped(value)),
            Self::Index(index) => format!("i:{index}"),
        }
    }

    /// Reads its spelling in FieldsV1. `None` stands for kinds of elements that this version does not know and passes over.
    ///
    /// # Errors
    /// The text is no path element, or the value behind its prefix is not JSON.
    pub fn from_fields_v1(text: &str) -> Result<Option<Self>, FieldsError> {
        let malformed = || FieldsError::Element(text.to_owned());
        let (kind, rest) = text.split_at_checked(2).ok_or_else(malformed)?;
        if !kind.ends_with(':') {
            return Err(malformed());
        }
        let element = match kind {
            "f:" => Self::field(rest),
            "v:" => Self::Value(proofmark_json::from_str(rest).map_err(|_| malformed())?),
            "k:" => {
                let fields: Map = proofmark_json::from_str(rest).map_err(|_| malformed())?;
                Self::key(fields.into_iter().collect())
            }
            "i:" => Self::Index(rest.parse().map_err(|_| malformed())?),
            _ => return Ok(None),
        };
        Ok(Some(element))
    }
}

/// Why FieldsV1 could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FieldsError {
    /// A key is no path element.
    #[error("malformed path element: {0}")]
    Element(String),
    /// A node of the tree is neither an object nor null.
    #[error("a field set is made of objects")]
    NotAnObject,
}

/// JSON as Go writes it: `<`, `>`, `&` and the two line separators escaped.
fn html_escaped(value: &Value) -> String {
    let plain = value.to_string();
    if !plain.contains(['<', '>', '&', '\u{2028}', '\u{2029}']) {
        return plain;
    }
    let mut out = String::with_capacity(plain.len() + 16);
    for c in plain.chars() {
        match c {
            '<' => out.push_str("\\u003c"),
            '>' => out.push_str("\\u003e"),
            '&' => out.push_str("\\u0026"),
            '\u{2028}' => out.push_str("\\u2028"),
            '\u{2029}' => out.push_str("\\u2029"),
            c => out.push(c),
        }
    }
    out
}

impl fmt::Display for PathElement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(name) => write!(f, ".{name}"),
            Self::Key(fields) => {
                let fields: Vec<_> = fields.iter().map(|(name, v)| format!("{name}={}", value::in_path(v))).collect();
                write!(f, "[{}]", fields.join(","))
            }
            Self::Value(v) => write!(f, "[={}]", value::in_path(v)),
            Self::Index(index) => write!(f, "[{index}]"),
        }
    }
}

impl Ord for PathElement {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Field(a), Self::Field(b)) => a.cmp(b),
            (Self::Key(a), Self::Key(b)) => {
                let differing = a
                    .iter()
                    .zip(b)
                    .map(|(a, b)| a.0.cmp(&b.0).then_with(|| value::compare(&a.1, &b.1)))
                    .find(|order| order.is_ne());
                differing.unwrap_or_else(|| a.len().cmp(&b.len()))
            }
            (Self::Value(a), Self::Value(b)) => value::compare(a, b),
            (Self::Index(a), Self::Index(b)) => a.cmp(b),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

impl PathElement {
    fn rank(&self) -> u8 {
        match self {
            Self::Field(_) => 0,
            Self::Key(_) => 1,
            Self::Value(_) => 2,
            Self::Index(_) => 3,
        }
    }
}

impl PartialOrd for PathElement {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for PathElement {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for PathElement {}

/// A path from the root of an object.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Path(pub Vec<PathElement>);

impl Path {
    /// The path through these fields.
    pub fn fields<S: AsRef<str>>(names: &[S]) -> Self {
        Self(names.iter().map(|name| PathElement::field(name.as_ref())).collect())
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|element| element.fmt(f))
    }
}
