//! What the validator refuses, in the order in which it looks. The first refusal is the answer.

use std::sync::LazyLock;

use proofmark_controllers::kit::object;
use proofmark_json::Value;
use regex::Regex;

use super::component::{Component, explainers, frameworks};
use super::{autoscaling, multinode};
use crate::behaviour::Behaviour;
use crate::config::Mode;
use crate::localmodel::uri_of_container;
use crate::names::{DEPLOYMENT_MODE, TRANSFORMER_CONTAINER};
use crate::storage;

/// What names must look like; it is quoted to the user.
const NAME: &str = "[a-z]([-a-z0-9]*[a-z0-9])?";

static NAMES: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(&format!("^{NAME}$")).ok());

/// Whether a name is one that services and graphs may have.
pub(in crate::webhooks) fn is_name(name: &str) -> bool {
    NAMES.as_ref().is_some_and(|names| names.is_match(name))
}

/// What a bad name is told.
pub(in crate::webhooks) fn bad_name(the: &str, kind: &str, name: &str) -> String {
    format!(
        "{the} {kind} \"{name}\" is invalid: a {kind} name must consist of lower case alphanumeric characters or '-', and must start with \
         alphabetical character. (e.g. \"my-name\" or \"abc-123\", regex used for validation is '{NAME}')"
    )
}

/// Checks a service; `old` is what it was before.
pub(super) fn check(service: &Value, old: Option<&Value>, behaviour: Behaviour) -> Result<(), String> {
    if behaviour.lets_all_go && old.is_some() && object::is_being_deleted(service) {
        return Ok(());
    }
    let asked = behaviour.sticky_mode && !(behaviour.lets_go && object::is_being_deleted(service));
    if let Some(old) = old.filter(|_| asked) {
        mode_is_kept(service, old, behaviour)?;
    }
    if let Some(old) = old.filter(|_| behaviour.named_predictors) {
        name_changes_with_model(service, old)?;
    }
    let name = object::name(service);
    if !is_name(name) {
        return Err(bad_name(if behaviour.small_letters { "the" } else { "The" }, "InferenceService", name));
    }
    autoscaling::annotations(service, behaviour)?;
    if behaviour.no_python_path {
        no_python_path(service, behaviour).map_err(|why| format!("the InferenceService {name:?} is invalid: {why}"))?;
    }
    if behaviour.worker_spec {
        multinode::check(service, behaviour)?;
    }
    if behaviour.transformers_in_front {
        one_storage_uri(service)?;
    }
    let named = object::text(service, "/spec/predictor/model/name");
    if behaviour.nameless_models && !named.is_empty() {
        return Err("the 'name' field is not allowed in standard predictor".to_owned());
    }
    for component in Component::ALL {
        let Some(block) = component.of(service) else { continue };
        if component.implementations(block, behaviour) != 1 {
            return Err(component.choice(behaviour));
        }
        match component {
            Component::Predictor => protocol(block, behaviour)?,
            Component::Transformer => {}
            Component::Explainer => {
                explainers(behaviour).iter().try_for_each(|(explainer, _)| storage(&block[*explainer], behaviour))?;
            }
        }
        extensions(block, behaviour)?;
        autoscaling::component(service, block, behaviour)?;
    }
    Ok(())
}

/// The mode that the service is deployed in must stay.
fn mode_is_kept(service: &Value, old: &Value, behaviour: Behaviour) -> Result<(), String> {
    let stored = object::text(old, "/status/deploymentMode");
    let before = match Mode::read(stored, behaviour).filter(|_| behaviour.normalises_kept_modes) {
        Some(mode) => mode.name(behaviour),
        None if stored.is_empty() && behaviour.normalises_kept_modes && !behaviour.modes_by_meaning => {
            Mode::Raw.name(behaviour)
        }
        None => stored,
    };
    match object::annotation(service, DEPLOYMENT_MODE) {
        Some(now) if !before.is_empty() && now != before => {
            Err(format!("update rejected: deploymentMode cannot be changed from '{before}' to '{now}'"))
        }
        _ => Ok(()),
    }
}

/// A predictor of another name is another model.
fn name_changes_with_model(service: &Value, old: &Value) -> Result<(), String> {
    let of = |service: &Value| {
        let predictor = &service["spec"]["predictor"];
        let stated = object::text(predictor, "/model/storageUri").to_owned();
        let uri = if stated.is_empty() { uri_of_container(predictor).unwrap_or_default() } else { stated };
        (object::text(predictor, "/name").to_owned(), uri)
    };
    let ((name, uri), (old_name, old_uri)) = (of(service), of(old));
    match name != old_name && uri == old_uri {
        true => Err("predictor.name change requires a model change (e.g. storageUri)".to_owned()),
        false => Ok(()),
    }
}

