//! A member that is there or not yet, found once.

use super::Map;
use crate::{Key, Value};

/// The place of a member.
pub enum Entry<'a> {
    /// It is there.
    Occupied(OccupiedEntry<'a>),
    /// It is not.
    Vacant(VacantEntry<'a>),
}

/// A member that is there.
pub struct OccupiedEntry<'a> {
    pub(super) map: &'a mut Map,
    pub(super) at: usize,
}

/// A member that is not there yet.
pub struct VacantEntry<'a> {
    pub(super) map: &'a mut Map,
    pub(super) key: Key,
}

impl<'a> Entry<'a> {
    /// Its value; this one if it is not there.
    pub fn or_insert(self, value: Value) -> &'a mut Value {
        self.or_insert_with(|| value)
    }

    /// Its value; what this makes if it is not there.
    pub fn or_insert_with(self, make: impl FnOnce() -> Value) -> &'a mut Value {
        match self {
            Self::Occupied(entry) => entry.into_mut(),
            Self::Vacant(entry) => entry.insert(make()),
        }
    }

    /// Changes its value, if it is there.
    #[must_use]
    pub fn and_modify(mut self, change: impl FnOnce(&mut Value)) -> Self {
        if let Self::Occupied(entry) = &mut self {
            change(entry.get_mut());
        }
        self
    }
}

impl<'a> OccupiedEntry<'a> {
    /// Its value.
    pub fn get(&self) -> &Value {
        &self.map.list()[self.at].1
    }

    /// Its value, to be changed.
    pub fn get_mut(&mut self) -> &mut Value {
        &mut self.map.own().list[self.at].1
    }

    /// Its value, for as long as the object is held.
    pub fn into_mut(self) -> &'a mut Value {
        &mut self.map.own().list[self.at].1
    }

    /// Gives it another value; returns the one that it had.
    pub fn insert(&mut self, value: Value) -> Value {
        std::mem::replace(self.get_mut(), value)
    }
}

impl<'a> VacantEntry<'a> {
    /// Its name.
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// Adds it, as the last one.
    pub fn insert(self, value: Value) -> &'a mut Value {
        let members = self.map.own();
        let at = members.push(self.key, value);
        &mut members.list[at].1
    }
}
