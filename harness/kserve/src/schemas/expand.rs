//! The notation of the fixtures, read.
//!
//! A schema in a fixture may say, beside everything that OpenAPI knows:
//!
//! * `$ref: kubernetes/v1.Container`: it is as this type of Kubernetes, by its Go name. `$ref: v1beta1/PodSpec`: as the type that is filed under this name in
//!   `fixtures/kserve/types`. A list of names: it has the properties of all of them, as a Go struct that embeds others. What stands beside `$ref` comes on top:
//!   properties and required ones are added, anything else replaces.
//! * `$omit: [properties.*.required]`: what stands at these places of the result is taken away, `*` being any member. Upstream's Makefile does so after
//!   controller-gen.

use std::collections::BTreeMap;

use include_dir::Dir;
use proofmark_json::{Map, Value};

use super::kubernetes::Kubernetes;
use crate::release::Release;
use crate::timeline;

/// The types of one release, each written out once.
pub(super) struct Expansion {
    types: &'static Dir<'static>,
    release: Release,
    kubernetes: Kubernetes,
    named: BTreeMap<String, Value>,
}

impl Expansion {
    /// Types from `types`, and Kubernetes' own ones at 1.`minor`.
    pub(super) const fn new(types: &'static Dir<'static>, release: Release, minor: u8) -> Self {
        Self { types, release, kubernetes: Kubernetes::new(minor), named: BTreeMap::new() }
    }

    /// A definition with the schemas of its versions written out.
    pub(super) fn definition(&mut self, mut definition: Value) -> Value {
        for version in definition["spec"]["versions"].as_array_mut().into_iter().flatten() {
            if let Some(schema) = version.pointer_mut("/schema/openAPIV3Schema") {
                *schema = self.schema(schema);
            }
        }
        definition
    }

    fn schema(&mut self, written: &Value) -> Value {
        let Value::Object(written) = written else { return written.clone() };
        let mut schema = Map::new();
        for name in names(written.get("$ref")) {
            add(&mut schema, self.named(name));
        }
        let mut own = Map::new();
        for (key, value) in written.iter().filter(|(key, _)| !key.starts_with('$')) {
            let value = match (key.as_str(), value) {
                ("properties", Value::Object(map)) => {
                    map.iter().map(|(name, schema)| (name.clone(), self.schema(schema))).collect()
                }
                ("items" | "additionalProperties", schema) => self.schema(schema),
                _ => value.clone(),
            };
            own.insert(key.clone(), value);
        }
        add(&mut schema, Value::Object(own));
        let mut schema = Value::Object(schema);
        for path in names(written.get("$omit")) {
            omit(&mut schema, path);
        }
        schema
    }

    /// The schema that a name stands for.
    fn named(&mut self, name: &str) -> Value {
        if let Some(known) = self.named.get(name) {
            return known.clone();
        }
        let found = match name.strip_prefix("kubernetes/") {
            Some(go_name) => self.kubernetes.schema_of(go_name),
            None => timeline::topic(self.types, name, self.release).map(|written| self.schema(&written)),
        };
        let schema = found.unwrap_or_else(|| panic!("{} has no type {name}", self.release));
        self.named.insert(name.to_owned(), schema.clone());
        schema
    }
}

/// One name or several.
fn names(value: Option<&Value>) -> impl Iterator<Item = &str> {
    let one = value.and_then(Value::as_str);
    one.into_iter().chain(value.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str))
}

/// Adds what `more` says: properties and required ones beside those that are there, in alphabetical order as upstream's; anything else in place of it.
fn add(schema: &mut Map, more: Value) {
    let Value::Object(more) = more else { return };
    for (key, value) in more {
        match (schema.get_mut(&key), value) {
            (Some(Value::Object(there)), Value::Object(value)) if key == "properties" => {
                there.extend(value);
                there.sort_keys();
            }
            (Some(Value::Array(there)), Value::Array(value)) if key == "required" => {
                there.extend(value);
                there.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
                there.dedup();
            }
            (_, value) => {
                schema.insert(key, value);
            }
        }
    }
}

/// Takes away what stands at a path: `properties.*.required`.
fn omit(at: &mut Value, path: &str) {
    let Value::Object(map) = at else { return };
    match (path.split_once('.'), path) {
        (None, last) => {
            map.shift_remove(last);
        }
        (Some(("*", rest)), _) => map.values_mut().for_each(|inner| omit(inner, rest)),
        (Some((first, rest)), _) => {
            if let Some(inner) = map.get_mut(first) {
                omit(inner, rest);
            }
        }
    }
}
