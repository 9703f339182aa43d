//! What runs pods.

use jiff::{SignedDuration, Timestamp};
use proofmark_json::Value;

use super::read::{age, cells, containers, deleted, holds, int, len, list, name, text, text_or};
use crate::duration::{human_duration, since};
use crate::printer::Row;
use crate::selector::{format_label_selector, label_selector, labels};

pub(super) fn pod_template(object: &Value, _now: Timestamp) -> Row {
    let template = &object["template"];
    let (names, images) = containers(&template["spec"]);
    cells![name(object), names, images, labels(&template["metadata"]["labels"])]
}

pub(super) fn replication_controller(object: &Value, now: Timestamp) -> Row {
    replicas(object, now, labels(&object["spec"]["selector"]))
}

pub(super) fn replica_set(object: &Value, now: Timestamp) -> Row {
    replicas(object, now, format_label_selector(&object["spec"]["selector"]))
}

fn replicas(object: &Value, now: Timestamp, selector: String) -> Row {
    let (spec, status) = (&object["spec"], &object["status"]);
    let (names, images) = containers(&spec["template"]["spec"]);
    cells![
        name(object),
        int(&spec["replicas"]),
        int(&status["replicas"]),
        int(&status["readyReplicas"]),
        age(object, now),
        names,
        images,
        selector,
    ]
}

pub(super) fn deployment(object: &Value, now: Timestamp) -> Row {
    let (spec, status) = (&object["spec"], &object["status"]);
    let (names, images) = containers(&spec["template"]["spec"]);
    cells![
        name(object),
        format!("{}/{}", int(&status["readyReplicas"]), int(&spec["replicas"])),
        int(&status["updatedReplicas"]),
        int(&status["availableReplicas"]),
        age(object, now),
        names,
        images,
        label_selector(&spec["selector"]).unwrap_or_else(|| "<invalid>".to_owned()),
    ]
}

pub(super) fn stateful_set(object: &Value, now: Timestamp) -> Row {
    let (spec, status) = (&object["spec"], &object["status"]);
    let (names, images) = containers(&spec["template"]["spec"]);
    cells![
        name(object),
        format!("{}/{}", int(&status["readyReplicas"]), int(&spec["replicas"])),
        age(object, now),
        names,
        images,
    ]
}

pub(super) fn daemon_set(object: &Value, now: Timestamp) -> Row {
    let (spec, status) = (&object["spec"], &object["status"]);
    let pod = &spec["template"]["spec"];
    let (names, images) = containers(pod);
    cells![
        name(object),
        int(&status["desiredNumberScheduled"]),
        int(&status["currentNumberScheduled"]),
        int(&status["numberReady"]),
        int(&status["updatedNumberScheduled"]),
        int(&status["numberAvailable"]),
        labels(&pod["nodeSelector"]),
        age(object, now),
        names,
        images,
        format_label_selector(&spec["selector"]),
    ]
}

pub(super) fn controller_revision(object: &Value, now: Timestamp) -> Row {
    let owners = list(&object["metadata"]["ownerReferences"]);
    let controller = owners.iter().find(|owner| owner["controller"] == true).map(|owner| {
        let group = text(&owner["apiVersion"]).split_once('/').map_or(String::new(), |(group, _)| format!(".{group}"));
        format!("{}/{}", format!("{}{group}", text(&owner["kind"])).to_lowercase(), text(&owner["name"]))
    });
    cells![name(object), controller.unwrap_or_else(|| "<none>".to_owned()), int(&object["revision"]), age(object, now),]
}

pub(super) fn job(object: &Value, now: Timestamp) -> Row {
    let (spec, status) = (&object["spec"], &object["status"]);
    let succeeded = int(&status["succeeded"]);
    let completions = match (spec["completions"].as_i64(), int(&spec["parallelism"])) {
        (Some(wanted), _) => format!("{succeeded}/{wanted}"),
        (None, parallel @ 2..) => format!("{succeeded}/1 of {parallel}"),
        (None, _) => format!("{succeeded}/1"),
    };
    let time = |field: &str| text(&status[field]).parse::<Timestamp>().ok();
    let duration = match (time("startTime"), time("completionTime")) {
        (None, _) => String::new(),
        (Some(start), end) => human_duration(end.unwrap_or(now).duration_since(start)),
    };
    let conditions = &status["conditions"];
    let state = if holds(conditions, "Complete") {
        "Complete"
    } else if holds(conditions, "Failed") {
        "Failed"
    } else if deleted(object) {
        "Terminating"
    } else {
        ["Suspended", "FailureTarget", "SuccessCriteriaMet"]
            .into_iter()
            .find(|kind| holds(conditions, kind))
            .unwrap_or("Running")
    };
    let (names, images) = containers(&spec["template"]["spec"]);
    cells![
        name(object),
        state,
        completions,
        duration,
        age(object, now),
        names,
        images,
        format_label_selector(&spec["selector"]),
    ]
}

pub(super) fn cron_job(object: &Value, now: Timestamp) -> Row {
    let (spec, status) = (&object["spec"], &object["status"]);
    let suspend = match spec["suspend"].as_bool() {
        Some(true) => "True",
        Some(false) => "False",
        None => "<unset>",
    };
    let last = &status["lastScheduleTime"];
    let job = &spec["jobTemplate"]["spec"];
    let (names, images) = containers(&job["template"]["spec"]);
    cells![
        name(object),
        text(&spec["schedule"]),
        text_or(&spec["timeZone"], "<none>"),
        suspend,
        len(&status["active"]),
        if last.is_null() { "<none>".to_owned() } else { since(last, now) },
        age(object, now),
        names,
        images,
        format_label_selector(&job["selector"]),
    ]
}

pub(super) fn pod_disruption_budget(object: &Value, now: Timestamp) -> Row {
    let spec = &object["spec"];
    let limit = |value: &Value| match value {
        Value::String(share) => share.clone(),
        Value::Number(count) => count.to_string(),
        _ => "N/A".to_owned(),
    };
    cells![
        name(object),
        limit(&spec["minAvailable"]),
        limit(&spec["maxUnavailable"]),
        int(&object["status"]["disruptionsAllowed"]),
        age(object, now),
    ]
}

/// A duration given in seconds.
pub(super) fn seconds(value: &Value) -> Option<String> {
    value.as_i64().map(|seconds| human_duration(SignedDuration::from_secs(seconds)))
}
