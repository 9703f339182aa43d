//! Jobs and CronJobs.
//!
//! Source: `pkg/apis/batch/validation` and `pkg/registry/batch`, release 1.35.

use std::collections::BTreeSet;

use proofmark_status::FieldError;
use serde_json::{Map, Value, json};

use super::apps::WORKLOAD;
use super::{pod, schedule};
use crate::node::{Errors, Node};
use crate::strategy::{Dependents, Repeats};
use crate::{Strategy, check, content, defaults, internal, meta};

pub(super) const ROWS: &[Strategy] = &[
    Strategy {
        group: "batch",
        resource: "jobs",
        repeats: Repeats::Both,
        dependents: Dependents::OrphanedWith(ORPHANED),
        fields: &[("status.successful", "/status/succeeded")],
        field_labels: true,
        prepare_create: |job| {
            generate_selector(job);
            // Stored objects are defaulted when they are read: the job takes over the labels that its template just got.
            defaults::apply(job);
        },
        validate: job,
        validate_update: job_update,
        ..WORKLOAD
    },
    Strategy {
        group: "batch",
        resource: "cronjobs",
        validate: |new| cron_job(new, None),
        validate_update: |new, old| cron_job(new, Some(old)),
        warnings: |new, old| pod::template_warnings(new, old, "spec.jobTemplate.spec.template"),
        ..WORKLOAD
    },
];

/// What a client hears that deletes a job and does not say what becomes of its pods.
const ORPHANED: &str = "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning";

/// Labels by which a job knows its pods: old and new names.
const UID_LABELS: [&str; 2] = ["controller-uid", "batch.kubernetes.io/controller-uid"];
const NAME_LABELS: [&str; 2] = ["job-name", "batch.kubernetes.io/job-name"];

/// Unless told otherwise, a job picks the pods that carry its uid, and labels its template so.
fn generate_selector(job: &mut Value) {
    if job.pointer("/spec/manualSelector") == Some(&json!(true)) {
        return;
    }
    let (name, uid) = (meta::text(job, "name").to_owned(), meta::text(job, "uid").to_owned());
    let Some(spec) = job.get_mut("spec").and_then(Value::as_object_mut) else { return };
    let template = object(spec, "template");
    let labels = object(object(template, "metadata"), "labels");
    for (keys, value) in [(NAME_LABELS, &name), (UID_LABELS, &uid)] {
        for key in keys {
            labels.entry(key).or_insert_with(|| json!(value));
        }
    }
    labels.sort_keys();
    let wanted = object(object(spec, "selector"), "matchLabels");
    wanted.entry(UID_LABELS[1]).or_insert_with(|| json!(uid));
    wanted.sort_keys();
}

/// A member that is an object, made when it is not.
fn object<'a>(members: &'a mut Map<String, Value>, name: &str) -> &'a mut Map<String, Value> {
    let member = members.entry(name).or_insert_with(|| json!({}));
    if !member.is_object() {
        *member = json!({});
    }
    match member {
        Value::Object(members) => members,
        _ => unreachable!("made an object above"),
    }
}

fn job(job: &Value) -> Errors {
    let mut errors = Errors::new();
    generated(job, &mut errors);
    let spec = Node::root(job).get("spec");
    selected_spec(job, &spec, &mut errors);
    indexed_name(job, &spec, &mut errors);
    errors
}

/// A specification whose selector picks the template.
fn selected_spec(job: &Value, spec: &Node<'_>, errors: &mut Errors) {
    job_spec(job, spec, errors);
    let selector = spec.get("selector");
    if selector.given() {
        check::selector(&selector, errors);
    } else {
        errors.push(selector.required(""));
    }
    let labels = job.pointer("/spec/template/metadata/labels");
    if !(selector.given() && check::matches(selector.value, labels.and_then(Value::as_object))) {
        let at = spec.child("template.metadata.labels");
        errors.push(FieldError::invalid(at, check::or_null(labels), "`selector` does not match template `labels`"));
    }
}

