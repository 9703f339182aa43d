//! What the defaulter fills in.

use proofmark_controllers::kit::object;
use proofmark_json::{Map, Value, json};

use super::component::{Component, explainers, frameworks};
use crate::behaviour::Behaviour;
use crate::config::{Config, ConfigError, FORMAT, Mode, Resources};
use crate::localmodel;
use crate::names::{DEPLOYMENT_MODE, SERVER_CONTAINER};

/// Fills in the mode, turns framework blocks into models, and completes containers of the user's own. `caches` are the LocalModelCaches there are, if
/// the service may use them.
pub(super) fn fill_in(service: &mut Value, config: &Config, caches: Option<&[Value]>) -> Result<(), ConfigError> {
    let mode = config.default_mode()?;
    let resources = config.resources()?;
    if object::annotation(service, DEPLOYMENT_MODE).is_none() && mode != Mode::Serverless {
        service["metadata"]["annotations"][DEPLOYMENT_MODE] = json!(mode.name(config.behaviour));
    }
    let asked = object::annotation(service, DEPLOYMENT_MODE).and_then(|mode| Mode::read(mode, config.behaviour));
    if let Some(asked) = asked.filter(|_| config.behaviour.renames_modes) {
        // An older name becomes the one that the release gives the mode.
        service["metadata"]["annotations"][DEPLOYMENT_MODE] = json!(asked.name(config.behaviour));
    }
    // Other projects' predictors are left alone.
    let left_alone = asked == Some(Mode::ModelMesh);
    if let Some(predictor) = service.pointer_mut("/spec/predictor").filter(|_| !left_alone) {
        into_model(predictor, config.behaviour);
        let format = object::text(predictor, "/model/modelFormat/name").to_owned();
        if config.behaviour.annotates_format && !format.is_empty() && object::annotation(service, FORMAT).is_none() {
            service["metadata"]["annotations"][FORMAT] = json!(format);
        }
    }
    for component in Component::ALL.into_iter().filter(|of| *of != Component::Predictor || !left_alone) {
        // What names none or several is refused later, as it was given.
        let custom = match component.of(service) {
            Some(block) if component.implementations(block, config.behaviour) == 1 => {
                component.is_custom(block, config.behaviour)
            }
            _ => continue,
        };
        let Some(block) = service.get_mut("spec").and_then(|spec| spec.get_mut(component.field())) else { continue };
        if custom {
            own_containers(block, component, &resources, config.behaviour);
        }
        for (explainer, _) in explainers(config.behaviour).iter().filter(|_| component == Component::Explainer) {
            let Some(own) = block.get_mut(explainer).filter(|own| own.is_object()) else { continue };
            own["name"] = json!(SERVER_CONTAINER);
            if own.get("runtimeVersion").is_none() {
                let known = config.raw("explainers")?;
                own["runtimeVersion"] = json!(object::text(&known, &format!("/{explainer}/defaultImageVersion")));
            }
            ask_for(own, &resources);
        }
    }
    if let Some(caches) = caches {
        localmodel::label(service, caches, config.behaviour);
    }
    if !config.mounts_tokens()? {
        for component in Component::ALL {
            let block = service["spec"].get_mut(component.field()).and_then(Value::as_object_mut);
            block.map(|block| block.entry("automountServiceAccountToken").or_insert(json!(false)));
        }
    }
    Ok(())
}

/// A framework's block means a model of the format of that name. Of several the first counts; the others stay, and are refused later.
fn into_model(predictor: &mut Value, behaviour: Behaviour) {
    let Some(fields) = predictor.as_object_mut() else { return };
    for (field, _, protocol) in frameworks(behaviour) {
        let Some(Value::Object(block)) = fields.get(field) else { continue };
        let mut model = Map::new();
        model.insert("modelFormat", json!({"name": field}));
        model.extend(block.clone());
        if let Some(protocol) = protocol {
            model.entry("protocolVersion").or_insert_with(|| json!(protocol));
        }
        fields.shift_remove(field);
        fields.insert("model", Value::Object(model));
        return;
    }
    let speaks_v2 = |model: &&mut Value| match object::text(model, "/modelFormat/name") {
        "triton" => behaviour.triton_speaks_v2,
        "vLLM" => behaviour.named_predictors,
        _ => false,
    };
    if let Some(model) = fields.get_mut("model").filter(speaks_v2)
        && object::text(model, "/protocolVersion").is_empty()
    {
        model["protocolVersion"] = json!("v2");
    }
}

/// The first container is the server; later releases let the server of several stand elsewhere in a predictor. The first gets resources.
fn own_containers(block: &mut Value, component: Component, resources: &Resources, behaviour: Behaviour) {
    let Some(containers) = block.get_mut("containers").and_then(Value::as_array_mut) else { return };
    let elsewhere = behaviour.collocation && component == Component::Predictor && containers.len() > 1;
    if let Some(first) = containers.first_mut() {
        if !elsewhere || object::text(first, "/name").is_empty() {
            first["name"] = json!(SERVER_CONTAINER);
        }
        ask_for(first, resources);
    }
}

/// Adds the requests and limits that a container does not state.
fn ask_for(container: &mut Value, defaults: &Resources) {
    for (part, cpu, memory) in [
        ("requests", &defaults.cpu_request, &defaults.memory_request),
        ("limits", &defaults.cpu_limit, &defaults.memory_limit),
    ] {
        for (name, amount) in [("cpu", cpu), ("memory", memory)] {
            if !amount.is_empty() && container.pointer(&format!("/resources/{part}/{name}")).is_none() {
                container["resources"][part][name] = json!(amount);
            }
        }
    }
}
