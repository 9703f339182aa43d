//! Runtimes: which one serves a model, and what a pod of it looks like.
//!
//! A ServingRuntime of the namespace comes before any ClusterServingRuntime. Among those of one scope the lowest protocol comes first, then the
//! newest, then the first by name; a priority for the format beats all of these.

use std::cmp::Reverse;

use proofmark_controllers::kit::object;
use proofmark_json::Value;

use crate::behaviour::Behaviour;

/// Why no runtime serves a model: what the status says (reason and message) and what the event says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NoRuntime {
    pub(crate) reason: &'static str,
    pub(crate) message: &'static str,
    pub(crate) error: String,
}

/// The runtimes that there are, as listed: those of the namespace, and those of the cluster.
pub(crate) struct Runtimes<'a> {
    pub(crate) own: &'a [Value],
    pub(crate) cluster: &'a [Value],
}

pub(crate) fn is_disabled(runtime: &Value) -> bool {
    object::flag(runtime, "/spec/disabled")
}

/// Chooses the runtime of a predictor with a model.
pub(crate) fn choose<'a>(
    runtimes: &Runtimes<'a>,
    predictor: &Value,
    behaviour: Behaviour,
) -> Result<&'a Value, NoRuntime> {
    let model = &predictor["model"];
    let refuse = |reason, message, error: String| Err(NoRuntime { reason, message, error });
    let workers = behaviour.worker_spec && predictor.get("workerSpec").is_some_and(Value::is_object);
    if let Some(name) = model.get("runtime").and_then(Value::as_str) {
        let named = |runtime: &&Value| object::name(runtime) == name;
        let Some(runtime) = runtimes.own.iter().find(named).or_else(|| runtimes.cluster.iter().find(named)) else {
            let error = format!("No ServingRuntimes or ClusterServingRuntimes with the name: {name}");
            return refuse("RuntimeNotRecognized", "Waiting for runtime to become available", error);
        };
        if is_disabled(runtime) {
            let error = format!("specified runtime {name} is disabled");
            return refuse("RuntimeDisabled", "Specified runtime is disabled", error);
        }
        let protocol = object::text(model, "/protocolVersion");
        if !protocol.is_empty() && !speaks(runtime, protocol) {
            let error = format!("specified runtime {name} does not support specified protocol version");
            let message = "Specified runtime does not support specified protocol version";
            return refuse("NoSupportingRuntime", message, error);
        }
        if !supports(runtime, model, false) {
            let error = format!("specified runtime {name} does not support specified framework/version");
            return refuse(
                "NoSupportingRuntime",
                "Specified runtime does not support specified framework/version",
                error,
            );
        }
        return Ok(runtime);
    }
    let protocol = match object::text(model, "/protocolVersion") {
        "" => "v1",
        protocol => protocol,
    };
    let format = object::text(model, "/modelFormat/name");
    let serves = |runtime: &&Value| {
        !is_disabled(runtime)
            && !object::flag(runtime, "/spec/multiModel")
            && speaks(runtime, protocol)
            && supports(runtime, model, true)
            && (!behaviour.worker_spec || workers == runtime.pointer("/spec/workerSpec").is_some_and(Value::is_object))
    };
    let best = |scope: &'a [Value]| {
        let mut candidates: Vec<&Value> = scope.iter().filter(serves).collect();
        candidates.sort_by_key(|runtime| {
            (
                lowest_protocol(runtime),
                Reverse(object::text(runtime, "/metadata/creationTimestamp")),
                object::name(runtime),
            )
        });
        candidates.sort_by_key(|runtime| Reverse(priority(runtime, format)));
        candidates.first().copied()
    };
    best(runtimes.own).or_else(|| best(runtimes.cluster)).ok_or_else(|| {
        // Go prints the pointer that the version is.
        let version = if model.pointer("/modelFormat/version").is_some() { "0xc000123456" } else { "<nil>" };
        NoRuntime {
            reason: "NoSupportingRuntime",
            message: "No runtime found to support specified framework/version",
            error: format!("no runtime found to support predictor with model type: {{{format} {version}}}"),
        }
    })
}

/// The protocol that a runtime is used with when a model names none: its lowest.
pub(crate) fn default_protocol(runtime: &Value) -> &'static str {
    PROTOCOLS.get(lowest_protocol(runtime)).copied().unwrap_or("v1")
}

/// Protocols, lowest first.
const PROTOCOLS: [&str; 4] = ["v1", "v2", "grpc-v1", "grpc-v2"];

fn lowest_protocol(runtime: &Value) -> usize {
    let place = |protocol: &str| PROTOCOLS.iter().position(|known| *known == protocol).unwrap_or(PROTOCOLS.len());
    object::strings(runtime, "/spec/protocolVersions").map(place).min().unwrap_or(PROTOCOLS.len())
}

/// A runtime that names no protocol speaks all of them.
fn speaks(runtime: &Value, protocol: &str) -> bool {
    let mut named = object::strings(runtime, "/spec/protocolVersions").peekable();
    named.peek().is_none() || named.any(|known| known == protocol)
}

/// Whether a runtime names the format, and the version if the model states one; `auto` if only formats count that may be chosen for.
fn supports(runtime: &Value, model: &Value, auto: bool) -> bool {
    let (name, version) = (model.pointer("/modelFormat/name"), model.pointer("/modelFormat/version"));
    object::list(runtime, "/spec/supportedModelFormats").iter().any(|format| {
        format.get("name") == name
            && (version.is_none() || format.get("version") == version)
            && (!auto || object::flag(format, "/autoSelect"))
    })
}

/// The priority of the first entry for a format.
fn priority(runtime: &Value, format: &str) -> Option<i64> {
    let formats = object::list(runtime, "/spec/supportedModelFormats");
    let first = formats.iter().find(|entry| object::text(entry, "/name") == format)?;
    object::number(first, "/priority")
}
