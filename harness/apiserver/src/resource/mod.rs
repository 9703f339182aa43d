//! Which resources the server serves, and how each behaves.
//!
//! - [`Resource`]: one version of one resource, built-in or custom, as every later step of a request sees it.
//! - [`Catalog`]: all of them; the built-in ones are fixed, the custom ones follow the CustomResourceDefinitions.
//! - [`custom`]: what a CRD says of its versions: schemas, columns, subresources, conversion.
//! - [`definition`]: the life of a CRD.
//! - [`read`], [`live`], [`to_storage`]: objects at the version that is asked for, and at the one that is stored.

mod builtin;
mod catalog;
mod custom;
mod definition;
mod versions;

pub(crate) use catalog::{Catalog, CustomResources, Discovered};
pub(crate) use custom::{ConversionError, CustomVersion, Family, list_meta, object_meta};
pub(crate) use definition::{establish, follow, is_definition, mark_deleted, sync};
pub(crate) use versions::{converted, live, read, read_kept, shown, spread, stored, to_storage};

use std::sync::Arc;

use proofmark_builtin::Subresource;
use proofmark_registry::Strategy;
use proofmark_types::{TypeGraph, TypeId};

/// One version of one resource.
#[derive(Debug)]
pub(crate) struct Resource {
    pub(crate) group: String,
    pub(crate) version: String,
    pub(crate) plural: String,
    pub(crate) singular: String,
    pub(crate) kind: String,
    pub(crate) list_kind: String,
    pub(crate) namespaced: bool,
    pub(crate) verbs: Vec<String>,
    pub(crate) short_names: Vec<String>,
    pub(crate) categories: Vec<String>,
    pub(crate) storage_version_hash: String,
    pub(crate) subresources: Vec<Subresource>,
    /// Where its objects are stored; the versions of one resource share it.
    pub(crate) prefix: Arc<str>,
    /// How its objects are treated.
    pub(crate) strategy: Strategy,
    /// What its objects look like.
    pub(crate) body: Body,
}

/// What the objects of a resource look like.
#[derive(Debug)]
pub(crate) enum Body {
    /// A type of the built-in tables.
    Typed(TypeId),
    /// What a CRD says.
    Custom(Box<CustomVersion>),
}

impl Resource {
    /// `group/version`, or the version alone in the core group.
    pub(crate) fn group_version(&self) -> String {
        group_version(&self.group, &self.version)
    }

    /// The verbs that discovery tells of: while a definition is on its way out, nothing new is offered.
    pub(crate) fn offered_verbs(&self) -> Vec<&str> {
        let terminating = self.custom().is_some_and(|custom| custom.terminating);
        let offered = |verb: &&str| !terminating || !matches!(*verb, "create" | "update" | "patch");
        self.verbs.iter().map(String::as_str).filter(offered).collect()
    }

    /// A subresource by name.
    pub(crate) fn subresource(&self, name: &str) -> Option<&Subresource> {
        self.subresources.iter().find(|s| s.name == name)
    }

    /// The custom version, if it is one.
    pub(crate) fn custom(&self) -> Option<&CustomVersion> {
        match &self.body {
            Body::Custom(version) => Some(version),
            Body::Typed(_) => None,
        }
    }

    /// The types of its objects, as structured merge and strict decoding read them.
    pub(crate) fn types(&self) -> (&TypeGraph, TypeId) {
        match &self.body {
            Body::Typed(id) => (proofmark_builtin::types(), *id),
            Body::Custom(version) => (&version.shape.types, version.shape.root),
        }
    }

    /// An object's place in the store.
    pub(crate) fn place(&self, namespace: &str, name: &str) -> String {
        if self.namespaced { format!("{namespace}/{name}") } else { name.to_owned() }
    }
}

/// `group/version`, or the version alone in the core group.
pub(crate) fn group_version(group: &str, version: &str) -> String {
    if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") }
}
