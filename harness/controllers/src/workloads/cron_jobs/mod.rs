//! CronJobs (`pkg/controller/cronjob`): a Job at each time of a schedule.
//!
//! * [`schedule`]: when that is.
//! * [`history`]: which finished Jobs stay.
//!
//! Times are those of the `timeZone`, or of UTC.

mod history;
mod schedule;

use std::sync::Arc;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use proofmark_json::{Value, json};

use super::{CRON_JOBS, JOBS, Key, children};
use crate::context::Context;
use crate::controllers::Clock;
use crate::kit::{Error, Informer, Next, Objects, Reason as _, Reconcile, Recorder, Selection, object, queue};
use schedule::Schedule;

const NAME: &str = "cronjob-controller";
/// The annotation of a Job that says for when it was made.
const SCHEDULED: &str = "batch.kubernetes.io/cronjob-scheduled-timestamp";
/// More times than this are not made up for one by one.
const MISSED: usize = 100;
/// Looks come a little after the time that they are for.
const LATE: SignedDuration = SignedDuration::from_millis(100);

pub(crate) fn start(context: &mut Context) {
    let api = context.account(NAME);
    let cron_jobs = context.objects(&api, Selection::whole(CRON_JOBS));
    let jobs = context.objects(&api, Selection::whole(JOBS));
    let (queue, worker) = queue::new();
    children::follow_own(&cron_jobs, &queue);
    let owners = Informer::clone(&cron_jobs);
    jobs.on_change(move |change| {
        if let Some(key) = children::owner(&owners, change.latest()) {
            queue.add(key);
        }
    });
    let caches = vec![Informer::clone(&cron_jobs), Informer::clone(&jobs)];
    let (recorder, clock) = (context.recorder(&api, NAME), context.options().clock.clone());
    context.run(worker, caches, CronJobs { cron_jobs, jobs, recorder, clock });
}

struct CronJobs {
    cron_jobs: Objects,
    jobs: Objects,
    recorder: Recorder,
    clock: Clock,
}

impl Reconcile for CronJobs {
    type Key = Key;
    type Error = Error;

    async fn reconcile(&self, (namespace, name): &Key) -> Result<Next, Error> {
        self.cron_jobs.settled().await;
        self.jobs.settled().await;
        let Some(found) = self.cron_jobs.get(namespace, name) else { return Ok(Next::Done) };
        let mut jobs = self.jobs.within(namespace);
        jobs.retain(|job| object::controller(job).is_some_and(|c| object::text(c, "/uid") == object::uid(&found)));
        let mut cron_job = Value::clone(&found);
        self.settle(&mut cron_job, &jobs);
        self.clean_up(&cron_job, &jobs).await?;
        let next = self.start_due(&mut cron_job, &jobs).await;
        if !object::same(&found["status"], &cron_job["status"]) {
            self.cron_jobs.update_status(&cron_job).await?;
        }
        next
    }
}

fn active(cron_job: &Value) -> Vec<Value> {
    object::list(cron_job, "/status/active").to_vec()
}

impl CronJobs {
    /// Takes Jobs that ended, or are gone, off the list of those that run.
    fn settle(&self, cron_job: &mut Value, jobs: &[Arc<Value>]) {
        let mut running = Vec::new();
        for reference in active(cron_job) {
            let name = object::text(&reference, "/name");
            match jobs.iter().find(|job| object::uid(job) == object::text(&reference, "/uid")) {
                None => {
                    self.recorder.normal(cron_job, "MissingJob", format_args!("Active job went missing: {name}"));
                }
                Some(job) => match history::ending(job) {
                    Some(end) => {
                        let message = format!("Saw completed job: {name}, condition: {}", object::text(end, "/type"));
                        self.recorder.normal(cron_job, "SawCompletedJob", message);
                    }
                    None => running.push(reference),
                },
            }
        }
        let known = |job: &Value| running.iter().any(|r| object::text(r, "/uid") == object::uid(job));
        for job in jobs.iter().filter(|job| history::ending(job).is_none() && !known(job)) {
            let message = format!("Saw a job that the controller did not create or forgot: {}", object::name(job));
            self.recorder.warning(cron_job, "UnexpectedJob", message);
        }
        let successes = jobs.iter().filter(|job| history::has_succeeded(job));
        let last = successes.filter_map(|job| object::time(job, "/status/completionTime")).max();
        if let Some(last) = last.max(object::time(cron_job, "/status/lastSuccessfulTime")) {
            cron_job["status"]["lastSuccessfulTime"] = json!(object::stamp(last));
        }
        cron_job["status"]["active"] = json!(running);
    }

    async fn clean_up(&self, cron_job: &Value, jobs: &[Arc<Value>]) -> Result<(), Error> {
        for job in history::surplus(cron_job, jobs) {
            self.delete(cron_job, job).await?;
        }
        Ok(())
    }

    async fn delete(&self, cron_job: &Value, job: &Value) -> Result<(), Error> {
        let name = object::name(job);
        match self.jobs.delete(job, &json!({"propagationPolicy": "Background"})).await {
            Err(error) if error.is_not_found() => Ok(()),
            Err(error) => {
                self.recorder.warning(cron_job, "FailedDelete", format_args!("Deleted job: {}", error.words()));
                Err(error)
            }
            Ok(()) => {
                self.recorder.normal(cron_job, "SuccessfulDelete", format_args!("Deleted job {name}"));
                Ok(())
            }
        }
    }

