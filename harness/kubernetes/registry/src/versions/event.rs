//! Events of the core group and of `events.k8s.io`: the same members under other names.

use proofmark_json::Map;

/// Members by their names in the core group and in `events.k8s.io`.
const NAMES: [(&str, &str); 7] = [
    ("involvedObject", "regarding"),
    ("message", "note"),
    ("reportingComponent", "reportingController"),
    ("source", "deprecatedSource"),
    ("firstTimestamp", "deprecatedFirstTimestamp"),
    ("lastTimestamp", "deprecatedLastTimestamp"),
    ("count", "deprecatedCount"),
];

pub(super) fn to_events(event: &mut Map) {
    rename(event, NAMES.into_iter());
}

pub(super) fn to_core(event: &mut Map) {
    rename(event, NAMES.into_iter().map(|(core, new)| (new, core)));
}

fn rename<'a>(event: &mut Map, names: impl Iterator<Item = (&'a str, &'a str)>) {
    for (from, to) in names {
        if let Some(value) = event.shift_remove(from) {
            event.insert(to.to_owned(), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use proofmark_json::json;

    use super::super::convert;

    #[test]
    fn events_go_there_and_back() {
        let core = json!({
            "kind": "Event", "apiVersion": "v1", "involvedObject": {"name": "p"}, "message": "m", "count": 2, "reason": "R",
        });
        let new = convert(core.clone(), "events.k8s.io/v1");
        assert_eq!(new["note"], "m");
        assert_eq!(new["deprecatedCount"], 2);
        assert_eq!(new.get("message"), None);
        assert_eq!(convert(new, "v1"), core);
    }
}
