//! Models in OCI images: the image runs beside the server and links its files into a shared folder.

use proofmark_controllers::kit::object;
use serde_json::{Value, json};

use super::edit;
use crate::config::Container;
use crate::names::{SERVER_CONTAINER, TRANSFORMER_CONTAINER};

const CONTAINER: &str = "modelcar";
const INIT: &str = "modelcar-init";
const VOLUME: &str = "kserve-provision-location";
/// The folder that the link to the model's files is made in.
const FOLDER: &str = "/mnt";

pub(super) fn inject(pod: &mut Value, uri: &str, config: &Container) {
    let image = uri.strip_prefix("oci://").unwrap_or(uri);
    if edit::container(pod, CONTAINER).is_some() {
        return;
    }
    pod["spec"]["shareProcessNamespace"] = json!(true);
    edit::push_named(&mut pod["spec"], "volumes", json!({"name": VOLUME, "emptyDir": {}}));
    let security = config.uid_modelcar.map(|uid| json!({"runAsUser": uid}));
    for name in [SERVER_CONTAINER, TRANSFORMER_CONTAINER] {
        let Some(container) = edit::container(pod, name) else { continue };
        edit::push(container, "volumeMounts", json!({"name": VOLUME, "mountPath": FOLDER}));
        edit::push_named(container, "env", json!({"name": "MODEL_INIT_MODE", "value": "async"}));
        if let Some(security) = &security {
            container["securityContext"] = security.clone();
        }
    }
    let or = |given: &str, default: &str| if given.is_empty() { default.to_owned() } else { given.to_owned() };
    let amounts = json!({"cpu": or(&config.cpu_modelcar, "10m"), "memory": or(&config.memory_modelcar, "15Mi")});
    let resources = json!({"limits": amounts, "requests": amounts});
    let mut car = json!({
        "name": CONTAINER, "image": image, "resources": resources, "terminationMessagePolicy": "FallbackToLogsOnError",
        "args": ["sh", "-c", format!("ln -sf /proc/$$$$/root/models {FOLDER}/models && sleep infinity")],
        "volumeMounts": [{"name": VOLUME, "mountPath": FOLDER}],
    });
    if let Some(security) = security {
        car["securityContext"] = security;
    }
    edit::push(&mut pod["spec"], "containers", car);
    let check = format!(
        "echo 'Pre-fetching modelcar {image}: ' && [ -d /models ] && [ \"$$(ls -A /models)\" ] && echo 'OK ... Prefetched and valid (/models \
         exists)' || (echo 'NOK ... Prefetched but modelcar is invalid (/models does not exist or is empty)' && exit 1)"
    );
    if !object::list(pod, "/spec/initContainers").iter().any(|container| object::text(container, "/name") == INIT) {
        let init = json!({
            "name": INIT, "image": image, "resources": resources, "args": ["sh", "-c", check],
            "terminationMessagePolicy": "FallbackToLogsOnError",
        });
        edit::push(&mut pod["spec"], "initContainers", init);
    }
}