/// A selector that was generated must have stayed so.
fn generated(job: &Value, errors: &mut Errors) {
    let spec = Node::root(job).get("spec");
    let selector = spec.get("selector");
    if spec.get("manualSelector").on() || !selector.given() {
        return;
    }
    let (name, uid) = (meta::text(job, "name"), meta::text(job, "uid"));
    let labels = job.pointer("/spec/template/metadata/labels").and_then(Value::as_object);
    let mut expected = Map::new();
    for (uid_label, name_label) in UID_LABELS.into_iter().zip(NAME_LABELS) {
        for (label, value) in [(uid_label, uid), (name_label, name)] {
            expected.insert(label.to_owned(), json!(value));
            let at = "spec.template.metadata.labels";
            match labels.and_then(|l| l.get(label)).and_then(Value::as_str) {
                None => errors.push(FieldError::required(format!("{at}[{label}]"), format!("must be '{value}'"))),
                Some(given) if given != value => {
                    let shown = check::or_null(labels.map(|l| Value::Object(l.clone())).as_ref());
                    errors.push(FieldError::invalid(format!("{at}[{label}]"), shown, format!("must be '{value}'")));
                }
                Some(_) => {}
            }
        }
    }
    if !check::matches(selector.value, Some(&expected)) {
        errors.push(selector.invalid("`selector` not auto-generated"));
    }
}

/// The pods of an indexed job are named after it and their index.
fn indexed_name(job: &Value, spec: &Node<'_>, errors: &mut Errors) {
    let completions = spec.get("completions").number();
    if spec.get("completionMode").is("Indexed") && completions > 0 {
        let name = meta::text(job, "name");
        let last = format!("{name}-{}", completions - 1);
        if !content::dns_label(&last).is_empty() {
            let why = format!("will not able to create pod with invalid DNS label: {last}");
            errors.push(FieldError::invalid("metadata.name", name, why));
        }
    }
}

/// A `JobSpec` in a job or a template of jobs.
fn job_spec(object: &Value, spec: &Node<'_>, errors: &mut Errors) {
    let field = |name: &str| spec.get(name);
    let numbers = [
        "parallelism",
        "completions",
        "activeDeadlineSeconds",
        "backoffLimit",
        "ttlSecondsAfterFinished",
        "backoffLimitPerIndex",
        "maxFailedIndexes",
    ];
    for name in numbers {
        check::non_negative(&field(name), errors);
    }
    if field("maxFailedIndexes").given() && !field("backoffLimitPerIndex").given() {
        errors.push(field("backoffLimitPerIndex").required("when maxFailedIndexes is specified"));
    }
    managed_by(&field("managedBy"), errors);
    let mode = field("completionMode");
    if mode.given() {
        check::supported_text(&mode, &["NonIndexed", "Indexed"], errors);
    }
    if mode.is("Indexed") {
        indexed(spec, errors);
    } else if !mode.given() || mode.is("NonIndexed") {
        for name in ["backoffLimitPerIndex", "maxFailedIndexes"] {
            if field(name).given() {
                errors.push(field(name).invalid("requires indexed completion mode"));
            }
        }
    }
    failure_policy(spec, errors);
    success_policy(object, spec, errors);
    let replacement = field("podReplacementPolicy");
    if replacement.given() {
        let supported: &[&str] =
            if field("podFailurePolicy").given() { &["Failed"] } else { &["Failed", "TerminatingOrFailed"] };
        check::supported_text(&replacement, supported, errors);
    }
    pod::template(object, &field("template"), errors);
    let restart = spec.get("template.spec.restartPolicy");
    match restart.text() {
        "" | "Always" => errors.push(restart.required("valid values: \"OnFailure\", \"Never\"")),
        "OnFailure" if field("podFailurePolicy").given() => {
            errors.push(restart.invalid("only \"Never\" is supported when podFailurePolicy is specified"));
        }
        "OnFailure" | "Never" => {}
        _ => errors.push(restart.not_supported(&["OnFailure", "Never"])),
    }
}

fn managed_by(node: &Node<'_>, errors: &mut Errors) {
    if !node.given() {
        return;
    }
    let text = node.text();
    match text.split_once('/').filter(|(host, path)| !host.is_empty() && !path.is_empty()) {
        _ if text.is_empty() => errors.push(node.required("")),
        None => errors.push(node.invalid("must be a domain-prefixed path (such as \"acme.io/foo\")")),
        Some((host, _)) => {
            let complaints = content::dns_subdomain(host);
            errors.extend(complaints.into_iter().map(|why| FieldError::invalid(node.at.clone(), host, why)));
        }
    }
    if text.len() > 63 {
        errors.push(FieldError::too_long(node.at.clone(), 63));
    }
}

