//! Role bindings and certificate requests.

use jiff::Timestamp;
use proofmark_json::Value;

use super::read::{age, cells, filled_or, list, name, text};
use super::workload::seconds;
use crate::printer::Row;

pub(super) fn role_binding(object: &Value, now: Timestamp) -> Row {
    let role = &object["roleRef"];
    let subjects = |kind: &str| {
        let of_kind = list(&object["subjects"]).iter().filter(|subject| text(&subject["kind"]) == kind);
        let shown = of_kind.map(|subject| match kind {
            "ServiceAccount" => format!("{}/{}", text(&subject["namespace"]), text(&subject["name"])),
            _ => text(&subject["name"]).to_owned(),
        });
        shown.collect::<Vec<_>>().join(", ")
    };
    cells![
        name(object),
        format!("{}/{}", text(&role["kind"]), text(&role["name"])),
        age(object, now),
        subjects("User"),
        subjects("Group"),
        subjects("ServiceAccount"),
    ]
}

pub(super) fn certificate_signing_request(object: &Value, now: Timestamp) -> Row {
    let (spec, status) = (&object["spec"], &object["status"]);
    let has = |kind: &str| list(&status["conditions"]).iter().any(|condition| text(&condition["type"]) == kind);
    let mut state = match (has("Denied"), has("Approved")) {
        (true, _) => "Denied",
        (false, true) => "Approved",
        (false, false) => "Pending",
    }
    .to_owned();
    if has("Failed") {
        state.push_str(",Failed");
    }
    if !text(&status["certificate"]).is_empty() {
        state.push_str(",Issued");
    }
    cells![
        name(object),
        age(object, now),
        filled_or(&spec["signerName"], "<none>"),
        text(&spec["username"]),
        seconds(&spec["expirationSeconds"]).unwrap_or_else(|| "<none>".to_owned()),
        state,
    ]
}
