//! The typed walk over a body.

use std::collections::{BTreeMap, BTreeSet};
use std::slice;

use proofmark_json::{Map, Value};
use proofmark_types::{Field, ListType, MapType, Scalar, Struct, Type, TypeId};

use super::error::DecodeError;
use super::node::{Node, Tree, View};
use super::path::{Complaint, FieldPath, Step};
use super::scalar::misfit;
use super::zero::{omitted, zero, zero_field};
use super::{Decoded, Misfit, untyped};
use crate::table::{Codec, Details, TABLES};

/// How many complaints a strict decoder collects.
const MAX_COMPLAINTS: usize = 100;

/// The state of one decoding.
pub(super) struct Reader<'n> {
    strict: bool,
    complaints: Vec<Complaint>,
    /// The first misfit; decoding goes on, for a custom decoder may end it with another error.
    saved: Option<Misfit>,
    /// Go's names of the fields down to here, embedded structs included: the path of errors.
    fields: Vec<&'static str>,
    /// The innermost struct.
    outer: &'static str,
    /// The path of complaints; it stays empty unless they are asked for.
    path: Vec<Step<'n>>,
    /// Everything was decoded once, with its complaints; now what a repeated field was given is put together.
    merging: bool,
}

impl<'n> Reader<'n> {
    pub(super) fn new(strict: bool) -> Self {
        Self {
            strict,
            complaints: Vec::new(),
            saved: None,
            fields: Vec::new(),
            outer: "",
            path: Vec::new(),
            merging: false,
        }
    }

    pub(super) fn run<N: Node>(self, node: &'n N, ty: TypeId) -> Result<Decoded, Box<DecodeError>> {
        self.located(node, ty).map_err(|misfit| Box::new(misfit.error))
    }

    pub(super) fn located<N: Node>(mut self, node: &'n N, ty: TypeId) -> Result<Decoded, Box<Misfit>> {
        match self.value(slice::from_ref(&node), ty) {
            // Where it ended is the context of the error.
            Err(error) => Err(Box::new(self.misfit(*error))),
            Ok(value) => match self.saved {
                Some(misfit) => Err(Box::new(misfit)),
                None => Ok(Decoded { value: value.unwrap_or_else(|| zero(ty)), complaints: self.complaints }),
            },
        }
    }

