//! The agent: a container in front of the server that pulls models, logs requests and batches them, whichever annotations ask for.

use proofmark_controllers::kit::{Reason as _, object};
use proofmark_json::{Map, Value, json};
use proofmark_text::go_json;

use super::{Denied, Inner, credentials, edit};
use crate::config::{Config, Container};
use crate::names::{
    AGENT, AGENT_CONFIG, AGENT_CONFIG_DIR, AGENT_MODEL_DIR, BATCHER, BATCHER_LATENCY, BATCHER_SIZE, COMPONENT_LABEL,
    LOGGER, LOGGER_ANNOTATIONS, LOGGER_HEADERS, LOGGER_MODE, LOGGER_URL, SERVER_CONTAINER, SERVICE_LABEL,
    TRANSFORMER_CONTAINER, kinds,
};

const CONTAINER: &str = "agent";
/// The account that stores events unless the logger names another.
const STORING_ACCOUNT: &str = "logger-sa";
/// Knative's container in front of every server.
const QUEUE_PROXY: &str = "queue-proxy";
/// Where the agent listens.
const PORT: i64 = 9081;
const MODEL_VOLUME: &str = "model-dir";
const CONFIG_VOLUME: &str = "model-config";
/// The authorities that the logger trusts.
const CA_VOLUME: &str = "agent-ca-bundle";
const CA_DIR: &str = "/etc/tls/logger";
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

/// What the agent is made from: parts of the configuration, all of which must be sound whether a pod needs them or not.
pub(super) struct Settings {
    agent: Container,
    logger: Container,
}

impl Settings {
    pub(super) fn read(config: &Config) -> Result<Self, Denied> {
        let logger = super::part(config, "logger")?;
        super::part(config, "batcher")?;
        Ok(Self { agent: super::part(config, "agent")?, logger })
    }
}

pub(super) async fn inject(hooks: &Inner, pod: &mut Value, config: &Config, settings: &Settings) -> Result<(), Denied> {
    // The pod changes below, what it says of itself does not.
    let said = json!({"metadata": pod["metadata"]});
    let annotation = |key: &str| object::annotation(&said, key).map(str::to_owned);
    let label =
        |key: &str| object::labels(&said).and_then(|labels| labels.get(key)?.as_str()).unwrap_or_default().to_owned();
    let (pulls, logs, batches) = (annotation(AGENT), annotation(LOGGER), annotation(BATCHER));
    let there =
        object::list(pod, "/spec/containers").iter().any(|container| object::text(container, "/name") == CONTAINER);
    if pulls.is_none() && logs.is_none() && batches.is_none() || there {
        return Ok(());
    }
    let store = match logs.is_some() && hooks.behaviour.logger_stores {
        true => Store::read(hooks, object::namespace(pod), &label(SERVICE_LABEL), config).await?,
        false => Store::default(),
    };
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
        add(&["--enable-batcher"]);
        for (flag, key) in [("--max-batchsize", BATCHER_SIZE), ("--max-latency", BATCHER_LATENCY)] {
            if let Some(value) = annotation(key) {
                add(&[flag, &value]);
            }
        }
    }
    if logs.is_some() {
        let url = annotation(LOGGER_URL).unwrap_or_else(|| settings.logger.default_url.clone());
        let mode = annotation(LOGGER_MODE).unwrap_or_else(|| "all".to_owned());
        add(&["--log-url", &url, "--source-uri", object::name(pod), "--log-mode", &mode]);
        add(&["--inference-service", &label(SERVICE_LABEL), "--namespace", object::namespace(pod)]);
        add(&["--endpoint", &label("endpoint"), "--component", &label(COMPONENT_LABEL)]);
        for (flag, value) in &store.arguments {
            add(&[flag, value]);
        }
        if hooks.behaviour.logger_tls {
            if let Some(headers) = annotation(LOGGER_HEADERS) {
                add(&["--metadata-headers", &headers]);
            }
            if let Some(wanted) = annotation(LOGGER_ANNOTATIONS) {
                let pairs = wanted.split(',').filter_map(|key| Some(format!("{key}={}", annotation(key)?)));
                add(&["--metadata-annotations", &pairs.collect::<Vec<_>>().join(",")]);
            }
            if !settings.logger.ca_cert_file.is_empty() {
                add(&["--logger-ca-cert-file", &settings.logger.ca_cert_file]);
            }
            add(&["--logger-tls-skip-verify", &settings.logger.tls_skip_verify.to_string()]);
        }
    }
    let containers = object::list(pod, "/spec/containers");
    let served = |name: &str| containers.iter().find(|container| object::text(container, "/name") == name);
    let beside = served(TRANSFORMER_CONTAINER).filter(|_| hooks.behaviour.collocation);
    if let Some(asked) = beside.or_else(|| served(SERVER_CONTAINER)) {
        let port = object::number(asked, "/ports/0/containerPort").unwrap_or(8080);
        add(&["--component-port", &port.to_string()]);
    } else if hooks.behaviour.collocation {
        add(&["--component-port", "8080"]);
    }
    let first = containers.first().cloned().unwrap_or_default();
    let probe = beside.unwrap_or(&first).get("readinessProbe").filter(|probe| probe.is_object());
    // Later releases pass on only what the agent can ask by itself.
    let probe = match probe {
        Some(probe)
            if !hooks.behaviour.collocation || probe.get("httpGet").is_some() || probe.get("tcpSocket").is_some() =>
        {
            Some(go_json::write(&in_order(probe, PROBE)))
        }
        None if !hooks.behaviour.collocation => Some("null".to_owned()),
        _ => None,
    };
    let asked = beside.unwrap_or(&first);
    let path = Some(object::text(asked, "/readinessProbe/httpGet/path"));
    let path = path.filter(|path| hooks.behaviour.mirrors_probes && !path.is_empty()).unwrap_or("/").to_owned();
    let env = probe.map(|probe| json!({"name": "SERVING_READINESS_PROBE", "value": probe}));
    let env: Vec<Value> = env.into_iter().collect();
    let mut agent = json!({
        "name": CONTAINER, "image": settings.agent.image, "args": args, "resources": edit::resources(&settings.agent),
        "ports": [{"name": "agent-port", "containerPort": PORT, "protocol": "TCP"}],
        "env": env,
        "readinessProbe": {"httpGet": {
            "httpHeaders": [{"name": "K-Network-Probe", "value": "queue"}], "port": PORT, "path": path, "scheme": "HTTP",
        }},
    });
    if let Some(security) = first.get("securityContext") {
        agent["securityContext"] = security.clone();
    }
    if let Some(env) = behind_queue(pod) {
        agent["env"] = Value::Array(env);
    }
    if logs.is_some() && hooks.behaviour.logger_tls && !settings.logger.ca_bundle.is_empty() {
        let map = json!({"name": settings.logger.ca_bundle, "optional": true});
        edit::push(&mut pod["spec"], "volumes", json!({"name": CA_VOLUME, "configMap": map}));
        edit::push(&mut agent, "volumeMounts", json!({"name": CA_VOLUME, "mountPath": CA_DIR, "readOnly": true}));
    }
    let identified = config.raw("credentials")?;
    credentials::of_account(hooks, pod, &identified).await?.add_to(pod, &mut agent);
    if let Some(account) = &store.account {
        credentials::of_named_account(hooks, pod, account, &identified).await?.add_to(pod, &mut agent);
    }
    if pulls.is_some() {
        let (folder, map) =
            (annotation(AGENT_CONFIG_DIR).unwrap_or_default(), annotation(AGENT_CONFIG).unwrap_or_default());
        let models = json!({"name": MODEL_VOLUME, "mountPath": annotation(AGENT_MODEL_DIR).unwrap_or_default()});
        edit::push(&mut agent, "volumeMounts", models.clone());
        edit::push(&mut agent, "volumeMounts", json!({"name": CONFIG_VOLUME, "mountPath": folder}));
        if let Some(server) = edit::container(pod, SERVER_CONTAINER) {
            edit::push_named(server, "volumeMounts", models);
        }
        edit::push_named(&mut pod["spec"], "volumes", json!({"name": MODEL_VOLUME, "emptyDir": {}}));
        edit::push_named(&mut pod["spec"], "volumes", json!({"name": CONFIG_VOLUME, "configMap": {"name": map}}));
    }
    edit::push(&mut pod["spec"], "containers", agent);
    Ok(())
}

