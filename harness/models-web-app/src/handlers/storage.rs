//! Storage classes, which the shared library serves to every app. Rights are not asked for; the app's own role has none.

use proofmark_json::Value;

use super::Outcome;
use crate::app::App;
use crate::cluster::items;
use crate::failure::Failure;
use crate::outgoing::Answer;

/// Annotations that make a class the default.
const DEFAULTS: [&str; 2] =
    ["storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class"];

pub(super) async fn list(app: &App) -> Outcome {
    let names: Vec<String> = classes(app).await?.iter().map(|class| name(class).to_owned()).collect();
    Ok(Answer::field("storageClasses", names))
}

pub(super) async fn default(app: &App) -> Outcome {
    let classes = classes(app).await?;
    let is_default = |class: &&Value| {
        let annotations = class.pointer("/metadata/annotations");
        DEFAULTS.iter().any(|key| annotations.and_then(|all| all.get(key)).is_some_and(|value| value == "true"))
    };
    Ok(Answer::field("defaultStorageClass", classes.iter().find(is_default).map(name).unwrap_or_default()))
}

async fn classes(app: &App) -> Result<Vec<Value>, Failure> {
    Ok(items(app.cluster().get("/apis/storage.k8s.io/v1/storageclasses").await?))
}

fn name(class: &Value) -> &str {
    class.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default()
}
