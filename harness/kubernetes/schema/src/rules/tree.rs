//! Rules as a tree beside the schema: only nodes with rules at or below them are in it.

use std::sync::Arc;

use indexmap::IndexMap;
use proofmark_cel::Shape;
use proofmark_json::{Key, Value};

use super::compile::{Compiled, compile};
use super::shape::shape_of;
use crate::schema::{Schema, Type};

/// The CEL rules of a schema, compiled.
#[derive(Debug)]
pub struct Rules {
    pub(super) root: Node,
}

#[derive(Debug)]
pub(super) struct Node {
    pub(super) shape: Arc<Shape>,
    pub(super) rules: Vec<Compiled>,
    /// The name of the type; empty where values have none.
    pub(super) ty: String,
    pub(super) items: Option<Box<Node>>,
    pub(super) properties: IndexMap<Key, Node>,
    pub(super) additional: Option<Box<Node>>,
    /// The rules of `allOf`, about the same value.
    pub(super) all_of: Vec<Node>,
    /// The fields by which items of an old list are found again.
    keys: Vec<String>,
    /// Whether properties of an old value are those of the new one.
    correlates: bool,
}

impl Rules {
    /// The rules of a custom resource's schema; none if there are none.
    pub fn of(schema: &Schema) -> Option<Self> {
        Self::of_part(schema, true)
    }

    /// The rules of any schema.
    pub(crate) fn of_part(schema: &Schema, is_resource: bool) -> Option<Self> {
        if !has_rules(schema) {
            return None;
        }
        let shape = Arc::new(shape_of(schema, is_resource, "selfType"));
        node(schema, schema, &shape).map(|root| Self { root })
    }
}

fn has_rules(schema: &Schema) -> bool {
    !schema.validations.is_empty()
        || schema.items.as_deref().is_some_and(has_rules)
        || schema.additional_schema().is_some_and(has_rules)
        || schema.properties.values().any(has_rules)
        || schema.checks.all_of.iter().any(has_rules)
}

/// The rules that `rules` says of values that `schema` describes: mostly the same, but junctors only add rules.
fn node(rules: &Schema, schema: &Schema, shape: &Arc<Shape>) -> Option<Node> {
    shape.ty()?;
    let below = |part: Option<(&Schema, &Schema)>, shape: Option<&Arc<Shape>>| {
        let ((rules, schema), shape) = (part?, shape?);
        node(rules, schema, shape).map(Box::new)
    };
    let items = below(rules.items.as_deref().zip(schema.items.as_deref()), shape.items());
    let additional = below(rules.additional_schema().zip(schema.additional_schema()), shape.property(""));
    let properties = rules.properties.iter().filter_map(|(name, rules)| {
        let found = node(rules, schema.properties.get(name)?, shape.property(name)?)?;
        Some((name.clone(), found))
    });
    let properties: IndexMap<Key, Node> = properties.collect();
    let all_of: Vec<Node> = rules.checks.all_of.iter().filter_map(|part| node(part, schema, shape)).collect();
    let is_bare = items.is_none() && additional.is_none() && properties.is_empty() && all_of.is_empty();
    if rules.validations.is_empty() && is_bare {
        return None;
    }
    Some(Node {
        shape: shape.clone(),
        rules: compile(&rules.validations, schema, shape),
        ty: schema.ty.as_ref().map(|ty| ty.as_str().to_owned()).unwrap_or_default(),
        items,
        properties,
        additional: additional.filter(|_| schema.properties.is_empty()),
        all_of,
        keys: if schema.is_map_list() { schema.list_map_keys.clone() } else { Vec::new() },
        correlates: schema.ty != Some(Type::Object)
            || matches!(schema.map_type.as_deref(), None | Some("granular" | "atomic")),
    })
}

impl Node {
    /// What stood at a field before.
    pub(super) fn old_field<'v>(&self, old: Option<&'v Value>, name: &str) -> Option<&'v Value> {
        old.filter(|_| self.correlates)?.get(name)
    }

    /// The item of an old list with the same keys.
    pub(super) fn old_item<'v>(&self, old: Option<&'v Value>, item: &Value) -> Option<&'v Value> {
        let same = |old: &&Value| self.keys.iter().all(|key| old.get(key) == item.get(key));
        old?.as_array()?.iter().filter(|_| !self.keys.is_empty()).find(same)
    }
}
