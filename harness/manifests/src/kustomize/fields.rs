//! Reading a mapping of a configuration file field by field, with a place for each complaint.
//!
//! Names of fields are matched without regard to case, as Go's JSON decoder does it: `fieldref` is `fieldRef`, and
//! distributions rely on it. A field that nobody asked for is an error, as it is for kustomize.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use proofmark_json::{Map, Value};

use crate::diagnostic::{Diagnostic, Outcome, Severity, nearest};
use crate::document::shape;
use crate::object::SourceFile;
use crate::position::{Mark, Marks, Position};

/// A mapping, its marks, and which of its fields were asked for.
pub(super) struct Fields<'a> {
    file: &'a Arc<SourceFile>,
    map: &'a Map,
    marks: &'a Marks,
    asked: BTreeSet<&'static str>,
}

/// A text with the place where it stands.
#[derive(Clone, Debug)]
pub(super) struct Text {
    pub(super) text: String,
    pub(super) at: Mark,
}

impl<'a> Fields<'a> {
    pub(super) fn of(file: &'a Arc<SourceFile>, value: &'a Value, marks: &'a Marks) -> Outcome<Self> {
        match value {
            Value::Object(map) => Ok(Fields { file, map, marks, asked: BTreeSet::new() }),
            other => Err(file.error(marks.at, format!("expected a mapping, found {}", shape(other)))),
        }
    }

    /// Where the mapping starts.
    pub(super) fn at(&self) -> Mark {
        self.marks.at
    }

    pub(super) fn position(&self) -> Position {
        self.file.position(self.marks.at)
    }

    /// Whether no other fields than these are set.
    pub(super) fn are_only(&self, names: &[&str]) -> bool {
        let named = |key: &str| names.iter().any(|name| key.eq_ignore_ascii_case(name));
        self.map.iter().all(|(key, value)| value.is_null() || named(key))
    }

    /// An error about the mapping as a whole.
    pub(super) fn error(&self, message: impl Into<String>) -> Box<Diagnostic> {
        self.file.error(self.marks.at, message)
    }

    /// The value of a field and its marks; `null` counts as absent.
    pub(super) fn get(&mut self, name: &'static str) -> Option<(&'a Value, &'a Marks)> {
        self.asked.insert(name);
        let exact = self.map.get_key_value(name);
        let (key, value) = exact.or_else(|| self.map.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)))?;
        if value.is_null() {
            return None;
        }
        static UNKNOWN: Marks = Marks::UNKNOWN;
        Some((value, self.marks.field(key).unwrap_or(&UNKNOWN)))
    }

    fn wrong(&self, name: &str, marks: &Marks, wanted: &str, found: &Value) -> Box<Diagnostic> {
        let error =
            self.file.finding(Severity::Error, marks.at, format!("{name} must be {wanted}, found {}", shape(found)));
        Box::new(match found {
            Value::Number(_) | Value::Bool(_) if wanted == "a text" => {
                let source = self.file.text.get(marks.at.offset as usize..(marks.at.offset + marks.at.len) as usize);
                error.with_help(format!("put it in quotes: \"{}\"", source.unwrap_or(&found.to_string())))
            }
            _ => error,
        })
    }

    /// A text, or the empty text where the field is absent.
    pub(super) fn text(&mut self, name: &'static str) -> Outcome<String> {
        Ok(self.optional_text(name)?.map(|text| text.text).unwrap_or_default())
    }

    pub(super) fn optional_text(&mut self, name: &'static str) -> Outcome<Option<Text>> {
        match self.get(name) {
            None => Ok(None),
            Some((Value::String(text), marks)) => Ok(Some(Text { text: text.clone(), at: marks.at })),
            Some((other, marks)) => Err(self.wrong(name, marks, "a text", other)),
        }
    }

    pub(super) fn flag(&mut self, name: &'static str) -> Outcome<bool> {
        match self.get(name) {
            None => Ok(false),
            Some((Value::Bool(flag), _)) => Ok(*flag),
            Some((other, marks)) => Err(self.wrong(name, marks, "true or false", other)),
        }
    }

    pub(super) fn integer(&mut self, name: &'static str) -> Outcome<i64> {
        match self.get(name) {
            None => Ok(0),
            Some((value, marks)) => value.as_i64().ok_or_else(|| self.wrong(name, marks, "a whole number", value)),
        }
    }

    /// The items of a list, each with its marks.
    pub(super) fn items(&mut self, name: &'static str) -> Outcome<Vec<(&'a Value, &'a Marks)>> {
        match self.get(name) {
            None => Ok(Vec::new()),
            Some((Value::Array(values), marks)) => Ok(values.iter().zip(marks.items()).collect()),
            Some((other, marks)) => Err(self.wrong(name, marks, "a list", other)),
        }
    }

    pub(super) fn texts(&mut self, name: &'static str) -> Outcome<Vec<Text>> {
        let items = self.items(name)?;
        items
            .into_iter()
            .map(|(value, marks)| match value {
                Value::String(text) => Ok(Text { text: text.clone(), at: marks.at }),
                other => Err(self.wrong(&format!("each of {name}"), marks, "a text", other)),
            })
            .collect()
    }

    /// Names and texts, such as labels.
    pub(super) fn text_map(&mut self, name: &'static str) -> Outcome<BTreeMap<String, String>> {
        match self.get(name) {
            None => Ok(BTreeMap::new()),
            Some((Value::Object(map), marks)) => map
                .iter()
                .map(|(key, value)| match value {
                    Value::String(text) => Ok((key.to_string(), text.clone())),
                    Value::Null => Ok((key.to_string(), String::new())),
                    other => {
                        let at = marks.field(key).unwrap_or(marks);
                        Err(self.wrong(&format!("{name}.{key}"), at, "a text", other))
                    }
                })
                .collect(),
            Some((other, marks)) => Err(self.wrong(name, marks, "a mapping", other)),
        }
    }

    /// A mapping within this one.
    pub(super) fn fields(&mut self, name: &'static str) -> Outcome<Option<Fields<'a>>> {
        let file = self.file;
        self.get(name).map(|(value, marks)| Fields::of(file, value, marks)).transpose()
    }

    /// Reads every item of a list of mappings.
    pub(super) fn each<T>(
        &mut self,
        name: &'static str,
        mut read: impl FnMut(Fields<'a>) -> Outcome<T>,
    ) -> Outcome<Vec<T>> {
        let file = self.file;
        self.items(name)?.into_iter().map(|(value, marks)| read(Fields::of(file, value, marks)?)).collect()
    }

    /// Refuses what nobody asked for.
    pub(super) fn finish(self) -> Outcome<()> {
        let known = |key: &str| self.asked.iter().any(|name| key.eq_ignore_ascii_case(name));
        let Some(key) = self.map.keys().find(|key| !known(key)) else {
            return Ok(());
        };
        let pointer = format!("/{}", key.replace('~', "~0").replace('/', "~1"));
        let error = self.file.finding(Severity::Error, self.marks.find(&pointer), format!("unknown field {key:?}"));
        Err(Box::new(match nearest(key, self.asked.iter().copied()) {
            Some(name) => error.with_help(format!("did you mean {name:?}?")),
            None => error,
        }))
    }
}
