//! Finished Jobs go after a time that they name (`pkg/controller/ttlafterfinished`).

use std::time::Duration;

use jiff::SignedDuration;
use proofmark_json::{Value, json};

use super::conditions;
use crate::context::Context;
use crate::controllers::Clock;
use crate::kit::{Error, Informer, Next, Objects, Reason as _, Reconcile, Selection, object, queue};
use crate::workloads::{JOBS, Key, children};

const NAME: &str = "ttl-after-finished-controller";

pub(super) fn start(context: &mut Context) {
    let api = context.account(NAME);
    let jobs = context.objects(&api, Selection::whole(JOBS));
    let (queue, worker) = queue::new();
    jobs.on_change(move |change| {
        if let Some(job) = change.new.as_deref().filter(|job| expires(job)) {
            queue.add(children::key(job));
        }
    });
    let caches = vec![Informer::clone(&jobs)];
    context.run(worker, caches, Expiry { jobs, clock: context.options().clock.clone() });
}

fn expires(job: &Value) -> bool {
    object::number(job, "/spec/ttlSecondsAfterFinished").is_some()
        && conditions::is_finished(job)
        && !object::is_being_deleted(job)
}

struct Expiry {
    jobs: Objects,
    clock: Clock,
}

impl Expiry {
    /// How long a Job stays still; nothing where its time is over.
    fn left(&self, job: &Value) -> Option<Duration> {
        let seconds = SignedDuration::from_secs(object::count(job, "/spec/ttlSecondsAfterFinished"));
        let finished = conditions::ending(job).and_then(|end| object::time(end, "/lastTransitionTime"))?;
        let end = finished.checked_add(seconds).ok()?;
        Duration::try_from(end.duration_since((self.clock)())).ok().filter(|left| !left.is_zero())
    }
}

impl Reconcile for Expiry {
    type Key = Key;
    type Error = Error;

    async fn reconcile(&self, (namespace, name): &Key) -> Result<Next, Error> {
        self.jobs.settled().await;
        let cached = self.jobs.get(namespace, name).filter(|job| expires(job));
        if let Some(left) = cached.as_deref().and_then(|job| self.left(job)) {
            return Ok(Next::After(left));
        }
        // The time may have been changed since.
        let fresh = if cached.is_some() { self.jobs.read(namespace, name).await? } else { None };
        let Some(job) = fresh.filter(expires) else { return Ok(Next::Done) };
        if let Some(left) = self.left(&job) {
            return Ok(Next::After(left));
        }
        let options = json!({"propagationPolicy": "Foreground", "preconditions": {"uid": object::uid(&job)}});
        match self.jobs.delete(&job, &options).await {
            Err(error) if !error.is_not_found() && !error.is_conflict() => Err(error),
            _ => Ok(Next::Done),
        }
    }
}