fn indexed(spec: &Node<'_>, errors: &mut Errors) {
    let field = |name: &str| spec.get(name);
    let (completions, parallelism, failed) = (field("completions"), field("parallelism"), field("maxFailedIndexes"));
    if !completions.given() {
        errors.push(completions.required("when completion mode is Indexed"));
    }
    if parallelism.number() > 100_000 {
        errors.push(parallelism.invalid("must be less than or equal to 100000 when completion mode is Indexed"));
    }
    if completions.given() && failed.given() && failed.number() > completions.number() {
        errors.push(failed.invalid("must be less than or equal to completions"));
    }
    if failed.number() > 100_000 {
        errors.push(failed.invalid("must be less than or equal to 100000"));
    }
    if completions.number() > 100_000 && field("backoffLimitPerIndex").given() {
        if !failed.given() {
            errors.push(failed.required("must be specified when completions is above 100000"));
        }
        for node in [parallelism, failed] {
            if node.number() > 10_000 {
                let why = "must be less than or equal to 10000 when completions are above 100000 and used with backoff limit per index";
                errors.push(node.invalid(why));
            }
        }
    }
}

fn failure_policy(spec: &Node<'_>, errors: &mut Errors) {
    let rules = spec.get("podFailurePolicy.rules");
    if rules.len() > 20 {
        errors.push(FieldError::too_many(rules.at.clone(), rules.len(), 20));
    }
    let pod = spec.get("template.spec");
    let of = |list: &str| pod.get(list).items().map(|c| c.get("name").text()).collect::<Vec<_>>();
    let names: BTreeSet<&str> = of("containers").into_iter().chain(of("initContainers")).collect();
    for rule in rules.items() {
        let action = rule.get("action");
        match action.text() {
            "" => errors.push(action.required("valid values: [\"Count\" \"FailIndex\" \"FailJob\" \"Ignore\"]")),
            "FailIndex" if !spec.get("backoffLimitPerIndex").given() => {
                errors.push(action.invalid("requires the backoffLimitPerIndex to be set"));
            }
            "Count" | "FailIndex" | "FailJob" | "Ignore" => {}
            _ => errors.push(action.not_supported(&["Count", "FailIndex", "FailJob", "Ignore"])),
        }
        let codes = rule.get("onExitCodes");
        if codes.given() {
            exit_codes(&codes, &names, errors);
        }
        let conditions = rule.get("onPodConditions");
        if conditions.len() > 20 {
            errors.push(FieldError::too_many(conditions.at.clone(), conditions.len(), 20));
        }
        for pattern in conditions.items() {
            check::shape(&pattern.get("type"), content::qualified_name, errors);
            let status = pattern.get("status");
            if status.filled() {
                check::supported_text(&status, &["False", "True", "Unknown"], errors);
            } else {
                errors.push(status.required("valid values: [\"False\" \"True\" \"Unknown\"]"));
            }
        }
    }
}

fn exit_codes(codes: &Node<'_>, names: &BTreeSet<&str>, errors: &mut Errors) {
    let operator = codes.get("operator");
    if operator.filled() {
        check::supported_text(&operator, &["In", "NotIn"], errors);
    } else {
        errors.push(operator.required("valid values: [\"In\" \"NotIn\"]"));
    }
    let container = codes.get("containerName");
    if container.given() && !names.contains(container.text()) {
        errors.push(container.invalid("must be one of the container or initContainer names in the pod template"));
    }
    let values = codes.get("values");
    if values.len() == 0 {
        errors.push(values.invalid("at least one value is required"));
    } else if values.len() > 255 {
        errors.push(FieldError::too_many(values.at.clone(), values.len(), 255));
    }
    let mut seen = BTreeSet::new();
    let mut last = i64::MIN;
    let mut ordered = true;
    for value in values.items() {
        let number = value.number();
        if operator.is("In") && number == 0 {
            errors.push(value.invalid("must not be 0 for the In operator"));
        }
        if !seen.insert(number) {
            errors.push(value.duplicate());
        }
        ordered &= last <= number;
        last = number;
    }
    if !ordered {
        errors.push(values.invalid("must be ordered"));
    }
}

