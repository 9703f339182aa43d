//! An object's members, in order, shared between copies until one of them is changed.
//!
//! Versions of an object differ in little: a kubelet's patch changes the status and leaves the spec. So a copy of an object takes no time and no memory; what is
//! changed is copied then, one level of it (its members' values share their own members on), and only if somebody else holds it. Two copies that are still
//! shared are equal without a look.

mod entry;
mod iter;
mod members;

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

pub use entry::{Entry, OccupiedEntry, VacantEntry};
pub use iter::{IntoIter, Iter, IterMut};

use crate::{Key, Value};
use members::Members;

/// The members of an object, in the order in which they were added.
///
/// A copy shares them until it is changed.
#[derive(Clone, Default)]
pub struct Map {
    /// None: there are no members.
    members: Option<Arc<Members>>,
}

impl Map {
    /// An object without members.
    pub const fn new() -> Self {
        Self { members: None }
    }

    /// An object without members, with room for so many.
    pub fn with_capacity(capacity: usize) -> Self {
        if capacity == 0 {
            return Self::new();
        }
        Self { members: Some(Arc::new(Members { list: Vec::with_capacity(capacity), index: None })) }
    }

    fn list(&self) -> &[(Key, Value)] {
        self.members.as_ref().map_or(&[], |members| &members.list)
    }

    /// The members for a change: copied first if they are shared.
    fn own(&mut self) -> &mut Members {
        Arc::make_mut(self.members.get_or_insert_default())
    }

    fn position(&self, name: &str) -> Option<usize> {
        self.members.as_ref()?.position(name)
    }

    /// Whether both are copies of one object that neither has changed since. Objects without members are nobody's copies.
    pub fn is_shared_with(&self, other: &Self) -> bool {
        matches!((&self.members, &other.members), (Some(mine), Some(theirs)) if Arc::ptr_eq(mine, theirs))
    }

    /// How many members there are.
    pub fn len(&self) -> usize {
        self.list().len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.list().is_empty()
    }

    /// Takes all members out.
    pub fn clear(&mut self) {
        self.members = None;
    }

    /// A member's value.
    pub fn get(&self, name: impl AsRef<str>) -> Option<&Value> {
        self.get_key_value(name).map(|(_, value)| value)
    }

    /// A member's value, to be changed.
    pub fn get_mut(&mut self, name: impl AsRef<str>) -> Option<&mut Value> {
        let at = self.position(name.as_ref())?;
        self.own().list.get_mut(at).map(|(_, value)| value)
    }

    /// A member's name and value.
    pub fn get_key_value(&self, name: impl AsRef<str>) -> Option<(&Key, &Value)> {
        let at = self.position(name.as_ref())?;
        self.list().get(at).map(|(key, value)| (key, value))
    }

    /// Whether there is such a member.
    pub fn contains_key(&self, name: impl AsRef<str>) -> bool {
        self.position(name.as_ref()).is_some()
    }

    /// Sets a member; a new one comes last. Returns the value that it had.
    pub fn insert(&mut self, name: impl Into<Key>, value: Value) -> Option<Value> {
        let key = name.into();
        let members = self.own();
        match members.position(&key).and_then(|at| members.list.get_mut(at)) {
            Some((_, old)) => Some(std::mem::replace(old, value)),
            None => {
                members.push(key, value);
                None
            }
        }
    }

    /// Sets a member and has it stand at a place. Returns the value that it had.
    ///
    /// # Panics
    /// When the place is beyond the end.
    pub fn shift_insert(&mut self, place: usize, name: impl Into<Key>, value: Value) -> Option<Value> {
        let key = name.into();
        let members = self.own();
        let old = members.position(&key).map(|at| members.list.remove(at).1);
        members.list.insert(place, (key, value));
        members.reindex();
        old
    }

    /// Takes a member out; the others keep their order.
    pub fn shift_remove(&mut self, name: impl AsRef<str>) -> Option<Value> {
        self.shift_remove_entry(name).map(|(_, value)| value)
    }

    /// Takes a member out, with its name; the others keep their order.
    pub fn shift_remove_entry(&mut self, name: impl AsRef<str>) -> Option<(Key, Value)> {
        let at = self.position(name.as_ref())?;
        let members = self.own();
        let removed = members.list.remove(at);
        if members.index.is_some() {
            members.reindex();
        }
        Some(removed)
    }

    /// Takes a member out; the others keep their order.
    pub fn remove(&mut self, name: impl AsRef<str>) -> Option<Value> {
        self.shift_remove(name)
    }

    /// Takes the members of another object over.
    pub fn append(&mut self, other: &mut Self) {
        self.extend(std::mem::take(other));
    }

