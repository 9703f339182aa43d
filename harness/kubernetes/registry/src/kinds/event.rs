//! Events: one kind of object in two API groups, with stricter rules in the newer one.
//!
//! Source: `pkg/apis/core/validation/events.go`, release 1.35.

use proofmark_json::Value;
use proofmark_status::FieldError;

use crate::node::{Errors, Node};
use crate::strategy::{BASE, Dependents, LABELS, NameRule, Repeats};
use crate::{Strategy, check, content, internal, meta};

const FIELDS: &[(&str, &str)] = &[
    ("involvedObject.kind", "/involvedObject/kind"),
    ("involvedObject.namespace", "/involvedObject/namespace"),
    ("involvedObject.name", "/involvedObject/name"),
    ("involvedObject.uid", "/involvedObject/uid"),
    ("involvedObject.apiVersion", "/involvedObject/apiVersion"),
    ("involvedObject.resourceVersion", "/involvedObject/resourceVersion"),
    ("involvedObject.fieldPath", "/involvedObject/fieldPath"),
    ("reason", "/reason"),
    ("reportingComponent", "/reportingComponent"),
    ("source", "/source/component"),
    ("type", "/type"),
];

const EVENT: Strategy = Strategy {
    resource: "events",
    repeats: Repeats::Nothing,
    dependents: Dependents::Unsupported,
    create_on_update: true,
    fields: FIELDS,
    field_labels: LABELS,
    validate: |new| event(new, None),
    validate_update: |new, old| event(new, Some(old)),
    ..BASE
};

pub(super) const ROWS: &[Strategy] = &[
    Strategy { name: NameRule::PathSegment, late_metadata: true, ..EVENT },
    Strategy {
        group: "events.k8s.io",
        fields: &[
            ("regarding.kind", "/regarding/kind"),
            ("regarding.namespace", "/regarding/namespace"),
            ("regarding.name", "/regarding/name"),
            ("regarding.uid", "/regarding/uid"),
            ("regarding.apiVersion", "/regarding/apiVersion"),
            ("regarding.resourceVersion", "/regarding/resourceVersion"),
            ("regarding.fieldPath", "/regarding/fieldPath"),
            ("reason", "/reason"),
            ("reportingController", "/reportingController"),
            ("type", "/type"),
        ],
        ..EVENT
    },
];

/// A field under its two names: in the core group and in `events.k8s.io`. Complaints name internal fields.
struct Names {
    object: &'static str,
    message: &'static str,
    controller: &'static str,
    /// What a complaint calls the controller.
    controller_shown: &'static str,
    first: &'static str,
    last: &'static str,
    count: &'static str,
    source: &'static str,
}

const CORE: Names = Names {
    object: "involvedObject",
    message: "message",
    controller: "reportingComponent",
    controller_shown: "reportingComponent",
    first: "firstTimestamp",
    last: "lastTimestamp",
    count: "count",
    source: "source",
};

const NEW: Names = Names {
    object: "regarding",
    message: "note",
    controller: "reportingController",
    controller_shown: "reportingController",
    first: "deprecatedFirstTimestamp",
    last: "deprecatedLastTimestamp",
    count: "deprecatedCount",
    source: "deprecatedSource",
};

fn event(new: &Value, old: Option<&Value>) -> Errors {
    let mut errors = Errors::new();
    let is_core = new.get("apiVersion").and_then(Value::as_str) == Some("v1");
    let names = if is_core { &CORE } else { &NEW };
    legacy(new, names, &mut errors);
    match old {
        _ if is_core => {}
        Some(old) => unchanged(new, old, names, &mut errors),
        None => strict(new, names, &mut errors),
    }
    errors
}