    pub(super) fn go_name(&self, ty: TypeId) -> &'static str {
        TABLES.details(ty).go_name
    }

    /// Keeps the first misfit.
    pub(super) fn save(&mut self, error: DecodeError) {
        if self.saved.is_none() {
            self.saved = Some(self.misfit(error));
        }
    }

    fn misfit(&self, error: DecodeError) -> Misfit {
        Misfit { error: self.in_context(error), path: FieldPath::of(&self.path) }
    }

    /// Adds the fields down to here; an error from within a custom decoder brings its own end of the path.
    fn in_context(&self, error: DecodeError) -> DecodeError {
        match error {
            DecodeError::Type { value, field, go_type, .. } if !self.fields.is_empty() => {
                let inner = Some(field.as_str()).filter(|field| !field.is_empty());
                let path: Vec<&str> = self.fields.iter().copied().chain(inner).collect();
                DecodeError::Type { value, outer: self.outer.to_owned(), field: path.join("."), go_type }
            }
            other => other,
        }
    }

    /// The canonical value of everything that is decoded into one variable: one node, or several where a field was repeated.
    /// None is Go's nil (or the untouched zero value).
    fn value<N: Node>(&mut self, nodes: &[&'n N], ty: TypeId) -> Result<Option<Value>, Box<DecodeError>> {
        let details = TABLES.details(ty);
        match (TABLES.graph.get(ty), details.codec) {
            (Type::Struct(known), _) => self.structure(nodes, known, ty, details).map(Some),
            (Type::Map(map), _) => self.map(nodes, map, ty),
            (Type::List(list), _) => self.list(nodes, list, ty),
            (known, codec) => {
                let mut found = None;
                for node in nodes {
                    let next = match (known, codec) {
                        (Type::Scalar(scalar), _) => self.scalar(*node, *scalar, ty)?,
                        (_, Some(codec)) => self.custom(*node, codec)?,
                        _ => Some(node.to_value()),
                    };
                    found = next.or(found.filter(|_| !null_resets(known)));
                }
                Ok(found)
            }
        }
    }

    fn structure<N: Node>(
        &mut self,
        nodes: &[&'n N],
        known: &'static Struct,
        ty: TypeId,
        details: &'static Details,
    ) -> Result<Value, Box<DecodeError>> {
        let mut values: Vec<Option<Value>> = Vec::new();
        values.resize_with(known.fields.len(), || None);
        // Per field, the node that gave it last, counted from one.
        let mut giver = vec![0_usize; known.fields.len()];
        let mut given: Vec<(usize, &'n N)> = Vec::new();
        let mut repeated: BTreeSet<usize> = BTreeSet::new();
        for (nth, node) in (1..).zip(nodes) {
            let Some(fields) = self.object(*node, ty) else { continue };
            for (name, value) in fields {
                let index = known.fields.get_index_of(name);
                let Some((index, last)) = index.and_then(|index| Some((index, giver.get_mut(index)?))) else {
                    self.complain(false, name);
                    continue;
                };
                let before = std::mem::replace(last, nth);
                if before == nth {
                    self.complain(true, name);
                }
                if self.merging || before > 0 {
                    repeated.insert(index);
                }
                given.push((index, value));
                if !self.merging {
                    let found = self.member(slice::from_ref(&value), index, known, details)?;
                    if let Some(slot) = values.get_mut(index) {
                        *slot = found;
                    }
                }
            }
        }
        self.merge(&given, &repeated, known, details, &mut values)?;
        Ok(written(known, values))
    }

    /// Decodes once more, and together, what repeated fields were given.
    fn merge<N: Node>(
        &mut self,
        given: &[(usize, &'n N)],
        repeated: &BTreeSet<usize>,
        known: &'static Struct,
        details: &'static Details,
        values: &mut [Option<Value>],
    ) -> Result<(), Box<DecodeError>> {
        for &index in repeated {
            let all: Vec<&'n N> = given.iter().filter(|(given, _)| *given == index).map(|(_, node)| *node).collect();
            let before = (std::mem::replace(&mut self.merging, true), std::mem::replace(&mut self.strict, false));
            let found = self.member(&all, index, known, details)?;
            (self.merging, self.strict) = before;
            if let Some(slot) = values.get_mut(index) {
                *slot = found;
            }
        }
        Ok(())
    }

    /// A field of a struct, with its place in the paths. After an error the path stays where it is: it is the error's context.
    fn member<N: Node>(
        &mut self,
        nodes: &[&'n N],
        index: usize,
        known: &'static Struct,
        details: &'static Details,
    ) -> Result<Option<Value>, Box<DecodeError>> {
        let Some((name, field)) = known.fields.get_index(index) else {
            return Ok(None);
        };
        let (depth, outer) = (self.fields.len(), self.outer);
        let embeds = details.embeds.iter().filter(|embed| embed.fields.contains(&index));
        self.fields.extend(embeds.map(|embed| embed.name));
        self.fields.push(name);
        self.outer = known.go_name.rsplit('.').next().unwrap_or_default();
        let length = self.enter(Step::Field(name));
        let found = self.field(nodes, field)?;
        self.path.truncate(length);
        self.fields.truncate(depth);
        self.outer = outer;
        Ok(found)
    }

    /// The fields of an object; none for null, and for a misfit, which is saved.
    fn object<N: Node>(&mut self, node: &'n N, ty: TypeId) -> Option<N::Fields<'n>> {
        match node.view() {
            View::Object(fields) => Some(fields),
            View::Null => None,
            view => {
                self.save(misfit(&view, self.go_name(ty)));
                None
            }
        }
    }

    /// A pointer forgets at null what it held before.
    fn field<N: Node>(&mut self, nodes: &[&'n N], field: &Field) -> Result<Option<Value>, Box<DecodeError>> {
        let null = nodes.iter().rposition(|node| field.pointer && matches!(node.view(), View::Null));
        match &nodes[null.map_or(0, |at| at + 1)..] {
            [] => Ok(None),
            nodes => Ok(self.value(nodes, field.ty)?.or_else(|| Some(zero(field.ty)))),
        }
    }

    fn map<N: Node>(&mut self, nodes: &[&'n N], map: &MapType, ty: TypeId) -> Result<Option<Value>, Box<DecodeError>> {
        let mut found: Option<BTreeMap<String, Value>> = None;
        for node in nodes {
            let Some(fields) = self.object(*node, ty) else {
                found = found.filter(|_| !matches!(node.view(), View::Null));
                continue;
            };
            let entries = found.get_or_insert_default();
            let mut seen = BTreeSet::new();
            for (name, value) in fields {
                let repeated = if nodes.len() == 1 { entries.contains_key(name) } else { !seen.insert(name) };
                if repeated {
                    self.complain(true, name);
                }
                let length = self.enter(Step::Field(name));
                let value = self.value(slice::from_ref(&value), map.value)?.unwrap_or_else(|| absent(map.value));
                self.path.truncate(length);
                entries.insert(name.to_owned(), value);
            }
        }
        // Go writes maps sorted by key.
        Ok(found.map(|entries| Value::Object(entries.into_iter().collect())))
    }

    /// A repeated list is decoded over the items of the first one, as far as it goes.
    fn list<N: Node>(
        &mut self,
        nodes: &[&'n N],
        list: &ListType,
        ty: TypeId,
    ) -> Result<Option<Value>, Box<DecodeError>> {
        let mut found: Option<usize> = None;
        let mut given: Vec<Vec<&'n N>> = Vec::new();
        for node in nodes {
            match node.view() {
                View::Array(items) => {
                    found = Some(items.len());
                    if items.is_empty() {
                        given.clear();
                    }
                    given.resize_with(given.len().max(items.len()), Vec::new);
                    given.iter_mut().zip(items).for_each(|(given, item)| given.push(item));
                }
                View::Null => {
                    found = None;
                    given.clear();
                }
                view => self.save(misfit(&view, self.go_name(ty))),
            }
        }
        let Some(length) = found else { return Ok(None) };
        let mut written = Vec::with_capacity(length);
        for (index, nodes) in given.iter().take(length).enumerate() {
            let before = self.enter(Step::Item(index));
            written.push(self.value(nodes, list.item)?.unwrap_or_else(|| zero(list.item)));
            self.path.truncate(before);
        }
        Ok(Some(Value::Array(written)))
    }

    /// Types that decode themselves; what is within is not looked at strictly.
    fn custom<N: Node>(&mut self, node: &'n N, codec: Codec) -> Result<Option<Value>, Box<DecodeError>> {
        match (codec, node.view()) {
            (Codec::Raw, View::Null) => Ok(None),
            (Codec::Raw, _) => Ok(Some(node.to_value())),
            (Codec::Interface, _) => {
                self.repeated(node);
                Ok(Some(untyped(node.to_value())))
            }
            (Codec::SchemaOrBool(schema), View::Object(_)) => within(node, schema),
            (Codec::SchemaOrBool(_), View::Bool(allowed)) => Ok(Some(Value::Bool(allowed))),
            (Codec::SchemaOrBool(_), _) => {
                Err(Box::new(DecodeError::Value("boolean or JSON schema expected".to_owned())))
            }
            (Codec::SchemaOrArray(list), View::Object(_)) => match TABLES.graph.get(list) {
                Type::List(list) => within(node, list.item),
                _ => Ok(None),
            },
            (Codec::SchemaOrArray(list), View::Array([_, ..])) => within(node, list),
            (Codec::SchemaOrStrings(schema, _), View::Object(_)) => within(node, schema),
            (Codec::SchemaOrStrings(_, strings), View::Array([_, ..])) => within(node, strings),
            // Anything else counts as nothing given.
            (Codec::SchemaOrArray(_) | Codec::SchemaOrStrings(..), _) => Ok(Some(Value::Null)),
        }
    }

    /// Adds a step to the path of complaints, and says how long the path was.
    fn enter(&mut self, step: Step<'n>) -> usize {
        let length = self.path.len();
        if self.strict {
            self.path.push(step);
        }
        length
    }

    fn complain(&mut self, duplicate: bool, name: &'n str) {
        if !self.strict || self.complaints.len() >= MAX_COMPLAINTS {
            return;
        }
        let length = self.enter(Step::Field(name));
        let complaint = Complaint { duplicate, path: FieldPath::of(&self.path) };
        self.path.truncate(length);
        if !self.complaints.contains(&complaint) {
            self.complaints.push(complaint);
        }
    }

    /// Complains about repeated fields in a value without a type.
    fn repeated<N: Node>(&mut self, node: &'n N) {
        match node.view() {
            View::Object(fields) => {
                let mut seen = BTreeSet::new();
                for (name, value) in fields {
                    if !seen.insert(name) {
                        self.complain(true, name);
                    }
                    let length = self.enter(Step::Field(name));
                    self.repeated(value);
                    self.path.truncate(length);
                }
            }
            View::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    let length = self.enter(Step::Item(index));
                    self.repeated(item);
                    self.path.truncate(length);
                }
            }
            _ => {}
        }
    }
}

/// A struct as Go writes it.
fn written(known: &Struct, values: Vec<Option<Value>>) -> Value {
    let mut written = Map::with_capacity(values.iter().flatten().count());
    for ((name, field), value) in known.fields.iter().zip(values) {
        match value {
            Some(value) if omitted(field, &value) => {}
            Some(value) => _ = written.insert(name.clone(), value),
            None if field.always => _ = written.insert(name.clone(), zero_field(field)),
            None => {}
        }
    }
    Value::Object(written)
}

/// The value of what a custom decoder hands to a decoder of its own, which is not strict.
fn within<N: Node>(node: &N, ty: TypeId) -> Result<Option<Value>, Box<DecodeError>> {
    Reader::new(false).run(node, ty).map(|decoded| Some(decoded.value))
}

/// Whether null takes back what a repeated field had before.
fn null_resets(ty: &Type) -> bool {
    matches!(ty, Type::Scalar(Scalar::Time | Scalar::MicroTime | Scalar::Quantity | Scalar::Bytes))
}

/// The repeated fields of a text without a type.
pub(super) fn duplicates(tree: &Tree<'_>) -> Vec<String> {
    let mut reader = Reader::new(true);
    reader.repeated(tree);
    reader.complaints.iter().map(Complaint::to_string).collect()
}

/// What a map holds under a key without a value: no bytes are empty there, not missing.
pub(super) fn absent(ty: TypeId) -> Value {
    match TABLES.graph.get(ty) {
        Type::Scalar(Scalar::Bytes) => Value::String(String::new()),
        _ => zero(ty),
    }
}