    /// The place of a member, whether or not it is there.
    pub fn entry(&mut self, name: impl Into<Key>) -> Entry<'_> {
        let key = name.into();
        match self.position(&key) {
            Some(at) => Entry::Occupied(OccupiedEntry { map: self, at }),
            None => Entry::Vacant(VacantEntry { map: self, key }),
        }
    }

    /// Keeps only some members.
    pub fn retain(&mut self, mut keep: impl FnMut(&Key, &mut Value) -> bool) {
        if self.is_empty() {
            return;
        }
        let members = self.own();
        let before = members.list.len();
        members.list.retain_mut(|(key, value)| keep(key, value));
        if members.index.is_some() && before != members.list.len() {
            members.reindex();
        }
    }

    /// Puts the members in the order of their names.
    pub fn sort_keys(&mut self) {
        if self.list().is_sorted_by(|(a, _), (b, _)| a <= b) {
            return;
        }
        let members = self.own();
        members.list.sort_by(|(a, _), (b, _)| a.cmp(b));
        if members.index.is_some() {
            members.reindex();
        }
    }

    /// The members.
    pub fn iter(&self) -> Iter<'_> {
        Iter(self.list().iter())
    }

    /// The members, whose values can be changed.
    pub fn iter_mut(&mut self) -> IterMut<'_> {
        IterMut(self.list_mut().iter_mut())
    }

    fn list_mut(&mut self) -> &mut [(Key, Value)] {
        if self.is_empty() { &mut [] } else { &mut self.own().list }
    }

    fn into_list(self) -> Vec<(Key, Value)> {
        self.members.map_or_else(Vec::new, |members| Arc::unwrap_or_clone(members).list)
    }

    /// Their names.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &Key> + ExactSizeIterator + Clone {
        self.list().iter().map(|(key, _)| key)
    }

    /// Their values.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &Value> + ExactSizeIterator + Clone {
        self.list().iter().map(|(_, value)| value)
    }

    /// Their values, to be changed.
    pub fn values_mut(&mut self) -> impl DoubleEndedIterator<Item = &mut Value> + ExactSizeIterator {
        self.list_mut().iter_mut().map(|(_, value)| value)
    }

    /// Their names, taken out.
    pub fn into_keys(self) -> impl DoubleEndedIterator<Item = Key> + ExactSizeIterator {
        self.into_list().into_iter().map(|(key, _)| key)
    }

    /// Their values, taken out.
    pub fn into_values(self) -> impl DoubleEndedIterator<Item = Value> + ExactSizeIterator {
        self.into_list().into_iter().map(|(_, value)| value)
    }
}

impl<K: Into<Key>> Extend<(K, Value)> for Map {
    fn extend<I: IntoIterator<Item = (K, Value)>>(&mut self, members: I) {
        for (key, value) in members {
            self.insert(key, value);
        }
    }
}

impl<K: Into<Key>> FromIterator<(K, Value)> for Map {
    fn from_iter<I: IntoIterator<Item = (K, Value)>>(members: I) -> Self {
        let members = members.into_iter();
        let mut map = Self::with_capacity(members.size_hint().0);
        map.extend(members);
        map
    }
}

impl<K: Into<Key>, const N: usize> From<[(K, Value); N]> for Map {
    fn from(members: [(K, Value); N]) -> Self {
        members.into_iter().collect()
    }
}

/// The same members, in whatever order.
impl PartialEq for Map {
    fn eq(&self, other: &Self) -> bool {
        let same = |((key, value), (name, theirs)): (&(Key, Value), &(Key, Value))| {
            if key == name { value == theirs } else { other.get(key).is_some_and(|theirs| value == theirs) }
        };
        self.is_shared_with(other) || self.len() == other.len() && self.list().iter().zip(other.list()).all(same)
    }
}

impl Eq for Map {}

/// Whatever the order, as equality is.
impl Hash for Map {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let mut members: Vec<_> = self.iter().collect();
        members.sort_unstable_by_key(|(key, _)| *key);
        members.hash(state);
    }
}

impl fmt::Debug for Map {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self).finish()
    }
}

impl<Q: AsRef<str> + ?Sized> std::ops::Index<&Q> for Map {
    type Output = Value;

    fn index(&self, name: &Q) -> &Value {
        let name = name.as_ref();
        self.get(name).unwrap_or_else(|| panic!("no member {name:?}"))
    }
}

impl<Q: AsRef<str> + ?Sized> std::ops::IndexMut<&Q> for Map {
    fn index_mut(&mut self, name: &Q) -> &mut Value {
        let name = name.as_ref();
        self.get_mut(name).unwrap_or_else(|| panic!("no member {name:?}"))
    }
}
