//! What `kubectl apply -f FILE` does and says, for one object.
//!
//! The shape matters: apply *reads before it writes*, so a user who may not read an object is refused at the GET, and the words that he
//! searches the web for are those of the GET. The steps are: GET; if there is nothing, POST; otherwise PATCH with the three-way difference
//! between what was applied last (kept in an annotation), what is there, and what is wanted; nothing at all if that is empty.
//!
//! The patch is always a JSON merge patch, as kubectl sends it for custom resources. For built-in kinds kubectl sends a strategic merge
//! patch, which differs for lists that others also write to.
//!
//! Source of order and wording: `k8s.io/kubectl/pkg/cmd/apply` and `pkg/cmd/util/helpers.go`, release 1.32.

use proofmark_env::{ApiRequest, Cluster, EnvError, Exchange, Identity, PatchFormat};
use proofmark_json::{Map, Value, json};
use proofmark_status::{qualified, quote};

use crate::{Outcome, Place, Resource};

const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
const QUERY: &str = "fieldManager=kubectl-client-side-apply&fieldValidation=Strict";

/// Applies an object as `kubectl apply -f FILE` would; the outcome is that of the last request and carries kubectl's words.
pub(crate) async fn apply(
    cluster: &Cluster,
    who: &Identity,
    file: &str,
    resource: &Resource,
    object: &Value,
) -> Result<Outcome, EnvError> {
    let place = place_of(resource, object);
    let configuration = with_annotations(object);
    let wanted = remembering(&configuration);
    let said = |exchange: &Exchange, verb: &str| {
        let words = format!("{}/{} {verb}", qualified(&resource.kind.to_lowercase(), &resource.group), name_of(object));
        Outcome::of(exchange).printing(words)
    };
    let refused = |exchange: &Exchange, context: &str| {
        Outcome::of(exchange).printing(error_text(exchange.response.body.json(), exchange.response.status, context))
    };

    let got = cluster.send(who, ApiRequest::get(place.path())).await?;
    match got.response.status {
        200 => {}
        404 if is_missing_object(got.response.body.json(), resource) => {
            let collection = Place { name: None, ..place };
            let made = cluster.send(who, ApiRequest::post(format!("{}?{QUERY}", collection.path()), wanted)).await?;
            return Ok(match made.response.status {
                200..300 => said(&made, "created"),
                _ => refused(&made, &format!("error when creating {}: ", quote(file))),
            });
        }
        _ => {
            let context = format!(
                "error when retrieving current configuration of:\n{}\nfrom server for: {}: ",
                described(&place),
                quote(file)
            );
            return Ok(refused(&got, &context));
        }
    }

    let found = got.response.body.json();
    let last =
        found["metadata"]["annotations"][LAST_APPLIED].as_str().and_then(|text| proofmark_json::from_str(text).ok());
    let patch = three_way(&last.unwrap_or_else(|| json!({})), found, &wanted);
    if patch.is_empty() {
        return Ok(said(&got, "unchanged"));
    }
    let patch = sorted(&Value::Object(patch));
    let request = ApiRequest::patch(format!("{}?{QUERY}", place.path()), PatchFormat::Merge, patch.clone());
    let changed = cluster.send(who, request).await?;
    Ok(match changed.response.status {
        200..300 => said(&changed, "configured"),
        _ => {
            let file = quote(file);
            let context = format!(
                "error when applying patch:\n{}\nto:\n{}\nfor: {file}: error when patching {file}: ",
                go_json(&patch),
                described(&place)
            );
            refused(&changed, &context)
        }
    })
}

/// Where an object belongs, by its own metadata.
pub(crate) fn place_of(resource: &Resource, object: &Value) -> Place {
    let place = match object["metadata"]["namespace"].as_str() {
        Some(namespace) => resource.in_namespace(namespace),
        None => resource.cluster_wide(),
    };
    place.named(name_of(object))
}

fn name_of(object: &Value) -> &str {
    object["metadata"]["name"].as_str().unwrap_or_default()
}

/// A 404 about the object itself, as against one about a path that the server does not know.
fn is_missing_object(status: &Value, resource: &Resource) -> bool {
    status["reason"] == "NotFound" && status["details"]["kind"] == *resource.plural
}

fn described(place: &Place) -> String {
    let Resource { group, version, plural, kind } = &place.resource;
    let resource = quote(&format!("{group}/{version}, Resource={plural}"));
    let kind = quote(&format!("{group}/{version}, Kind={kind}"));
    let name = quote(place.name.as_deref().unwrap_or_default());
    let namespace = quote(place.namespace.as_deref().unwrap_or_default());
    format!("Resource: {resource}, GroupVersionKind: {kind}\nName: {name}, Namespace: {namespace}")
}

/// How kubectl prints a refusal; `context` stands before the server's own message.
pub fn error_text(status: &Value, code: u16, context: &str) -> String {
    let text = |name: &str| status[name].as_str().unwrap_or_default();
    let (reason, message) = (text("reason"), format!("{context}{}", text("message")));
    match reason {
        "Invalid" => invalid_text(status, &message),
        "Unauthorized" => format!("error: You must be logged in to the server ({message})"),
        "" if text("message").is_empty() => format!("Error from server: {context}HTTP status {code}"),
        "" => format!("Error from server: {message}"),
        _ => format!("Error from server ({reason}): {message}"),
    }
}

