//! A list of members that finds them.
//!
//! A small object is a list that is looked through: with a dozen short names that is faster than a hash. Beyond [`LISTED`] members an index of their hashes stands
//! beside the list, by a keyed hash, so that no body can be made to collide.

use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;

use hashbrown::HashTable;

use crate::{Key, Value};

/// Up to how many members there is no index.
const LISTED: usize = 16;

/// Hashes names; keyed once per process.
static HASHER: LazyLock<RandomState> = LazyLock::new(RandomState::new);

#[derive(Clone, Default)]
pub(super) struct Members {
    pub(super) list: Vec<(Key, Value)>,
    /// Where each name stands, once there are many.
    pub(super) index: Option<Box<HashTable<u32>>>,
}

fn hash(name: &str) -> u64 {
    HASHER.hash_one(name)
}

/// Whether two names are equal. Most are short, and most have other lengths: this spares the call of a comparison of any length.
fn is_same(key: &str, name: &str) -> bool {
    let (key, name) = (key.as_bytes(), name.as_bytes());
    if key.len() != name.len() {
        return false;
    }
    // The first and the last bytes of a name, which may overlap, are all of it.
    match key.len() {
        0 => true,
        1..4 => key == name,
        4..8 => key.first_chunk::<4>() == name.first_chunk() && key.last_chunk::<4>() == name.last_chunk(),
        8..=16 => key.first_chunk::<8>() == name.first_chunk() && key.last_chunk::<8>() == name.last_chunk(),
        17..=32 => key.first_chunk::<16>() == name.first_chunk() && key.last_chunk::<16>() == name.last_chunk(),
        _ => key == name,
    }
}

impl Members {
    /// Where a member stands.
    pub(super) fn position(&self, name: &str) -> Option<usize> {
        match &self.index {
            None => self.list.iter().position(|(key, _)| is_same(key, name)),
            Some(index) => {
                let found = index.find(hash(name), |at| self.name(*at) == name);
                found.map(|at| *at as usize)
            }
        }
    }

    fn name(&self, at: u32) -> &str {
        self.list.get(at as usize).map_or("", |(key, _)| key)
    }

    /// Adds a member that is not there yet, at the end.
    pub(super) fn push(&mut self, key: Key, value: Value) -> usize {
        let at = self.list.len();
        if at == self.list.capacity() {
            // Most objects are small: the usual first step of four members is more than half of them need.
            self.list.reserve_exact(at.max(2));
        }
        let indexed = self.index.is_some();
        let hashed = if indexed { hash(&key) } else { 0 };
        self.list.push((key, value));
        if let Some(index) = &mut self.index {
            let list = &self.list;
            index.insert_unique(hashed, at as u32, |at| list.get(*at as usize).map_or(0, |(key, _)| hash(key)));
        } else if self.list.len() > LISTED {
            self.reindex();
        }
        at
    }

    /// Makes the index anew, where there has to be one.
    pub(super) fn reindex(&mut self) {
        if self.list.len() <= LISTED {
            self.index = None;
            return;
        }
        let mut index = HashTable::with_capacity(self.list.len());
        for (at, (key, _)) in self.list.iter().enumerate() {
            let of = |at: &u32| self.list.get(*at as usize).map_or(0, |(key, _)| hash(key));
            index.insert_unique(hash(key), at as u32, of);
        }
        self.index = Some(Box::new(index));
    }
}
