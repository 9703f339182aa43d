//! Sets of fields: what a manager owns.
//!
//! A set is a tree. Each node says whether its own path belongs to the set and holds the nodes below it; a node that is neither
//! a member nor has children does not exist, so equal sets are equal trees. Ownership of a node says nothing about its children:
//! `.spec` without `.spec.replicas` is the object as such.
//!
//! The wire form is FieldsV1 (`{"f:spec":{".":{},"f:replicas":{}}}`), where `"."` marks a member that also has children.
//! Source: sigs.k8s.io/structured-merge-diff v6, `fieldpath`.

mod path;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use proofmark_json::{Map, Value};

pub use path::{FieldsError, Path, PathElement};

/// A set of fields; also one node of its tree.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldSet {
    /// Whether the path of this node belongs to the set; meaningless at the root.
    pub(crate) member: bool,
    pub(crate) children: BTreeMap<PathElement, FieldSet>,
}

impl FieldSet {
    /// The empty set.
    pub fn new() -> Self {
        Self::default()
    }

    /// The set of these paths, each a list of field names.
    pub fn of_fields(paths: &[&[&str]]) -> Self {
        let mut set = Self::new();
        for path in paths {
            set.insert(&Path::fields(path));
        }
        set
    }

    /// A node that is a member and has no children.
    pub(crate) fn leaf() -> Self {
        Self { member: true, children: BTreeMap::new() }
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        !self.member && self.children.is_empty()
    }

    /// Adds a path; the empty path adds nothing.
    pub fn insert(&mut self, path: &Path) {
        if path.0.is_empty() {
            return;
        }
        let mut node = self;
        for element in &path.0 {
            node = node.children.entry(element.clone()).or_default();
        }
        node.member = true;
    }

    /// Hangs a node below this one, unless it is empty.
    pub(crate) fn graft(&mut self, element: impl FnOnce() -> PathElement, node: Self) {
        if !node.is_empty() {
            self.join(element(), node);
        }
    }

    /// Adds a node; what is new is moved in whole.
    fn join(&mut self, element: PathElement, node: Self) {
        match self.children.entry(element) {
            Entry::Vacant(place) => {
                place.insert(node);
            }
            Entry::Occupied(mut place) => place.get_mut().absorb(node),
        }
    }

    /// Adds another set.
    pub(crate) fn absorb(&mut self, other: Self) {
        self.member |= other.member;
        if self.children.is_empty() {
            self.children = other.children;
            return;
        }
        for (element, node) in other.children {
            self.join(element, node);
        }
    }

    /// Whether a path belongs to it.
    pub fn has(&self, path: &Path) -> bool {
        let mut node = self;
        for element in &path.0 {
            match node.children.get(element) {
                Some(child) => node = child,
                None => return false,
            }
        }
        node.member && !path.0.is_empty()
    }

    /// Whether the path of this single element belongs to it.
    pub(crate) fn has_element(&self, element: &PathElement) -> bool {
        self.children.get(element).is_some_and(|node| node.member)
    }

    /// What lies below an element, if anything does.
    pub(crate) fn below(&self, element: &PathElement) -> Option<&Self> {
        self.children.get(element).filter(|node| !node.children.is_empty())
    }

