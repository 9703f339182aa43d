//! Jobs and CronJobs.
//!
//! Source: `pkg/apis/batch/validation` and `pkg/registry/batch`, release 1.35.

mod cron_job;
mod policy;

use proofmark_json::{Map, Value, json};
use proofmark_status::FieldError;

use super::apps::WORKLOAD;
use super::pod;
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
        field_labels: Some(|label| format!("field label {} not supported for Job", proofmark_status::quote(label))),
        prepare_create: |job| {
            generate_selector(job);
            // Stored objects are defaulted when they are read: the job takes over the labels that its template just got.
            defaults::apply(job, None);
        },
        validate: job,
        validate_update: job_update,
        warnings: |new, old| warnings(new, old, "spec"),
        ..WORKLOAD
    },
    Strategy {
        group: "batch",
        resource: "cronjobs",
        pod: "/spec/jobTemplate/spec/template/spec",
        validate: |new| cron_job::validate(new, None),
        validate_update: |new, old| cron_job::validate(new, Some(old)),
        warnings: |new, old| warnings(new, old, "spec.jobTemplate.spec"),
        ..WORKLOAD
    },
];

/// What a client hears that deletes a job and does not say what becomes of its pods.
const ORPHANED: &str = "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning";

/// More completions and more parallel pods than these together are hard to keep track of.
const TRACKED: (i64, i64) = (100_000, 10_000);

/// What a client hears about the job at a path that is accepted all the same.
fn warnings(new: &Value, old: Option<&Value>, path: &str) -> Vec<String> {
    let mut out: Vec<String> = pod::owner_name(new).filter(|_| old.is_none()).into_iter().collect();
    let spec = Node::root(new).get(path);
    let many = spec.get("completions").number() > TRACKED.0 && spec.get("parallelism").number() > TRACKED.1;
    if spec.get("completionMode").is("Indexed") && many {
        out.push(format!("{path}: In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes might not be able to track completedIndexes when a big number of indexes fail"));
    }
    out.extend(pod::template_warnings(new, old, &format!("{path}.template")));
    out
}

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
fn object<'a>(members: &'a mut Map, name: &str) -> &'a mut Map {
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
    policy::failure(spec, errors);
    policy::success(object, spec, errors);
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

fn job_update(new: &Value, old: &Value) -> Errors {
    let mut errors = job(new);
    let (spec, before) = (Node::root(new).get("spec"), Node::root(old).get("spec"));
    // The specification is validated twice.
    selected_spec(new, &spec, &mut errors);
    completions(&spec, &before, &mut errors);
    check::immutable(&spec.get("selector"), &before.get("selector"), &mut errors);
    template_update(new, old, &mut errors);
    for field in ["completionMode", "podFailurePolicy", "backoffLimitPerIndex", "managedBy", "successPolicy"] {
        if !check::same(spec.get(field).value, before.get(field).value) {
            let shown = internal::show(new, &format!("/spec/{field}"));
            errors.push(FieldError::invalid(spec.child(field), shown, check::IMMUTABLE));
        }
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
