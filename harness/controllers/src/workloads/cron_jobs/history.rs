//! Which finished Jobs of a CronJob stay.

use std::sync::Arc;

use proofmark_json::Value;

use crate::kit::object;

/// The condition that ended a Job.
pub(super) fn ending(job: &Value) -> Option<&Value> {
    ["Complete", "Failed"].iter().find_map(|of_type| {
        object::condition(job, of_type).filter(|condition| object::text(condition, "/status") == "True")
    })
}

pub(super) fn has_succeeded(job: &Value) -> bool {
    ending(job).is_some_and(|end| end["type"] == "Complete")
}

/// The oldest finished Jobs beyond those that are kept.
pub(super) fn surplus<'a>(cron_job: &Value, jobs: &'a [Arc<Value>]) -> Vec<&'a Value> {
    let mut surplus = Vec::new();
    for (succeeded, limit) in [(true, "/spec/successfulJobsHistoryLimit"), (false, "/spec/failedJobsHistoryLimit")] {
        let Some(limit) = object::number(cron_job, limit).and_then(|limit| usize::try_from(limit).ok()) else {
            continue;
        };
        let finished = jobs.iter().filter(|job| ending(job).is_some() && has_succeeded(job) == succeeded);
        let mut finished: Vec<&Value> = finished.map(|job| &**job).collect();
        finished.sort_by_key(|job| (object::time(job, "/status/startTime"), object::name(job).to_owned()));
        let beyond = finished.len().saturating_sub(limit);
        surplus.extend(finished.into_iter().take(beyond));
    }
    surplus
}