    /// What belongs to either set.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        let mut out = self.clone();
        out.absorb(other.clone());
        out
    }

    /// What belongs to both sets.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        let mut out = Self { member: self.member && other.member, children: BTreeMap::new() };
        for (element, node) in &self.children {
            if let Some(theirs) = other.children.get(element) {
                out.graft(|| element.clone(), node.intersection(theirs));
            }
        }
        out
    }

    /// What belongs to this set and not to the other.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        let mut out = self.clone();
        out.subtract(other);
        out
    }

    /// Takes out what belongs to the other set.
    pub(crate) fn subtract(&mut self, other: &Self) {
        self.member &= !other.member;
        self.thin_out(other, Self::subtract);
    }

    /// Whether everything in this set belongs to the other.
    pub fn is_subset(&self, other: &Self) -> bool {
        let below = |(element, node): (&PathElement, &Self)| match other.children.get(element) {
            Some(theirs) => node.is_subset(theirs),
            None => false,
        };
        (!self.member || other.member) && self.children.iter().all(below)
    }

    /// What belongs to this set and lies neither at nor below a path of the other.
    #[must_use]
    pub fn recursive_difference(&self, other: &Self) -> Self {
        let mut out = self.clone();
        out.exclude(other);
        out
    }

    /// Takes out what lies at or below a path of the other set.
    pub(crate) fn exclude(&mut self, other: &Self) {
        if other.member {
            *self = Self::new();
        } else {
            self.thin_out(other, Self::exclude);
        }
    }

    /// Takes from every node that the other set has, too; what is left empty goes.
    fn thin_out(&mut self, other: &Self, take: fn(&mut Self, &Self)) {
        for (element, theirs) in &other.children {
            if let Some(node) = self.children.get_mut(element) {
                take(node, theirs);
                if node.is_empty() {
                    self.children.remove(element);
                }
            }
        }
    }

    /// The members without children.
    #[must_use]
    pub fn leaves(&self) -> Self {
        let mut out = Self { member: self.member && self.children.is_empty(), children: BTreeMap::new() };
        for (element, node) in &self.children {
            out.graft(|| element.clone(), node.leaves());
        }
        out
    }

    /// How many paths belong to it.
    pub fn len(&self) -> usize {
        usize::from(self.member) + self.children.values().map(Self::len).sum::<usize>()
    }

    /// Its paths, in the order in which conflicts list them: the members of a node come before what lies below its children.
    pub fn paths(&self) -> Vec<Path> {
        let mut out = Vec::new();
        self.collect(&mut Path::default(), &mut out);
        out
    }

    fn collect(&self, at: &mut Path, out: &mut Vec<Path>) {
        for (element, _) in self.children.iter().filter(|(_, node)| node.member) {
            at.0.push(element.clone());
            out.push(at.clone());
            at.0.pop();
        }
        for (element, node) in &self.children {
            at.0.push(element.clone());
            node.collect(at, out);
            at.0.pop();
        }
    }

    /// Its FieldsV1 form, in canonical order.
    pub fn to_fields_v1(&self) -> Value {
        Value::Object(self.members_v1(false))
    }

    /// The members of a node's object. One that is in the set itself says so where there is anything below it.
    fn members_v1(&self, says_so: bool) -> Map {
        let mut out = Map::with_capacity(self.children.len() + usize::from(says_so));
        if says_so {
            out.insert(".", Value::Object(Map::new()));
        }
        for (element, node) in &self.children {
            let below = node.members_v1(node.member && !node.children.is_empty());
            out.insert(element.to_fields_v1(), Value::Object(below));
        }
        out
    }

    /// Reads FieldsV1. Elements of unknown kinds are passed over.
    ///
    /// # Errors
    /// A key is no path element, or a node is neither an object nor null.
    pub fn from_fields_v1(fields: &Value) -> Result<Self, FieldsError> {
        let mut set = Self::node_from(fields)?;
        set.member = false;
        Ok(set)
    }

    fn node_from(fields: &Value) -> Result<Self, FieldsError> {
        let object = match fields {
            Value::Null => return Ok(Self::leaf()),
            Value::Object(object) => object,
            _ => return Err(FieldsError::NotAnObject),
        };
        let mut node = Self::new();
        for (key, below) in object {
            if key == "." {
                node.member = true;
            } else if let Some(element) = PathElement::from_fields_v1(key)? {
                node.children.insert(element, Self::node_from(below)?);
            }
        }
        node.member |= node.children.is_empty();
        Ok(node)
    }
}

#[cfg(test)]
mod tests;
