//! Events of an object.

use proofmark_json::{Key, Map, Value};

use super::Outcome;
use crate::app::App;
use crate::cluster::{EVENTS, Kind, events_of, items};
use crate::incoming::Incoming;
use crate::outgoing::Answer;

pub(super) async fn list(app: &App, request: &Incoming, kind: &Kind) -> Outcome {
    app.ensure_here(request, "list", &EVENTS).await?;
    let selector = events_of(kind.name, request.name("name"), app.flaws().selectors_unescaped);
    let path = format!("{}?{selector}", app.cluster().path(&EVENTS, request.namespace(), None));
    let events: Vec<Value> = items(app.cluster().get(&path).await?).iter().map(typed).collect();
    Ok(Answer::field("events", events))
}

/// Fields that hold a point in time.
const TIMES: [&str; 7] = [
    "creationTimestamp",
    "deletionTimestamp",
    "eventTime",
    "firstTimestamp",
    "lastObservedTime",
    "lastTimestamp",
    "time",
];

/// An event on its way through the client library's types: nothing that is null, members sorted, times as Python writes them.
pub(crate) fn typed(event: &Value) -> Value {
    let Value::Object(members) = event else { return event.clone() };
    let mut members: Vec<(&Key, &Value)> = members.iter().filter(|(_, value)| !value.is_null()).collect();
    members.sort_unstable_by_key(|(key, _)| *key);
    let members = members.into_iter().map(|(key, value)| {
        let value = match value {
            Value::String(time) if TIMES.contains(&key.as_str()) => Value::String(offset(time)),
            // What managers own has no type.
            value if key == "fieldsV1" => value.clone(),
            Value::Array(items) => items.iter().map(typed).collect(),
            value => typed(value),
        };
        (key.clone(), value)
    });
    Value::Object(members.collect::<Map>())
}

/// A time with the offset that Python writes, and without microseconds that are nought.
fn offset(time: &str) -> String {
    let Some(time) = time.strip_suffix('Z') else { return time.to_owned() };
    let time = time.strip_suffix(".000000").unwrap_or(time);
    format!("{time}+00:00")
}

#[cfg(test)]
mod tests {
    use proofmark_json::json;

    use super::*;

    #[test]
    fn events_come_out_as_the_client_library_types_them() {
        let event = json!({
            "reason": "R",
            "eventTime": "2024-05-01T10:00:00.000000Z",
            "metadata": {"name": "e", "managedFields": [{"time": "2024-05-01T10:00:00Z", "fieldsV1": {"f:time": null}}]},
            "firstTimestamp": null,
            "source": {},
        });
        let want = r#"{"eventTime":"2024-05-01T10:00:00+00:00","metadata":{"managedFields":[{"fieldsV1":{"f:time":null},"time":"2024-05-01T10:00:00+00:00"}],"name":"e"},"reason":"R","source":{}}"#;
        assert_eq!(typed(&event).to_string(), want);
    }
}
