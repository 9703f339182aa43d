//! Namespaces, services and secrets as users write them.

use proofmark_env::PatchFormat;
use proofmark_json::{Value, json};
use proofmark_replay::{Step, Target, step};

use crate::kinds::{CONFIG_MAPS, NAMESPACES, SERVICES};
use crate::universe::{CONFIG, CONTROL_PLANE, release, setting};

/// The annotation that chooses how a service is deployed.
pub const MODE: &str = "serving.kserve.io/deploymentMode";
/// As a Deployment: the name that every release understands.
pub const RAW: &str = "RawDeployment";

/// A user makes a namespace.
pub fn namespace(name: &str) -> Step {
    let rest = json!({});
    step(format!("the namespace {name} is created")).create(&NAMESPACES, NAMESPACES.object(None, name, rest))
}

/// A service of a model, deployed as a Deployment.
pub fn service(namespace: &str, name: &str, model: Value) -> Value {
    let mut service = SERVICES.object(Some(namespace), name, json!({"spec": {"predictor": {"model": model}}}));
    service["metadata"]["annotations"] = json!({MODE: RAW});
    service
}

/// A model of scikit-learn at a URI.
pub fn sklearn(uri: &str) -> Value {
    json!({"modelFormat": {"name": "sklearn"}, "storageUri": uri})
}

/// A model of scikit-learn in a storage whose secret has this key.
pub fn stored(key: &str, path: &str) -> Value {
    json!({"modelFormat": {"name": "sklearn"}, "storage": {"key": key, "path": path}})
}

/// The administrator changes fields of a part of the configuration, which is JSON in a text: the whole part is written anew.
pub fn configure(title: &str, target: &Target, part: &str, fields: &Value) -> Step {
    let mut setting = setting(release(target), part);
    for (field, value) in fields.as_object().into_iter().flatten() {
        setting[field] = value.clone();
    }
    let place = CONFIG_MAPS.in_namespace(CONTROL_PLANE).named(CONFIG);
    step(title).patch(place, PatchFormat::Merge, json!({"data": {part: setting.to_string()}}))
}