/// Where events are stored instead of sent: as the predictor of the service says, or else the configuration.
#[derive(Default)]
struct Store {
    arguments: Vec<(&'static str, String)>,
    /// Who stores them.
    account: Option<String>,
}

impl Store {
    async fn read(hooks: &Inner, namespace: &str, service: &str, config: &Config) -> Result<Self, Denied> {
        let service = match hooks.api.get(&kinds::SERVICES, namespace, service).await {
            Ok(service) => service,
            Err(error) if error.is_not_found() => Value::Null,
            Err(error) => return Err(error.into()),
        };
        let configured = config.raw("logger")?;
        let own = service.pointer("/spec/predictor/logger").filter(|logger| logger.is_object());
        let mut of = Self::default();
        let store = own.unwrap_or(&configured).get("storage").filter(|storage| storage.is_object());
        if let Some(store) = store {
            let text = |at: &str| Some(object::text(store, at)).filter(|text| !text.is_empty()).map(str::to_owned);
            of.arguments.extend(text("/path").map(|path| ("--log-store-path", path)));
            of.arguments.extend(text("/parameters/format").map(|format| ("--log-store-format", format)));
            of.account = Some(text("/serviceAccountName").unwrap_or_else(|| STORING_ACCOUNT.to_owned()));
        }
        if hooks.behaviour.logger_batches {
            let stated = |field: &str| {
                let own = own.and_then(|own| own.get(field)).filter(|value| !value.is_null());
                own.or(configured.get(field))
                    .map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
            };
            for (flag, field) in [
                ("--log-marshaller-url", "marshallerUrl"),
                ("--log-batch-size", "batchSize"),
                ("--log-batch-interval", "batchInterval"),
            ] {
                let value = stated(field).filter(|value| !value.is_empty() && value != "0");
                of.arguments.extend(value.map(|value| (flag, value)));
            }
        }
        Ok(of)
    }
}

/// Knative's proxy asks the agent in place of the server, and the agent learns what the proxy was told; none without a proxy.
fn behind_queue(pod: &mut Value) -> Option<Vec<Value>> {
    let proxy = edit::container(pod, QUEUE_PROXY)?;
    let told = object::list(proxy, "/env").to_vec();
    for variable in proxy.get_mut("env").and_then(Value::as_array_mut).into_iter().flatten() {
        if object::text(variable, "/name") == "USER_PORT" {
            variable["value"] = json!(PORT.to_string());
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
    Value::Object(fields.collect::<Map>())
}
