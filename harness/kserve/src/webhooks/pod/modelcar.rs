//! Models in OCI images: the image runs beside the server and links its files into a shared folder.

use proofmark_controllers::kit::object;
use proofmark_json::{Value, json};

use super::{Denied, edit};
use crate::behaviour::Behaviour;
use crate::config::Container;
use crate::names::{SERVER_CONTAINER, TRANSFORMER_CONTAINER};

const CONTAINER: &str = "modelcar";
const INIT: &str = "modelcar-init";
const VOLUME: &str = "kserve-provision-location";
/// Tells the server that its model comes later.
const WAITS: &str = "MODEL_INIT_MODE";
/// The folder that the link to the model's files is made in.
const FOLDER: &str = "/mnt";

pub(super) fn inject(pod: &mut Value, image: &str, config: &Container, behaviour: Behaviour) -> Result<(), Denied> {
    edit::push_named(&mut pod["spec"], "volumes", json!({"name": VOLUME, "emptyDir": {}}));
    let security = config.uid_modelcar.map(|uid| json!({"runAsUser": uid}));
    let mount = json!({"name": VOLUME, "mountPath": FOLDER});
    let Some(server) = edit::container(pod, SERVER_CONTAINER) else {
        return Err(Denied::failed(format!("no container found with name {SERVER_CONTAINER}")));
    };
    edit::push_named(server, "volumeMounts", mount.clone());
    let variables = server.get_mut("env").and_then(Value::as_array_mut).into_iter().flatten();
    match variables.into_iter().find(|variable| object::text(variable, "/name") == WAITS) {
        Some(there) => there["value"] = json!("async"),
        None => edit::push(server, "env", json!({"name": WAITS, "value": "async"})),
    }
    if let Some(security) = &security {
        match server.get_mut("securityContext").filter(|own| own.is_object() && behaviour.keeps_security_of_servers) {
            Some(own) => own["runAsUser"] = security["runAsUser"].clone(),
            None => server["securityContext"] = security.clone(),
        }
    }
    if let Some(beside) = edit::container(pod, TRANSFORMER_CONTAINER) {
        edit::push_named(beside, "volumeMounts", mount);
    }
    pod["spec"]["shareProcessNamespace"] = json!(true);
    if edit::container(pod, CONTAINER).is_some() {
        return Ok(());
    }
    let or = |given: &str, default: &str| if given.is_empty() { default.to_owned() } else { given.to_owned() };
    let amounts = json!({"cpu": or(&config.cpu_modelcar, "10m"), "memory": or(&config.memory_modelcar, "15Mi")});
    let resources = json!({"limits": amounts, "requests": amounts});
    let link = if behaviour.configured_resources { "ln -sf" } else { "ln -s" };
    let mut car = json!({
        "name": CONTAINER, "image": image, "resources": resources, "terminationMessagePolicy": "FallbackToLogsOnError",
        "args": ["sh", "-c", format!("{link} /proc/$$$$/root/models {FOLDER}/models && sleep infinity")],
        "volumeMounts": [{"name": VOLUME, "mountPath": FOLDER}],
    });
    if let Some(security) = security {
        car["securityContext"] = security;
    }
    edit::push(&mut pod["spec"], "containers", car);
    if behaviour.prefetched_modelcars {
        let check = format!(
            "echo 'Pre-fetching modelcar {image}: ' && [ -d /models ] && [ \"$$(ls -A /models)\" ] && echo 'OK ... Prefetched and valid (/models \
             exists)' || (echo 'NOK ... Prefetched but modelcar is invalid (/models does not exist or is empty)' && exit 1)"
        );
        let init = json!({
            "name": INIT, "image": image, "resources": resources, "args": ["sh", "-c", check],
            "terminationMessagePolicy": "FallbackToLogsOnError",
        });
        edit::push(&mut pod["spec"], "initContainers", init);
    }
    Ok(())
}
