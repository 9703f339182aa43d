//! From the old ReplicaSets to the new one.

use proofmark_json::Value;

use super::revisions::by_age;
use super::{Sync, SyncError, replicas};
use crate::kit::{Error, Next, object};
use crate::workloads::{children, pods};

impl Sync<'_> {
    /// `RollingUpdate`: never more pods than the surge allows, never fewer available than must be.
    pub(super) async fn roll(mut self) -> Result<Next, SyncError> {
        self.find_revisions(true).await?;
        let moved = self.grow_new().await? || self.shrink_old().await?;
        if !moved && self.is_complete(&self.deployment["status"]) {
            self.clean_up().await?;
        }
        self.write_progress().await
    }

    /// `Recreate`: every old pod goes before the first new one comes.
    pub(super) async fn recreate(mut self) -> Result<Next, SyncError> {
        let mut scaled = false;
        for at in 0..self.old.len() {
            scaled |= self.resize(Some(at), 0).await?;
        }
        if scaled || self.old_pods_run() {
            return self.write_progress().await;
        }
        if self.new.is_none() {
            self.find_revisions(true).await?;
        }
        self.resize(None, self.replicas()).await?;
        if self.is_complete(&self.deployment["status"]) {
            self.clean_up().await?;
        }
        self.write_progress().await
    }

    fn old_pods_run(&self) -> bool {
        let runs = |set: &Value| {
            let pods = children::controlled(&self.controller.pods, set);
            object::count(set, "/status/replicas") > 0 || pods.iter().any(|pod| !pods::is_finished(pod))
        };
        self.old.iter().any(runs)
    }

    async fn grow_new(&mut self) -> Result<bool, Error> {
        let Some(new) = &self.new else { return Ok(false) };
        let wanted = self.replicas();
        let size = if replicas(new) > wanted { wanted } else { self.room_for(new) };
        if replicas(new) == wanted {
            return Ok(false);
        }
        self.resize(None, size).await
    }

    /// Takes away what is not healthy, and then as much as may be unavailable.
    async fn shrink_old(&mut self) -> Result<bool, Error> {
        if self.old.iter().all(|set| replicas(set) == 0) {
            return Ok(false);
        }
        let available = |set: &Value| object::count(set, "/status/availableReplicas");
        let least = self.replicas() - self.max_unavailable();
        let present: i64 = self.all().map(replicas).sum();
        let new_unavailable = self.new.as_ref().map_or(0, |new| replicas(new) - available(new));
        let mut spare = present - least - new_unavailable;
        if spare <= 0 {
            return Ok(false);
        }
        let mut order: Vec<usize> = (0..self.old.len()).collect();
        order.sort_by(|a, b| match (self.old.get(*a), self.old.get(*b)) {
            (Some(a), Some(b)) => by_age(a, b),
            _ => std::cmp::Ordering::Equal,
        });
        let mut moved = false;
        for at in &order {
            let Some(set) = self.old.get(*at) else { continue };
            let unhealthy = (replicas(set) - available(set)).min(spare);
            if unhealthy > 0 {
                let size = replicas(set) - unhealthy;
                moved |= self.resize(Some(*at), size).await?;
                spare -= unhealthy;
            }
        }
        let mut surplus = self.all().map(available).sum::<i64>() - least;
        for at in order {
            let Some(set) = self.old.get(at) else { continue };
            let taken = replicas(set).min(surplus);
            if taken > 0 {
                let size = replicas(set) - taken;
                moved |= self.resize(Some(at), size).await?;
                surplus -= taken;
            }
        }
        Ok(moved)
    }
}
