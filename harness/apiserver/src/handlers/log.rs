//! GET of `pods/{name}/log`: options and container are checked here, the rest is asked of the node.
//!
//! Source: `ValidatePodLogOptions`, `LogLocation` in `pkg/registry/core/pod/strategy.go`, release 1.35.

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use proofmark_json::Value;
use proofmark_registry::meta;
use proofmark_status::{Details, FieldError, Reason, Status};

use super::reply::Content;
use super::{Reply, Target, bad_request};
use crate::body::Body;
use crate::kubelet::{KubeletError, LogOptions, LogStreams};
use crate::refusal::Refusal;
use crate::request::parse_bool;
use crate::server::Call;

/// Reads a container's log; `nobody` is the refusal when no nodes are simulated.
pub(super) fn log(call: &Call<'_>, target: &Target<'_>, nobody: impl FnOnce() -> Refusal) -> Result<Reply, Refusal> {
    let options = options(call, target)?;
    let snapshot = call.server.store.snapshot();
    let pod = snapshot.get(&target.resource.prefix, &target.place()).ok_or_else(|| target.not_found())?;
    let container = container(&pod.value, call.exchange.query.get("container").unwrap_or_default())?;
    let node = crate::value::text_at(&pod.value, "/spec/nodeName");
    if node.is_empty() {
        return Ok(Reply::new(204, Content::Document { content_type: "", body: Bytes::new() }));
    }
    check_node(call, &node)?;
    let kubelet = call.server.kubelet.get().ok_or_else(nobody)?;
    let logs = kubelet.logs(&pod.value, &container, &options).map_err(|error| refused(target, &error))?;
    let body = Body::stream(logs);
    Ok(Reply::new(200, Content::Stream { content_type: "text/plain", body }))
}

fn options(call: &Call<'_>, target: &Target<'_>) -> Result<LogOptions, Refusal> {
    let query = call.exchange.query;
    let number = |name: &str| match query.get(name).filter(|text| !text.is_empty()) {
        None => Ok(None),
        Some(text) => text.parse::<i64>().map(Some).map_err(|_| {
            let quoted = proofmark_status::quote(text);
            bad_request(format!("strconv.ParseInt: parsing {quoted}: invalid syntax"))
        }),
    };
    let flag = |name: &str| query.get(name).is_some_and(parse_bool);
    let (tail, limit, seconds) = (number("tailLines")?, number("limitBytes")?, number("sinceSeconds")?);
    let time = query.get("sinceTime").and_then(|text| text.parse::<Timestamp>().ok());
    let stream = query.get("stream").unwrap_or("All");
    let mut errors = Vec::new();
    if let Some(tail) = tail.filter(|tail| *tail < 0) {
        errors.push(FieldError::invalid("tailLines", tail, "must be greater than or equal to 0"));
    }
    if let Some(limit) = limit.filter(|limit| *limit < 1) {
        errors.push(FieldError::invalid("limitBytes", limit, "must be greater than 0"));
    }
    match seconds {
        Some(_) if time.is_some() => {
            errors.push(FieldError::forbidden("", "at most one of `sinceTime` or `sinceSeconds` may be specified"));
        }
        Some(seconds) if seconds < 1 => {
            errors.push(FieldError::invalid("sinceSeconds", seconds, "must be greater than 0"));
        }
        _ => {}
    }
    let streams = match stream {
        "All" => LogStreams::All,
        "Stdout" => LogStreams::Stdout,
        "Stderr" => LogStreams::Stderr,
        other => {
            errors.push(FieldError::not_supported("stream", other, &["All", "Stderr", "Stdout"]));
            LogStreams::All
        }
    };
    if streams != LogStreams::All && tail.is_some() {
        errors.push(FieldError::forbidden("", "`tailLines` and specific `stream` are mutually exclusive for now"));
    }
    if !errors.is_empty() {
        return Err(Status::invalid("", "PodLogOptions", target.name, &errors).into());
    }
    let ago = |seconds: i64| call.server.clock.now().checked_sub(SignedDuration::from_secs(seconds)).ok();
    Ok(LogOptions {
        follow: flag("follow"),
        previous: flag("previous"),
        since: time.or_else(|| seconds.and_then(ago)),
        timestamps: flag("timestamps"),
        tail_lines: tail.and_then(|lines| u64::try_from(lines).ok()),
        limit_bytes: limit.and_then(|bytes| u64::try_from(bytes).ok()),
        streams,
    })
}

/// The container that is meant: the one named, or the only one.
fn container(pod: &Value, named: &str) -> Result<String, Refusal> {
    let name = meta::text(pod, "name");
    let names = |list: &str| -> Vec<String> {
        let containers = pod.pointer(list).and_then(Value::as_array).into_iter().flatten();
        containers.filter_map(|c| c["name"].as_str()).map(str::to_owned).collect()
    };
    let main = names("/spec/containers");
    let mut all = names("/spec/initContainers");
    all.extend(main.iter().cloned());
    all.extend(names("/spec/ephemeralContainers"));
    match (named, main.as_slice()) {
        ("", [only]) => Ok(only.clone()),
        ("", _) => Err(bad_request(format!(
            "a container name must be specified for pod {name}, choose one of: [{}]",
            all.join(" ")
        ))),
        (named, _) if all.iter().any(|known| known == named) => Ok(named.to_owned()),
        (named, _) => Err(bad_request(format!("container {named} is not valid for pod {name}"))),
    }
}

/// Only a node that is registered can be asked.
fn check_node(call: &Call<'_>, node: &str) -> Result<(), Refusal> {
    let nodes = call.server.catalog.find("", "v1", "nodes").ok_or_else(Refusal::no_such_resource)?;
    let there = call.server.store.snapshot().get(&nodes.prefix, &nodes.place("", node)).is_some();
    if there { Ok(()) } else { Err(Status::not_found("", "nodes", node).into()) }
}

/// A kubelet's error as the API server hands it on (`NewGenericServerResponse`).
fn refused(target: &Target<'_>, error: &KubeletError) -> Refusal {
    match error {
        KubeletError::BadRequest(message) => bad_request(message),
        // The kubelet's own words get lost on this way.
        KubeletError::NotFound(_) => {
            let words = format!("the server could not find the requested resource ( pods/log {})", target.name);
            let details = Details { name: target.name.to_owned(), kind: "pods/log".to_owned(), ..Details::default() };
            Status::new(404, Reason::NotFound, words).with_details(details).into()
        }
    }
}