fn invalid_text(status: &Value, message: &str) -> String {
    let details = &status["details"];
    let (kind, name) = (details["kind"].as_str().unwrap_or_default(), details["name"].as_str().unwrap_or_default());
    let mut causes: Vec<String> = Vec::new();
    for cause in details["causes"].as_array().into_iter().flatten() {
        let line = format!(
            "{}: {}",
            cause["field"].as_str().unwrap_or_default(),
            cause["message"].as_str().unwrap_or_default()
        );
        if !causes.contains(&line) {
            causes.push(line);
        }
    }
    let head = match (kind, name) {
        ("", "") if causes.is_empty() => return format!("The request is invalid: {message}"),
        ("", "") => "The request is invalid".to_owned(),
        _ => format!("The {kind} {} is invalid", quote(name)),
    };
    match causes.as_slice() {
        [] => head,
        [cause] => format!("{head}: {cause}"),
        causes => format!("{head}: \n* {}", causes.join("\n* ")),
    }
}

/// The configuration as kubectl remembers it: with an annotations member, without its own memory.
fn with_annotations(object: &Value) -> Value {
    let mut object = object.clone();
    if let Some(metadata) = object["metadata"].as_object_mut() {
        let annotations = metadata.entry("annotations").or_insert_with(|| json!({}));
        if let Some(annotations) = annotations.as_object_mut() {
            annotations.shift_remove(LAST_APPLIED);
        }
    }
    object
}

fn remembering(configuration: &Value) -> Value {
    let mut wanted = configuration.clone();
    wanted["metadata"]["annotations"][LAST_APPLIED] = format!("{}\n", go_json(&sorted(configuration))).into();
    wanted
}

/// What must be sent so that `current` becomes `wanted`, and what was in `last` but is no longer wanted goes away.
fn three_way(last: &Value, current: &Value, wanted: &Value) -> Map {
    let mut patch = Map::new();
    let (Some(wanted), empty) = (wanted.as_object(), Map::new()) else {
        return patch;
    };
    let (last, current) = (last.as_object().unwrap_or(&empty), current.as_object().unwrap_or(&empty));
    for (name, value) in wanted {
        let before = last.get(name).unwrap_or(&Value::Null);
        match current.get(name) {
            Some(now) if now.is_object() && value.is_object() => {
                let inner = three_way(before, now, value);
                if !inner.is_empty() {
                    patch.insert(name.clone(), Value::Object(inner));
                }
            }
            Some(now) if now == value => {}
            _ => {
                patch.insert(name.clone(), value.clone());
            }
        }
    }
    for name in last.keys().filter(|name| !wanted.contains_key(*name) && current.contains_key(*name)) {
        patch.insert(name.clone(), Value::Null);
    }
    patch
}

fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut names: Vec<_> = members.keys().collect();
            names.sort_unstable();
            Value::Object(names.into_iter().map(|name| (name.clone(), sorted(&members[name]))).collect())
        }
        Value::Array(elements) => Value::Array(elements.iter().map(sorted).collect()),
        other => other.clone(),
    }
}

/// JSON as Go's encoder writes it. The escaped characters can only stand inside strings.
fn go_json(value: &Value) -> String {
    let mut out = String::new();
    for c in value.to_string().chars() {
        match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case::nothing_to_do(json!({"a": 1}), json!({"a": 1, "s": 2}), json!({"a": 1}), json!({}))]
    #[case::a_change(json!({"a": 1}), json!({"a": 1}), json!({"a": 2}), json!({"a": 2}))]
    #[case::a_removal(json!({"a": 1, "b": 1}), json!({"a": 1, "b": 1}), json!({"a": 1}), json!({"b": null}))]
    #[case::what_others_added_stays(json!({}), json!({"b": 1}), json!({}), json!({}))]
    #[case::deep(json!({"m": {"x": 1}}), json!({"m": {"x": 1, "y": 2}}), json!({"m": {"z": 3}}), json!({"m": {"z": 3, "x": null}}))]
    #[case::lists_are_replaced(json!({"l": [1]}), json!({"l": [1]}), json!({"l": [1, 2]}), json!({"l": [1, 2]}))]
    fn only_the_difference_is_sent(
        #[case] last: Value,
        #[case] current: Value,
        #[case] wanted: Value,
        #[case] patch: Value,
    ) {
        assert_eq!(Value::Object(three_way(&last, &current, &wanted)), patch);
    }

    #[test]
    fn invalid_objects_are_told_by_cause() {
        let status = |causes: Value| json!({"reason": "Invalid", "message": "long", "details": {"kind": "Pod", "name": "p", "causes": causes}});
        let one = json!([{"field": "a", "message": "Required value"}]);
        let two =
            json!([{"field": "a", "message": "x"}, {"field": "b", "message": "y"}, {"field": "a", "message": "x"}]);
        assert_eq!(error_text(&status(one), 422, ""), "The Pod \"p\" is invalid: a: Required value");
        assert_eq!(error_text(&status(two), 422, ""), "The Pod \"p\" is invalid: \n* a: x\n* b: y");
        assert_eq!(error_text(&status(json!([])), 422, ""), "The Pod \"p\" is invalid");
    }

    #[test]
    fn refusals_are_told_by_reason() {
        let table = [
            (json!({"reason": "NotFound", "message": "no"}), "Error from server (NotFound): at: no"),
            (json!({"message": "no"}), "Error from server: at: no"),
            (json!({"reason": "Unauthorized", "message": "no"}), "error: You must be logged in to the server (at: no)"),
            (Value::Null, "Error from server: at: HTTP status 502"),
        ];
        for (status, words) in table {
            assert_eq!(error_text(&status, 502, "at: "), words);
        }
    }

    #[test]
    fn memory_is_written_as_go_writes_it() {
        let object = json!({"metadata": {"name": "a&b"}, "kind": "X"});
        let wanted = remembering(&with_annotations(&object));
        assert_eq!(
            wanted["metadata"]["annotations"][LAST_APPLIED],
            "{\"kind\":\"X\",\"metadata\":{\"annotations\":{},\"name\":\"a\\u0026b\"}}\n"
        );
    }
}
