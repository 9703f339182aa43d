//! Events of both APIs: `v1` and `events.k8s.io/v1` name the same fields differently.

use jiff::Timestamp;
use proofmark_json::Value;

use super::read::{cells, filled_or, int, name, text};
use crate::duration::since;
use crate::printer::Row;

pub(super) fn row(event: &Value, now: Timestamp) -> Row {
    let either = |core: &'static str, events: &'static str| match &event[core] {
        Value::Null => &event[events],
        found => found,
    };
    let first = match either("firstTimestamp", "deprecatedFirstTimestamp") {
        Value::Null => since(&event["eventTime"], now),
        first => since(first, now),
    };
    let last = match either("lastTimestamp", "deprecatedLastTimestamp") {
        Value::Null => first.clone(),
        last => since(last, now),
    };
    let series = &event["series"];
    let (last, count) = match (series.is_object(), int(either("count", "deprecatedCount"))) {
        (true, _) => (since(&series["lastObservedTime"], now), int(&series["count"])),
        (false, count) => (last, count.max(1)),
    };

    let object = either("involvedObject", "regarding");
    let kind = text(&object["kind"]).to_lowercase();
    let target = match name_of(object) {
        "" => kind,
        name => format!("{kind}/{name}"),
    };
    let source = either("source", "deprecatedSource");
    let component = filled_or(&source["component"], text(either("reportingComponent", "reportingController")));
    let instance = filled_or(&source["host"], text(&event["reportingInstance"]));
    cells![
        last,
        text(&event["type"]),
        text(&event["reason"]),
        target,
        text(&object["fieldPath"]),
        if instance.is_empty() { component.to_owned() } else { format!("{component}, {instance}") },
        text(either("message", "note")).trim(),
        first,
        count,
        name(event),
    ]
}

fn name_of(reference: &Value) -> &str {
    text(&reference["name"])
}
