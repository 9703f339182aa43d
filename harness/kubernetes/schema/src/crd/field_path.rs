//! JSON paths to fields, as `selectableFields` and the `fieldPath` of CEL rules write them: `.spec.map['some key']`.
//!
//! Source: `ValidFieldPath` in `k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel/validation.go`, release 1.35.

use proofmark_status::quote;

use crate::path::{child, entry};
use crate::schema::Schema;

/// Whether `['name']` may be used.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Arrays {
    Allowed,
    Refused,
}

/// What a path points to.
pub(super) struct Found<'a> {
    /// The path as field errors write it.
    pub(super) path: String,
    /// Its first step.
    pub(super) root: String,
    /// None where a map's values have no schema.
    pub(super) schema: Option<&'a Schema>,
}

/// Follows a path.
pub(super) fn find<'a>(path: &str, schema: &'a Schema, arrays: Arrays) -> Result<Found<'a>, String> {
    let mut found = Found { path: String::new(), root: String::new(), schema: Some(schema) };
    let mut tokens = tokens(path).into_iter();
    while let Some(token) = tokens.next() {
        let end = || "unexpected end of JSON path".to_owned();
        match token {
            "[" if arrays == Arrays::Refused => return Err("array notation is not allowed".to_owned()),
            "[" => {
                let name = tokens.next().ok_or_else(end)?;
                let inner = name.strip_prefix('\'').and_then(|n| n.strip_suffix('\''));
                let Some(inner) = inner else {
                    return Err(format!("expected single quoted string but got {name}"));
                };
                found.step(&unescape(inner)?)?;
                match tokens.next().ok_or_else(end)? {
                    "]" => {}
                    other => return Err(format!("expected ] but got {other}")),
                }
            }
            "." => found.step(tokens.next().ok_or_else(end)?)?,
            other => return Err(format!("expected [ or . but got: {other}")),
        }
    }
    Ok(found)
}

impl Found<'_> {
    fn step(&mut self, name: &str) -> Result<(), String> {
        let nowhere = || "does not refer to a valid field".to_owned();
        let schema = self.schema.ok_or_else(nowhere)?;
        if !schema.properties.is_empty() {
            self.path = child(&self.path, name);
            self.schema = Some(schema.properties.get(name).ok_or_else(nowhere)?);
        } else if schema.additional.is_some() {
            self.path = entry(&self.path, name);
            self.schema = schema.additional_schema();
        } else {
            return Err(nowhere());
        }
        if self.root.is_empty() {
            self.root = name.to_owned();
        }
        Ok(())
    }
}

/// The delimiters `.`, `[` and `]`, quoted strings, and what stands between.
fn tokens(path: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = path;
    while !rest.is_empty() {
        let end = if rest.starts_with(['.', '[', ']']) {
            1
        } else if rest.starts_with('\'') {
            let bytes = rest.as_bytes();
            (1..bytes.len()).find(|i| bytes[*i] == b'\'' && bytes[i - 1] != b'\\').map_or(rest.len(), |i| i + 1)
        } else {
            rest.find(['.', '[', ']']).unwrap_or(rest.len())
        };
        let (token, after) = rest.split_at(end);
        tokens.push(token);
        rest = after;
    }
    tokens
}

/// A string without its quotes: `\'` is a quote; any other escape is none.
fn unescape(text: &str) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some(c @ ('\'' | '\\')) => out.push(c),
                _ => return Err(format!("invalid string literal: invalid escape in {}", quote(text))),
            },
            c => out.push(c),
        }
    }
    Ok(out)
}
