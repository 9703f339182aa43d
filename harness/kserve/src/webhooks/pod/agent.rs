//! The agent: a container in front of the server that pulls models, logs requests and batches them, whichever annotations ask for.

use proofmark_controllers::kit::object;
use serde_json::{Map, Value, json};

use super::edit;
use crate::config::{Config, ConfigError};
use crate::names::{
    AGENT, AGENT_CONFIG, AGENT_CONFIG_DIR, AGENT_MODEL_DIR, BATCHER, BATCHER_LATENCY, BATCHER_SIZE, COMPONENT_LABEL,
    LOGGER, LOGGER_MODE, LOGGER_URL, SERVER_CONTAINER, SERVICE_LABEL, TRANSFORMER_CONTAINER,
};

const CONTAINER: &str = "agent";
/// Knative's container in front of every server.
const QUEUE_PROXY: &str = "queue-proxy";
/// Where the agent listens.
const PORT: i64 = 9081;
const MODEL_VOLUME: &str = "model-dir";
const CONFIG_VOLUME: &str = "model-config";
/// What a probe looks like after the API server has filled it in, in Go's order of fields.
const PROBE: &[&str] = &[
    "exec",
    "httpGet",
    "tcpSocket",
    "grpc",
    "initialDelaySeconds",
    "timeoutSeconds",
    "periodSeconds",
    "successThreshold",
    "failureThreshold",
    "terminationGracePeriodSeconds",
];

pub(super) fn inject(pod: &mut Value, config: &Config) -> Result<(), ConfigError> {
    let annotation = |key: &str| object::annotation(pod, key).map(str::to_owned);
    let label =
        |key: &str| object::labels(pod).and_then(|labels| labels.get(key)?.as_str()).unwrap_or_default().to_owned();
    let (pulls, logs, batches) = (annotation(AGENT), annotation(LOGGER), annotation(BATCHER));
    let there =
        object::list(pod, "/spec/containers").iter().any(|container| object::text(container, "/name") == CONTAINER);
    if pulls.is_none() && logs.is_none() && batches.is_none() || there {
        return Ok(());
    }
    let settings = config.container("agent")?;
    let mut args: Vec<String> = Vec::new();
    let mut add = |words: &[&str]| args.extend(words.iter().map(|word| (*word).to_owned()));
    if pulls.is_some() {
        let (folder, models) = (annotation(AGENT_CONFIG_DIR), annotation(AGENT_MODEL_DIR));
        add(&[
            "--enable-puller",
            "--config-dir",
            &folder.unwrap_or_default(),
            "--model-dir",
            &models.unwrap_or_default(),
        ]);
    }
    if batches.is_some() {
        let defaults = config.container("batcher")?;
        add(&["--enable-batcher"]);
        for (flag, key, default) in [
            ("--max-batchsize", BATCHER_SIZE, defaults.max_batch_size),
            ("--max-latency", BATCHER_LATENCY, defaults.max_latency),
        ] {
            let value = annotation(key).unwrap_or(default);
            if !value.is_empty() {
                add(&[flag, &value]);
            }
        }
    }
    if logs.is_some() {
        let defaults = config.container("logger")?;
        let url = annotation(LOGGER_URL).unwrap_or(defaults.default_url);
        let mode = annotation(LOGGER_MODE).unwrap_or_else(|| "all".to_owned());
        add(&["--log-url", &url, "--source-uri", object::name(pod), "--log-mode", &mode]);
        add(&["--inference-service", &label(SERVICE_LABEL), "--namespace", object::namespace(pod)]);
        add(&["--endpoint", &label("endpoint"), "--component", &label(COMPONENT_LABEL)]);
        if config.behaviour.configured_resources {
            add(&["--logger-tls-skip-verify", "false"]);
        }
    }
    let served = |name: &str| {
        object::list(pod, "/spec/containers").iter().find(|container| object::text(container, "/name") == name)
    };
    let port = [TRANSFORMER_CONTAINER, SERVER_CONTAINER]
        .iter()
        .filter_map(|name| served(name))
        .find_map(|container| object::number(container, "/ports/0/containerPort"));
    add(&["--component-port", &port.unwrap_or(8080).to_string()]);
    let server = served(SERVER_CONTAINER).cloned().unwrap_or_default();
    let probe = match server.get("readinessProbe") {
        Some(probe) => in_order(probe, PROBE).to_string(),
        None => json!({
            "tcpSocket": {"port": 8080}, "timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3,
        })
        .to_string(),
    };
    let mut agent = json!({
        "name": CONTAINER, "image": settings.image, "args": args, "resources": edit::resources(&settings),
        "ports": [{"name": "agent-port", "containerPort": PORT, "protocol": "TCP"}],
        "env": [{"name": "SERVING_READINESS_PROBE", "value": probe}],
        "readinessProbe": {"httpGet": {
            "httpHeaders": [{"name": "K-Network-Probe", "value": "queue"}], "port": PORT, "path": "/", "scheme": "HTTP",
        }},
    });
    if let Some(security) = server.get("securityContext") {
        agent["securityContext"] = security.clone();
    }
    if pulls.is_some() {
        let (folder, map) =
            (annotation(AGENT_CONFIG_DIR).unwrap_or_default(), annotation(AGENT_CONFIG).unwrap_or_default());
        let models = json!({"name": MODEL_VOLUME, "mountPath": annotation(AGENT_MODEL_DIR).unwrap_or_default()});
        agent["volumeMounts"] = json!([models, {"name": CONFIG_VOLUME, "mountPath": folder}]);
        if let Some(server) = edit::container(pod, SERVER_CONTAINER) {
            edit::push_named(server, "volumeMounts", models);
        }
        edit::push_named(&mut pod["spec"], "volumes", json!({"name": MODEL_VOLUME, "emptyDir": {}}));
        edit::push_named(&mut pod["spec"], "volumes", json!({"name": CONFIG_VOLUME, "configMap": {"name": map}}));
    }
    if let Some(env) = behind_queue(pod) {
        agent["env"] = Value::Array(env);
    }
    edit::push(&mut pod["spec"], "containers", agent);
    Ok(())
}

/// Knative's proxy asks the agent in place of the server, and the agent learns what the proxy knew of the server; none without a proxy.
fn behind_queue(pod: &mut Value) -> Option<Vec<Value>> {
    let proxy = edit::container(pod, QUEUE_PROXY)?;
    let mut told = Vec::new();
    for variable in proxy.get_mut("env").and_then(Value::as_array_mut).into_iter().flatten() {
        match object::text(variable, "/name") {
            "SERVING_READINESS_PROBE" => told.push(variable.clone()),
            "USER_PORT" => {
                told.push(variable.clone());
                variable["value"] = json!(PORT.to_string());
            }
            _ => {}
        }
    }
    Some(told)
}

/// The same object with its fields in this order.
fn in_order(object: &Value, order: &[&str]) -> Value {
    let fields = order.iter().filter_map(|field| {
        let value = object.get(*field)?;
        let inner: &[&str] = match *field {
            "httpGet" => &["path", "port", "host", "scheme", "httpHeaders"],
            "tcpSocket" => &["port", "host"],
            "grpc" => &["port", "service"],
            _ => return Some(((*field).to_owned(), value.clone())),
        };
        Some(((*field).to_owned(), in_order(value, inner)))
    });
    Value::Object(fields.collect::<Map<_, _>>())
}
