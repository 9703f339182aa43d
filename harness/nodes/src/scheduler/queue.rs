//! The pods that wait to be scheduled.
//!
//! The most important pod comes first, then the one that has waited longest. A pod that could not be scheduled waits until the cluster changes, and then
//! at least its back-off: a second after the first try, twice as long each time, ten seconds at most.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::time::Instant;

use super::pod::{Key, Pod};

const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(10);

/// A pod and what was tried with it.
#[derive(Debug, Clone)]
pub(super) struct Waiting {
    pub(super) pod: Pod,
    tries: u32,
    /// When it was tried last.
    tried: Option<Instant>,
}

/// The pods that wait to be scheduled.
#[derive(Debug, Default)]
pub(super) struct Queue {
    active: BTreeMap<(Reverse<i32>, u64), Waiting>,
    places: BTreeMap<Key, (Reverse<i32>, u64)>,
    /// Pods that no node fits.
    stuck: BTreeMap<Key, Waiting>,
    /// Pods that come back when their back-off is over.
    later: BTreeSet<(Instant, Key)>,
    resting: BTreeMap<Key, Waiting>,
    serial: u64,
    /// Counts changes of the cluster, so that one during a try is not missed.
    pub(super) changes: u64,
}

impl Queue {
    /// Puts a pod in, in place of what was known of it.
    pub(super) fn add(&mut self, pod: Pod) {
        self.remove(&pod.key());
        self.activate(Waiting { pod, tries: 0, tried: None });
    }

    fn activate(&mut self, waiting: Waiting) {
        self.serial += 1;
        let place = (Reverse(waiting.pod.priority), self.serial);
        self.places.insert(waiting.pod.key(), place);
        self.active.insert(place, waiting);
    }

    /// Forgets a pod; whether it was known.
    pub(super) fn remove(&mut self, key: &Key) -> bool {
        if let Some(place) = self.places.remove(key) {
            return self.active.remove(&place).is_some();
        }
        self.stuck.remove(key).is_some() || self.resting.remove(key).is_some()
    }

    /// What is known of a pod that waits.
    pub(super) fn get(&self, key: &Key) -> Option<&Pod> {
        let active = self.places.get(key).and_then(|place| self.active.get(place));
        let waiting = active.or_else(|| self.stuck.get(key)).or_else(|| self.resting.get(key));
        waiting.map(|waiting| &waiting.pod)
    }

    /// The next pod, or when to look again.
    pub(super) fn pop(&mut self, now: Instant) -> Result<Waiting, Option<Instant>> {
        while self.later.first().is_some_and(|(at, _)| *at <= now) {
            if let Some((_, key)) = self.later.pop_first()
                && let Some(waiting) = self.resting.remove(&key)
            {
                self.activate(waiting);
            }
        }
        let Some((_, mut waiting)) = self.active.pop_first() else {
            return Err(self.later.first().map(|(at, _)| *at));
        };
        self.places.remove(&waiting.pod.key());
        waiting.tries += 1;
        waiting.tried = Some(now);
        Ok(waiting)
    }

    /// Keeps a pod that no node fits; `seen` is the count of changes that its try began with.
    pub(super) fn stick(&mut self, waiting: Waiting, seen: u64, now: Instant) {
        if seen == self.changes {
            self.stuck.insert(waiting.pod.key(), waiting);
        } else {
            self.rest(waiting, now);
        }
    }

    /// Brings a pod back after its back-off.
    pub(super) fn rest(&mut self, waiting: Waiting, now: Instant) {
        let doubled = 1_u32.checked_shl(waiting.tries.saturating_sub(1)).and_then(|factor| FIRST.checked_mul(factor));
        let at = waiting.tried.unwrap_or(now) + doubled.unwrap_or(LONGEST).min(LONGEST);
        if at <= now {
            return self.activate(waiting);
        }
        let key = waiting.pod.key();
        self.later.insert((at, key.clone()));
        self.resting.insert(key, waiting);
    }

    /// The cluster changed in a way that may help.
    pub(super) fn changed(&mut self, now: Instant) {
        self.changes += 1;
        for (_, waiting) in std::mem::take(&mut self.stuck) {
            self.rest(waiting, now);
        }
    }
}
