//! What validation asks of a definition: all of it on create; on update nothing that the old state failed.

use proofmark_json::{Map, Value};

use super::definition::Definition;
use super::{conversion, keywords, selectable, structural, survey};
use crate::schema::Schema;

/// Which checks apply.
#[derive(Clone)]
pub(super) struct Options {
    /// Every version has a schema.
    pub(super) require_schema: bool,
    /// Types are those of OpenAPI v3.
    pub(super) require_types: bool,
    /// Schemas are structural.
    pub(super) require_structural: bool,
    /// Defaults hold no unknown fields.
    pub(super) require_pruned_defaults: bool,
    /// Items of sets are atomic.
    pub(super) require_atomic_sets: bool,
    /// Keys of keyed lists are given and not null.
    pub(super) require_map_keys: bool,
    /// A conversion webhook takes a review that the server understands.
    pub(super) require_known_review: bool,
    /// CA bundles are not looked at.
    pub(super) allow_invalid_bundle: bool,
    /// More selectable fields than may be.
    pub(super) allow_many_selectable: bool,
    /// Versions whose schema stays as it was: its CEL rules are not measured one by one.
    pub(super) unchanged: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            require_schema: true,
            require_types: true,
            require_structural: true,
            require_pruned_defaults: true,
            require_atomic_sets: true,
            require_map_keys: true,
            require_known_review: true,
            allow_invalid_bundle: true,
            allow_many_selectable: false,
            unchanged: Vec::new(),
        }
    }
}

impl Options {
    pub(super) fn of_update(new: &Definition<'_>, old: &Definition<'_>) -> Self {
        let schemas: Vec<&Map> = old.schemas().map(|(_, schema)| schema).collect();
        let all = |test: &dyn Fn(&Map) -> bool| schemas.iter().all(|schema| test(schema));
        let parsed: Vec<Option<Schema>> = schemas.iter().map(|schema| Schema::parse_props(schema).ok()).collect();
        let structural =
            |schema: &Option<Schema>| schema.as_ref().is_some_and(|s| structural::validate(s, "").is_empty());
        let pruned = |schema: &Option<Schema>| {
            !structural(schema) || schema.as_ref().is_none_or(|s| !super::defaults::any_unpruned(s))
        };
        let webhook = old.conversion.and_then(|c| c.get("webhook")).and_then(Value::as_object);
        let bundle =
            webhook.and_then(|w| w.get("clientConfig")).and_then(|c| c.get("caBundle")).and_then(Value::as_str);
        let many = |d: &Definition<'_>| d.shared.selectable.len() > selectable::MOST;
        Self {
            require_schema: old.shared.props().is_some() || old.versions().iter().all(|v| v.parts.props().is_some()),
            require_types: all(&|schema| !survey::contains(schema, &mut survey::has_odd_type)),
            require_structural: parsed.iter().all(structural),
            require_pruned_defaults: parsed.iter().all(pruned),
            require_atomic_sets: all(&|schema| !survey::contains(schema, &mut survey::is_set_of_parts)),
            require_map_keys: all(&|schema| !survey::contains(schema, &mut |s| !keywords::map_keys(s, "").is_empty())),
            require_known_review: conversion::understood_or_none(&conversion::reviews(webhook)),
            allow_invalid_bundle: !old.established || bundle.is_some_and(conversion::is_bad_bundle),
            allow_many_selectable: many(old) && new.shared.selectable == old.shared.selectable,
            unchanged: new
                .versions()
                .iter()
                .filter(|v| new.props_of(v.name).is_some_and(|props| old.props_of(v.name) == Some(props)))
                .map(|v| v.name.to_owned())
                .collect(),
        }
    }
}
