//! How many replicas each ReplicaSet of a Deployment has.

use proofmark_json::{Value, json};

use super::revisions::{DESIRED, MAXIMUM, by_age};
use super::{Sync, replicas};
use crate::kit::{Error, object};
use crate::workloads::int_or_percent::scaled;

/// Which of a Deployment's ReplicaSets: `None` is the new one.
pub(super) type Which = Option<usize>;

impl Sync<'_> {
    /// How many pods there may be beyond the replicas, and how many of these may be unavailable.
    fn fence_posts(&self) -> (i64, i64) {
        if !self.is_rolling() {
            return (0, 0);
        }
        let rule = |name: &str| self.deployment.pointer("/spec/strategy/rollingUpdate").and_then(|r| r.get(name));
        let surge = scaled(rule("maxSurge"), self.replicas(), true).unwrap_or(0);
        let unavailable = scaled(rule("maxUnavailable"), self.replicas(), false).unwrap_or(0);
        // Both may come to nothing for few replicas, and then nothing could move.
        if surge == 0 && unavailable == 0 { (0, 1) } else { (surge, unavailable) }
    }

    pub(super) fn max_surge(&self) -> i64 {
        self.fence_posts().0
    }

    pub(super) fn max_unavailable(&self) -> i64 {
        if self.replicas() == 0 { 0 } else { self.fence_posts().1.min(self.replicas()) }
    }

    /// How many replicas the new ReplicaSet may have now (`NewRSNewReplicas`).
    pub(super) fn room_for(&self, new: &Value) -> i64 {
        if !self.is_rolling() {
            return self.replicas();
        }
        let rule = self.deployment.pointer("/spec/strategy/rollingUpdate/maxSurge");
        let most = self.replicas() + scaled(rule, self.replicas(), true).unwrap_or(0);
        let present: i64 = self.all().map(replicas).sum();
        if present >= most {
            return replicas(new);
        }
        replicas(new) + (most - present).min(self.replicas() - replicas(new))
    }

    /// Whether the Deployment wants another number of replicas than when its ReplicaSets were last scaled.
    pub(super) fn was_scaled(&self) -> bool {
        let desired = |set: &Value| object::annotation(set, DESIRED).and_then(|text| text.parse::<i64>().ok());
        self.all().filter(|set| replicas(set) > 0).filter_map(desired).any(|desired| desired != self.replicas())
    }

    /// Scales without rolling: the only active ReplicaSet, or all of them in proportion.
    pub(super) async fn scale(&mut self) -> Result<(), Error> {
        let wanted = self.replicas();
        let active: Vec<Which> =
            self.places().filter(|at| self.set(*at).is_some_and(|set| replicas(set) > 0)).collect();
        let only = match active.as_slice() {
            [] if self.new.is_some() => Some(None),
            [] => self.old.iter().enumerate().max_by(|a, b| by_age(a.1, b.1)).map(|(at, _)| Some(at)),
            [one] => Some(*one),
            _ => None,
        };
        if active.len() < 2 {
            let Some(only) = only else { return Ok(()) };
            if self.set(only).is_some_and(|set| replicas(set) != wanted) {
                self.scale_set(only, wanted).await?;
            }
            return Ok(());
        }
        if self.is_saturated() {
            for at in active.into_iter().filter(Option::is_some) {
                self.scale_set(at, 0).await?;
            }
            return Ok(());
        }
        if self.is_rolling() { self.scale_in_proportion(active).await } else { Ok(()) }
    }

    /// Whether the new ReplicaSet has all replicas, and they are available.
    fn is_saturated(&self) -> bool {
        self.new.as_ref().is_some_and(|new| {
            replicas(new) == self.replicas()
                && object::annotation(new, DESIRED).and_then(|d| d.parse().ok()) == Some(self.replicas())
                && object::count(new, "/status/availableReplicas") == self.replicas()
        })
    }

    async fn scale_in_proportion(&mut self, mut active: Vec<Which>) -> Result<(), Error> {
        let present: i64 = active.iter().filter_map(|at| self.set(*at)).map(replicas).sum();
        let allowed = if self.replicas() > 0 { self.replicas() + self.max_surge() } else { 0 };
        let to_add = allowed - present;
        // Larger ones first; of equal ones the newer when adding, the older when taking.
        active.sort_by(|a, b| {
            let (Some(a), Some(b)) = (self.set(*a), self.set(*b)) else { return std::cmp::Ordering::Equal };
            let age = if to_add > 0 { by_age(b, a) } else { by_age(a, b) };
            replicas(b).cmp(&replicas(a)).then(age)
        });
        let mut sizes = Vec::with_capacity(active.len());
        let mut added = 0;
        for set in active.iter().filter_map(|at| self.set(*at)) {
            let share = if to_add == 0 { 0 } else { self.share(set, to_add, added) };
            added += share;
            sizes.push(replicas(set) + share);
        }
        if let Some(first) = sizes.first_mut() {
            *first = (*first + to_add - added).max(0);
        }
        for (at, size) in active.into_iter().zip(sizes) {
            self.scale_set(at, size).await?;
        }
        Ok(())
    }

    /// What of a change one ReplicaSet takes.
    fn share(&self, set: &Value, to_add: i64, added: i64) -> i64 {
        if replicas(set) == 0 || to_add == added {
            return 0;
        }
        let rest = to_add - added;
        let fraction = self.fraction(set);
        if to_add > 0 { fraction.min(rest) } else { fraction.max(rest) }
    }

    fn fraction(&self, set: &Value) -> i64 {
        let size = replicas(set);
        if self.replicas() == 0 {
            return -size;
        }
        let noted = object::annotation(set, MAXIMUM).and_then(|text| text.parse::<i64>().ok()).filter(|most| *most > 0);
        let before = noted.unwrap_or_else(|| object::count(&self.deployment, "/status/replicas"));
        if before == 0 {
            return 0;
        }
        let product = size * (self.replicas() + self.max_surge());
        // Half away from zero, and nothing here is negative.
        (2 * product + before).div_euclid(2 * before) - size
    }

    fn places(&self) -> impl Iterator<Item = Which> + use<> {
        (0..self.old.len()).map(Some).chain(self.new.is_some().then_some(None))
    }

    pub(super) fn set(&self, at: Which) -> Option<&Value> {
        match at {
            None => self.new.as_ref(),
            Some(at) => self.old.get(at),
        }
    }

    /// Gives a ReplicaSet another size, and tells of it. Whether its size changed.
    pub(super) async fn scale_set(&mut self, at: Which, size: i64) -> Result<bool, Error> {
        let Some(mut set) = self.set(at).cloned() else { return Ok(false) };
        let before = replicas(&set);
        if !self.annotate_counts(&mut set) && before == size {
            return Ok(false);
        }
        set["spec"]["replicas"] = json!(size);
        let scaled = self.controller.sets.update(&set).await?;
        if before != size {
            let direction = if before < size { "up" } else { "down" };
            let name = object::name(&scaled);
            let message = format!("Scaled {direction} replica set {name} from {before} to {size}");
            self.controller.recorder.normal(&self.deployment, "ScalingReplicaSet", message);
        }
        match at {
            None => self.new = Some(scaled),
            Some(at) => {
                if let Some(old) = self.old.get_mut(at) {
                    *old = scaled;
                }
            }
        }
        Ok(before != size)
    }

    /// As [`Sync::scale_set`], but leaves a ReplicaSet alone that has the size already.
    pub(super) async fn resize(&mut self, at: Which, size: i64) -> Result<bool, Error> {
        if self.set(at).is_none_or(|set| replicas(set) == size) { Ok(false) } else { self.scale_set(at, size).await }
    }
}