/// Nobody may lead a server to other modules.
fn no_python_path(service: &Value, behaviour: Behaviour) -> Result<(), String> {
    let spec = &service["spec"];
    let all = |at: &str| spec.pointer(at).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default().iter();
    let predictor = &spec["predictor"];
    let blocks = ["model"].into_iter().chain(frameworks(behaviour).map(|(field, ..)| field));
    let server = blocks.map(|block| &predictor[block]).find(|block| block.is_object());
    all("/predictor/containers")
        .chain(all("/predictor/initContainers"))
        .chain(server)
        .chain(all("/predictor/workerSpec/containers"))
        .chain(all("/predictor/workerSpec/initContainers"))
        .chain(all("/transformer/containers"))
        .chain(all("/transformer/initContainers"))
        .chain(all("/explainer/containers"))
        .chain(all("/explainer/initContainers"))
        .chain(spec.pointer("/explainer/art"))
        .try_for_each(python_path_unset)
}

/// Refuses a container that sets where Python finds modules.
pub(in crate::webhooks) fn python_path_unset(container: &Value) -> Result<(), String> {
    const BLOCKED: &str = "PYTHONPATH";
    if object::list(container, "/env").iter().any(|variable| object::text(variable, "/name") == BLOCKED) {
        let name = object::text(container, "/name");
        return Err(format!("setting {BLOCKED} in container {name:?} is not allowed for security reasons"));
    }
    Ok(())
}

/// A transformer in the predictor's pod loads nothing itself.
fn one_storage_uri(service: &Value) -> Result<(), String> {
    let beside = object::list(service, "/spec/predictor/containers")
        .iter()
        .filter(|container| object::text(container, "/name") == TRANSFORMER_CONTAINER);
    let env = beside.flat_map(|container| object::list(container, "/env"));
    match env.into_iter().any(|variable| object::text(variable, "/name") == "STORAGE_URI") {
        true => Err("storage uri should not be specified in transformer container".to_owned()),
        false => Ok(()),
    }
}

/// A predictor of the user's own may say which protocol it speaks. The message names what it may say where it should name what it does.
fn protocol(block: &Value, behaviour: Behaviour) -> Result<(), String> {
    if block["model"].is_object() {
        return Ok(());
    }
    let env = object::list(block, "/containers/0/env").iter();
    let stated = env.into_iter().find(|variable| object::text(variable, "/name") == "PROTOCOL");
    match stated.map(|variable| object::text(variable, "/value")) {
        Some(stated) if !["v1", "v2"].contains(&stated) => {
            let invalid = if behaviour.small_letters { "invalid" } else { "Invalid" };
            Err(format!("{invalid} protocol v1, v2. Must be one of [{stated}]"))
        }
        _ => Ok(()),
    }
}

/// Checks where the model of an explainer is. Nobody checks that of a predictor.
fn storage(model: &Value, behaviour: Behaviour) -> Result<(), String> {
    let Some(spec) = model.get("storage").filter(|spec| spec.is_object()) else { return Ok(()) };
    let known = ["s3", "hdfs", "webhdfs"].map(|kind| format!("{kind}://"));
    let uri = object::text(model, "/storageUri");
    if !uri.is_empty() {
        let supported = known.iter().any(|prefix| uri.starts_with(prefix));
        let prefixes = known.each_ref().map(String::as_str);
        return if supported { Ok(()) } else { Err(storage::unsupported(uri, &prefixes, !behaviour.small_letters)) };
    }
    match spec.pointer("/parameters/type").and_then(Value::as_str) {
        Some(kind) if !["s3", "hdfs", "webhdfs"].contains(&kind) => {
            let end = if behaviour.small_letters { "" } else { "." };
            let must = format!("storage.spec.type, must be one of: [{}]", known.join(", "));
            Err(format!("{must}. storage.spec.type [{kind}] is not supported{end}"))
        }
        _ => Ok(()),
    }
}

/// What every component can say: concurrency, replicas, logging.
fn extensions(block: &Value, behaviour: Behaviour) -> Result<(), String> {
    let number = |field: &str| block.get(field).and_then(Value::as_i64);
    let small = behaviour.small_letters;
    if number("containerConcurrency").is_some_and(|limit| limit < 0) {
        return Err(
            if small { "parallelism cannot be less than 0" } else { "Parallelism cannot be less than 0." }.to_owned()
        );
    }
    let (min, max) = (number("minReplicas"), number("maxReplicas").unwrap_or_default());
    let told = |which: &str, what: &str| match small {
        true => Err(format!("'{which}' cannot be {what}")),
        false => Err(format!("{which} cannot be {what}.")),
    };
    if min.is_some_and(|min| min < 0) {
        return told("MinReplicas", "less than 0");
    }
    if max < 0 {
        return told("MaxReplicas", "less than 0");
    }
    if max != 0 && min.unwrap_or(1) > max {
        return told("MinReplicas", "greater than MaxReplicas");
    }
    let mode = object::text(block, "/logger/mode");
    if block.get("logger").is_some_and(Value::is_object) && !["all", "request", "response"].contains(&mode) {
        return Err(if small { "invalid logger type" } else { "Invalid logger type" }.to_owned());
    }
    if behaviour.logger_stores
        && let Some(storage) = block.pointer("/logger/storage").filter(|storage| storage.is_object())
        && ["path", "parameters", "key"].iter().any(|field| storage.get(field).is_none_or(Value::is_null))
    {
        return Err("invalid logger storage configuration".to_owned());
    }
    Ok(())
}
