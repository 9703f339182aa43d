//! TrainedModels: names, where they may be loaded from, and memory that must not change.

use std::sync::LazyLock;

use proofmark_controllers::kit::object;
use proofmark_json::Value;
use proofmark_text::quantity::Quantity;
use regex::Regex;

use super::Denied;

/// What names must look like; it is quoted to the user.
const NAME: &str = "^[a-zA-Z0-9_-]+$";
/// What the agent can load models from.
const PREFIXES: [&str; 4] = ["s3://", "gs://", "https://", "http://"];

static NAMES: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(NAME).ok());

pub(super) fn validate(model: &Value, old: Option<&Value>) -> Result<(), Denied> {
    check(model, old).map_err(Denied::because)
}

fn check(model: &Value, old: Option<&Value>) -> Result<(), String> {
    let name = object::name(model);
    if !NAMES.as_ref().is_some_and(|names| names.is_match(name)) {
        return Err(format!(
            "the Trained Model \"{name}\" is invalid: a Trained Model name must consist of alphanumeric characters, '_', or '-'. (e.g. \
             \"my-Name\" or \"abc_123\", regex used for validation is '{NAME}')"
        ));
    }
    let uri = object::text(model, "/spec/model/storageUri");
    if !PREFIXES.iter().any(|prefix| uri.starts_with(prefix)) {
        return Err(format!(
            "the Trained Model \"{name}\" storageUri field is invalid. The storage uri must start with one of the prefixes: {}. (the \
             storage uri given is \"{uri}\")",
            PREFIXES.join(", ")
        ));
    }
    let Some(old) = old else { return Ok(()) };
    let memory = |model: &Value| match model.pointer("/spec/model/memory") {
        Some(Value::String(text)) => Quantity::parse(text).ok(),
        Some(number) => Quantity::parse(&number.to_string()).ok(),
        None => None,
    };
    match (memory(old), memory(model)) {
        (Some(before), Some(now)) if before.minus(&now).sign() != 0 => Err(format!(
            "the Trained Model \"{name}\" memory field is immutable. The memory was \"{before}\" but it is updated to \"{now}\""
        )),
        _ => Ok(()),
    }
}
