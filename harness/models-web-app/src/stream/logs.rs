//! Logs of a service's components, read as a whole every few seconds.

use std::time::Duration;

use futures_util::{Stream, stream};
use proofmark_json::{Value, json};
use tokio::time::sleep;

use super::subject::words;
use super::{PAUSE, frame};
use crate::app::App;
use crate::cluster::SERVICES;
use crate::failure::Failure;
use crate::handlers::{MAIN, by_component, lines};
use crate::mode::Mode;

/// How long until logs are read again.
const AGAIN: Duration = Duration::from_secs(3);

/// The frames of a client's stream.
pub(super) fn stream(
    app: App,
    namespace: String,
    name: String,
    components: Vec<String>,
) -> impl Stream<Item = String> + Send {
    stream::unfold((app, Duration::ZERO), move |(app, wait)| {
        let (namespace, name, components) = (namespace.clone(), name.clone(), components.clone());
        async move {
            sleep(wait).await;
            let (told, wait) = match read(&app, &namespace, &name, &components).await {
                Ok(logs) if logs.as_object().is_none_or(proofmark_json::Map::is_empty) => (update(logs), PAUSE),
                Ok(logs) => (update(logs), AGAIN),
                Err(failure) => (json!({"type": "ERROR", "logs": null, "message": words(&app, &failure)}), PAUSE),
            };
            Some((frame(&told), (app, wait)))
        }
    })
}

fn update(logs: Value) -> Value {
    json!({"type": "UPDATE", "logs": logs, "message": null})
}

/// Logs by component; pods whose log cannot be read are left out.
async fn read(app: &App, namespace: &str, name: &str, components: &[String]) -> Result<Value, Failure> {
    let service = app.cluster().object(&SERVICES.resource, namespace, name).await?;
    let mode = Mode::of(&service, app.flaws());
    let mut logs = json!({});
    for (component, pods) in by_component(app, &service, mode, components).await? {
        let mut of_component = Vec::new();
        for pod in pods {
            if let Ok(lines) = lines(app, namespace, &pod, MAIN).await {
                of_component.push(json!({"podName": pod, "logs": lines}));
            }
        }
        logs[component] = Value::Array(of_component);
    }
    Ok(logs)
}