    /// Makes the Job of the last time that is due; when to look again.
    async fn start_due(&self, cron_job: &mut Value, jobs: &[Arc<Value>]) -> Result<Next, Error> {
        if object::is_being_deleted(cron_job) || object::flag(cron_job, "/spec/suspend") {
            return Ok(Next::Done);
        }
        let zone = object::text(cron_job, "/spec/timeZone");
        let known = if zone.is_empty() { Some(TimeZone::UTC) } else { schedule::time_zone(zone) };
        let Some(known) = known else {
            let message = format!("invalid timeZone: \"{zone}\": unknown time zone {zone}");
            self.recorder.warning(cron_job, "UnknownTimeZone", message);
            return Ok(Next::Done);
        };
        let text = object::text(cron_job, "/spec/schedule").to_owned();
        let schedule = match text.parse::<Schedule>() {
            Ok(schedule) => schedule,
            Err(why) => {
                let message = format!("unparseable schedule: \"{text}\" : {why}");
                self.recorder.warning(cron_job, "UnparseableSchedule", message);
                return Ok(Next::Done);
            }
        };
        let now = (self.clock)();
        let next = schedule
            .after(now, &known)
            .map_or(Next::Done, |at| Next::After((at.duration_since(now) + LATE).try_into().unwrap_or_default()));
        let Some(due) = self.due(cron_job, &schedule, &known, now) else { return Ok(next) };
        let deadline = object::number(cron_job, "/spec/startingDeadlineSeconds").map(SignedDuration::from_secs);
        if deadline.is_some_and(|deadline| due.checked_add(deadline).is_ok_and(|end| end < now)) {
            let message =
                format!("Missed scheduled time to start a job: {}", due.strftime("%a, %d %b %Y %H:%M:%S +0000"));
            self.recorder.warning(cron_job, "MissSchedule", message);
            return Ok(next);
        }
        let running = active(cron_job);
        match object::text(cron_job, "/spec/concurrencyPolicy") {
            "Forbid" if !running.is_empty() => {
                let why = "Not starting job because prior execution is running and concurrency policy is Forbid";
                self.recorder.normal(cron_job, "JobAlreadyActive", why);
                return Ok(next);
            }
            "Replace" => {
                for reference in &running {
                    let job = jobs.iter().find(|job| object::uid(job) == object::text(reference, "/uid"));
                    if let Some(job) = job {
                        self.delete(cron_job, job).await?;
                    }
                }
                cron_job["status"]["active"] = json!([]);
            }
            _ => {}
        }
        self.make(cron_job, due).await?;
        Ok(next)
    }

    /// The last time that has come since the last Job; none where none has.
    fn due(&self, cron_job: &Value, schedule: &Schedule, zone: &TimeZone, now: Timestamp) -> Option<Timestamp> {
        let created = object::time(cron_job, "/metadata/creationTimestamp")?;
        let mut since = object::time(cron_job, "/status/lastScheduleTime").unwrap_or(created);
        let deadline = object::number(cron_job, "/spec/startingDeadlineSeconds");
        if let Some(bound) = deadline.and_then(|s| now.checked_sub(SignedDuration::from_secs(s)).ok()) {
            since = since.max(bound);
        }
        let mut due = None;
        let mut count = 0_usize;
        while let Some(at) = schedule.after(since, zone).filter(|at| *at <= now) {
            (due, since) = (Some(at), at);
            count += 1;
            if count > MISSED {
                let message =
                    "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew";
                self.recorder.warning(cron_job, "TooManyMissedTimes", message);
                // Everything before the last time is given up.
                return schedule.last_before(now, zone).or(due);
            }
        }
        due
    }

    async fn make(&self, cron_job: &mut Value, due: Timestamp) -> Result<(), Error> {
        let template = &cron_job["spec"]["jobTemplate"];
        let name = format!("{}-{}", object::name(cron_job), due.as_second() / 60);
        let mut annotations =
            template.pointer("/metadata/annotations").and_then(Value::as_object).cloned().unwrap_or_default();
        annotations.insert(SCHEDULED.to_owned(), json!(object::stamp(due)));
        let job = json!({
            "apiVersion": JOBS.api_version(), "kind": JOBS.kind,
            "metadata": {
                "name": name, "namespace": object::namespace(cron_job),
                "labels": template.pointer("/metadata/labels"),
                "annotations": annotations,
                "creationTimestamp": object::stamp(due),
                "ownerReferences": [children::reference(cron_job, &CRON_JOBS)],
            },
            "spec": template["spec"],
        });
        let made = match self.jobs.create(&job).await {
            Ok(made) => {
                self.recorder.normal(cron_job, "SuccessfulCreate", format_args!("Created job {name}"));
                made
            }
            // Made before, and not noted: the Job of this time is there.
            Err(error) if error.is_already_exists() => {
                match self.jobs.read(object::namespace(cron_job), &name).await? {
                    Some(found)
                        if object::controller(&found)
                            .is_some_and(|c| object::text(c, "/uid") == object::uid(cron_job)) =>
                    {
                        found
                    }
                    _ => return Err(error),
                }
            }
            Err(error) if error.is_namespace_terminating() => return Ok(()),
            Err(error) => {
                self.recorder.warning(cron_job, "FailedCreate", format_args!("Error creating job: {}", error.words()));
                return Err(error);
            }
        };
        let mut running = active(cron_job);
        if history::ending(&made).is_none() && !running.iter().any(|r| object::text(r, "/uid") == object::uid(&made)) {
            running.push(json!({
                "kind": JOBS.kind, "namespace": object::namespace(&made), "name": name, "uid": object::uid(&made),
                "apiVersion": JOBS.api_version(), "resourceVersion": object::resource_version(&made),
            }));
        }
        cron_job["status"]["active"] = json!(running);
        cron_job["status"]["lastScheduleTime"] = json!(object::stamp(due));
        Ok(())
    }
}