fn success_policy(object: &Value, spec: &Node<'_>, errors: &mut Errors) {
    let policy = spec.get("successPolicy");
    if !policy.given() {
        return;
    }
    if !spec.get("completionMode").is("Indexed") {
        let shown = internal::show(object, "/spec/successPolicy");
        errors.push(FieldError::invalid(policy.at.clone(), shown, "requires indexed completion mode"));
        return;
    }
    let rules = policy.get("rules");
    if rules.len() == 0 {
        errors.push(rules.required("at least one rules must be specified when the successPolicy is specified"));
    }
    if rules.len() > 20 {
        errors.push(FieldError::too_many(rules.at.clone(), rules.len(), 20));
    }
    let completions = spec.get("completions").number();
    for rule in rules.items() {
        let (count, indexes) = (rule.get("succeededCount"), rule.get("succeededIndexes"));
        if !count.given() && !indexes.given() {
            errors.push(rule.required("at least one of succeededCount or succeededIndexes must be specified"));
        }
        check::non_negative(&count, errors);
        if count.number() > completions {
            let why = format!("must be less than or equal to {completions} (the number of specified completions)");
            errors.push(count.invalid(why));
        }
    }
}

fn job_update(new: &Value, old: &Value) -> Errors {
    let mut errors = job(new);
    let (spec, before) = (Node::root(new).get("spec"), Node::root(old).get("spec"));
    // The specification is validated twice.
    selected_spec(new, &spec, &mut errors);
    completions(&spec, &before, &mut errors);
    check::immutable(&spec.get("selector"), &before.get("selector"), &mut errors);
    template_update(new, old, &mut errors);
    for field in ["completionMode", "podFailurePolicy", "backoffLimitPerIndex", "managedBy", "successPolicy"] {
        check::immutable(&spec.get(field), &before.get(field), &mut errors);
    }
    errors
}

/// Only an indexed job can be resized, together with its parallelism.
fn completions(spec: &Node<'_>, before: &Node<'_>, errors: &mut Errors) {
    let (now, then) = (spec.get("completions"), before.get("completions"));
    if !spec.get("completionMode").is("Indexed") {
        check::immutable(&now, &then, errors);
    } else if now.value != then.value && now.given() && now.number() != spec.get("parallelism").number() {
        errors.push(now.invalid("can only be modified in tandem with spec.parallelism"));
    }
}

/// The template of a job that never started may say where its pods run.
fn template_update(new: &Value, old: &Value, errors: &mut Errors) {
    let suspended = old.pointer("/spec/suspend") == Some(&json!(true));
    let started = old.pointer("/status/startTime").is_some_and(|t| !t.is_null());
    let now = check::or_null(new.pointer("/spec/template"));
    let mut then = check::or_null(old.pointer("/spec/template"));
    if suspended && !started {
        for at in [
            "/spec/nodeSelector",
            "/spec/tolerations",
            "/spec/schedulingGates",
            "/metadata/annotations",
            "/metadata/labels",
        ] {
            copy(&mut then, &now, at);
        }
        if let Some(affinity) = now.pointer("/spec/affinity/nodeAffinity") {
            then["spec"]["affinity"]["nodeAffinity"] = affinity.clone();
        } else if let Some(affinity) = then.pointer_mut("/spec/affinity").and_then(Value::as_object_mut) {
            affinity.shift_remove("nodeAffinity");
        }
    }
    if !check::same(&now, &then) {
        errors.push(FieldError::invalid("spec.template", internal::show(new, "/spec/template"), check::IMMUTABLE));
    }
}

fn copy(to: &mut Value, from: &Value, at: &str) {
    let Some((parent, name)) = at.rsplit_once('/') else { return };
    let Some(members) = to.pointer_mut(parent).and_then(Value::as_object_mut) else { return };
    match from.pointer(at) {
        Some(value) => members.insert(name.to_owned(), value.clone()),
        None => members.shift_remove(name),
    };
}

/// The longest name of a CronJob: its jobs' names are eleven characters longer.
const CRON_NAME_MAX: usize = 52;

fn cron_job(new: &Value, old: Option<&Value>) -> Errors {
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
    job_spec(new, &template, &mut errors);
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
    } else if !text.split('/').all(fits) {
        errors.push(zone.invalid(format!("unknown time zone {text}")));
    } else if text.eq_ignore_ascii_case("local") {
        errors
            .push(zone.invalid("timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones"));
    }
}