/// Rules of both groups. An event with a time is a new one, wherever it was written.
fn legacy(new: &Value, names: &Names, errors: &mut Errors) {
    let root = Node::root(new);
    let namespace = meta::text(new, "namespace");
    let place = root.get(names.object).get("namespace");
    let at = "involvedObject.namespace";
    let mismatch = || FieldError::invalid(at, place.text(), "does not match event.namespace");
    let default = namespace == "default";
    if root.get("eventTime").given() {
        if !place.filled() && !default && namespace != "kube-system" {
            errors.push(mismatch());
        }
        let controller = Node { at: names.controller_shown.to_owned(), ..root.get(names.controller) };
        check::required(&controller, errors);
        check::shape(&controller, content::qualified_name, errors);
        for (field, shown, needed) in [
            ("reportingInstance", "reportingInstance", true),
            ("action", "action", true),
            ("reason", "reason", true),
            (names.message, "message", false),
        ] {
            let node = root.get(field);
            let most = if needed { 128 } else { 1024 };
            if needed && !node.filled() {
                errors.push(FieldError::required(shown, ""));
            }
            if node.text().len() > most {
                errors.push(FieldError::invalid(shown, "", format!("can have at most {most} characters")));
            }
        }
    } else if place.filled() {
        if place.text() != namespace {
            errors.push(mismatch());
        }
    } else if !namespace.is_empty() && !default {
        errors.push(mismatch());
    }
    let complaints = content::dns_subdomain(namespace);
    errors.extend(complaints.into_iter().map(|why| FieldError::invalid("namespace", namespace, why)));
}

/// Rules of `events.k8s.io` for new events.
fn strict(new: &Value, names: &Names, errors: &mut Errors) {
    let root = Node::root(new);
    series(&root, errors);
    if !root.get("eventTime").given() {
        errors.push(FieldError::required("eventTime", ""));
    }
    let kind = root.get("type").text();
    if !matches!(kind, "Normal" | "Warning") {
        errors.push(FieldError::invalid("type", "", format!("has invalid value: {kind}")));
    }
    let fields = [
        (names.first, "firstTimestamp"),
        (names.last, "lastTimestamp"),
        (names.count, "count"),
        (names.source, "source"),
    ];
    for (field, shown) in fields {
        if root.get(field).filled() {
            errors.push(FieldError::invalid(shown, "", "needs to be unset"));
        }
    }
}

fn series(root: &Node<'_>, errors: &mut Errors) {
    let series = root.get("series");
    if !series.given() {
        return;
    }
    if series.get("count").number() < 2 {
        errors.push(FieldError::invalid("series.count", "", "should be at least 2"));
    }
    if !series.get("lastObservedTime").given() {
        errors.push(FieldError::required("series.lastObservedTime", ""));
    }
}

/// Whether a field holds a time, which is null where others are empty.
fn is_time(field: &str) -> bool {
    matches!(field, "eventTime" | "firstTimestamp" | "lastTimestamp")
}

/// Of a new event, only the series goes on.
fn unchanged(new: &Value, old: &Value, names: &Names, errors: &mut Errors) {
    let (now, before) = (Node::root(new), Node::root(old));
    if now.get("series").value != before.get("series").value {
        series(&now, errors);
    }
    let fields = [
        (names.object, "involvedObject"),
        ("reason", "reason"),
        (names.message, "message"),
        (names.source, "source"),
        (names.first, "firstTimestamp"),
        (names.last, "lastTimestamp"),
        (names.count, "count"),
        // Upstream looks twice.
        ("reason", "reason"),
        ("type", "type"),
        ("eventTime", "eventTime"),
        ("action", "action"),
        ("related", "related"),
        (names.controller, "reportingController"),
        ("reportingInstance", "reportingInstance"),
    ];
    for (field, shown) in fields {
        let (value, had) = (now.get(field), before.get(field));
        if !check::same(value.value, had.value) {
            let value = match had.value {
                Value::String(_) if !is_time(shown) => value.text().into(),
                Value::Object(_) => internal::show(new, &format!("/{field}")),
                _ => value.value.clone(),
            };
            errors.push(FieldError::invalid(shown, value, check::IMMUTABLE));
        }
    }
}
