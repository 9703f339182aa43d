//! What the storage initializer identifies itself with: from a storage specification's secret, or from the service account and its secrets.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proofmark_controllers::kit::{Error, Reason as _, object};
use proofmark_json::{Map, Value, json};

use super::{Denied, Inner, edit};
use crate::behaviour::Behaviour;
use crate::config::Config;
use crate::names::{STORAGE_SPEC, STORAGE_SPEC_KEY, STORAGE_SPEC_PARAM, kinds};

/// Stands for the scheme of a URI until the secret tells it.
const PLACEHOLDER: &str = "<scheme-placeholder>://";
const ROLE: &str = "eks.amazonaws.com/role-arn";
const PREFIX: &str = "serving.kserve.io/";

/// What is said of what cannot be read. What is looked for among what is watched is called by its kind.
fn told(error: &Error, kind: &str, name: &str, behaviour: Behaviour) -> String {
    match error.is_not_found() && !behaviour.reads_secrets_anew {
        true => format!("{kind} {name:?} not found"),
        false => error.words(),
    }
}

/// What is added to the initializer.
#[derive(Default)]
pub(super) struct Found {
    pub(super) env: Vec<Value>,
    pub(super) volumes: Vec<Value>,
    pub(super) mounts: Vec<Value>,
    /// The URI, now that its scheme is known.
    pub(super) uri: Option<String>,
}

impl Found {
    fn set(&mut self, name: &str, value: &str) {
        self.env.push(json!({"name": name, "value": value}));
    }

    fn refer(&mut self, name: &str, secret: &str, key: &str) {
        self.env.push(json!({"name": name, "valueFrom": {"secretKeyRef": {"name": secret, "key": key}}}));
    }

    /// Adds everything to a container and its pod.
    pub(super) fn add_to(self, pod: &mut Value, container: &mut Value) {
        for variable in self.env {
            edit::push(container, "env", variable);
        }
        for volume in self.volumes {
            edit::push_named(&mut pod["spec"], "volumes", volume);
        }
        for mount in self.mounts {
            edit::push(container, "volumeMounts", mount);
        }
        if let Some(uri) = self.uri {
            container["args"][0] = json!(uri);
        }
    }

    /// Adds the variables of a secret for S3. One that is there gets the value, and keeps what it refers to.
    fn merge(&mut self, with: Self) {
        for variable in with.env {
            match self.env.iter_mut().find(|there| there["name"] == variable["name"]) {
                Some(there) => {
                    if let Some(value) = variable.get("value") {
                        there["value"] = value.clone();
                    }
                }
                None => self.env.push(variable),
            }
        }
    }

    fn mount(&mut self, volume: &str, secret: &str, path: &str) {
        self.volumes.push(json!({"name": volume, "secret": {"secretName": secret}}));
        self.mounts.push(json!({"name": volume, "mountPath": path, "readOnly": true}));
    }
}

/// Finds what a pod's initializer needs.
pub(super) async fn find(hooks: &Inner, pod: &Value, config: &Config, uri: &str) -> Result<Found, Denied> {
    let settings = config.raw("credentials")?;
    if object::annotation(pod, STORAGE_SPEC) == Some("true") {
        return of_storage_spec(hooks, pod, &settings, uri).await;
    }
    of_account(hooks, pod, &settings).await
}

/// The secret that a pod names for itself.
fn own_secret<'p>(pod: &'p Value, settings: &Value) -> Option<&'p str> {
    let key = object::text(settings, "/storageSecretNameAnnotation");
    object::annotation(pod, if key.is_empty() { "serving.kserve.io/storageSecretName" } else { key })
}

async fn of_storage_spec(hooks: &Inner, pod: &Value, settings: &Value, uri: &str) -> Result<Found, Denied> {
    let denied = |words: String| Err(Denied::failed(words));
    let mut found = Found::default();
    let overrides = object::annotation(pod, STORAGE_SPEC_PARAM);
    let parameters: Map = overrides.and_then(|text| proofmark_json::from_str(text).ok()).unwrap_or_default();
    let parameter = |name: &str| parameters.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (mut kind, mut bucket) = (parameter("type"), parameter("bucket"));
    let configured = object::text(settings, "/storageSpecSecretName");
    let name = own_secret(pod, settings).unwrap_or(if configured.is_empty() { "storage-config" } else { configured });
    let asked = object::annotation(pod, STORAGE_SPEC_KEY).filter(|key| !key.is_empty());
    let key = match (asked, kind.as_str()) {
        (Some(key), _) => key.to_owned(),
        (None, "") => "default".to_owned(),
        (None, kind) => format!("default_{kind}"),
    };
    let secret = match hooks.api.get(&kinds::SECRETS, object::namespace(pod), name).await {
        Ok(secret) => Some(secret),
        Err(error) if error.is_not_found() && asked.is_none() => None,
        Err(error) => {
            let why = told(&error, "Secret", name, hooks.behaviour);
            return denied(format!("can't read storage secret {name}: {why}"));
        }
    };
    match secret.as_ref().and_then(|secret| datum(secret, &key)) {
        Some(entry) => {
            if kind.is_empty() {
                let invalid =
                    |why: String| format!("invalid json encountered in key {key} of storage secret {name}: {why}");
                let entry = texts(&entry).map_err(|why| Denied::failed(invalid(why)))?;
                let of = |field: &str| entry.get(field).cloned().unwrap_or_default();
                kind = of("type");
                if kind.is_empty() {
                    return denied("unable to determine storage type".to_owned());
                }
                if !["s3", "hdfs", "webhdfs"].contains(&kind.as_str()) {
                    return denied(format!(
                        "storage type must be one of [s3, hdfs, webhdfs]. storage type [{kind}] is not supported"
                    ));
                }
                if bucket.is_empty() {
                    bucket = of("bucket");
                }
                let authorities = of("cabundle_configmap");
                if hooks.behaviour.ca_bundles && !authorities.is_empty() {
                    found.set("AWS_CA_BUNDLE_CONFIGMAP", &authorities);
                }
            }
            found.refer("STORAGE_CONFIG", name, &key);
        }
        None if asked.is_some() => {
            return denied(format!("specified storage key {key} not found in storage secret {name}"));
        }
        None if kind.is_empty() => return denied("unable to determine storage type".to_owned()),
        None => {}
    }
    if let Some(path) = uri.strip_prefix(PLACEHOLDER) {
        if kind == "s3" && bucket.is_empty() {
            return denied(format!(
                "format [{kind}] requires a bucket but one wasn't found in storage data or parameters"
            ));
        }
        found.uri = Some(if kind == "s3" { format!("s3://{bucket}/{path}") } else { format!("{kind}://{path}") });
    }
    if let Some(overrides) = overrides.filter(|_| !parameters.is_empty()) {
        found.set("STORAGE_OVERRIDE_CONFIG", overrides);
    }
    Ok(found)
}

/// An object with only texts in it; the error is Go's.
fn texts(json: &str) -> Result<std::collections::BTreeMap<String, String>, String> {
    let value = proofmark_builtin::decode::parse(json.as_bytes()).map_err(|error| error.to_string())?;
    let of = |value: &Value| match value {
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
        Value::Null | Value::String(_) => "string",
    };
    let unfit =
        |value: &Value, into: &str| format!("json: cannot unmarshal {} into Go value of type {into}", of(value));
    let entries = value.as_object().ok_or_else(|| unfit(&value, "map[string]string"))?;
    entries
        .iter()
        .map(|(key, value)| match value {
            Value::String(text) => Ok((key.to_string(), text.clone())),
            Value::Null => Ok((key.to_string(), String::new())),
            other => Err(unfit(other, "string")),
        })
        .collect()
}

/// What the pod's service account and its secrets hold.
pub(super) async fn of_account(hooks: &Inner, pod: &Value, settings: &Value) -> Result<Found, Denied> {
    let name = match object::text(pod, "/spec/serviceAccountName") {
        "" => "default",
        name => name,
    };
    of_named_account(hooks, pod, name, settings).await
}

/// The same for an account of this name.
pub(super) async fn of_named_account(
    hooks: &Inner,
    pod: &Value,
    name: &str,
    settings: &Value,
) -> Result<Found, Denied> {
    let mut found = Found::default();
    let namespace = object::namespace(pod);
    let account = match hooks.api.get(&kinds::ACCOUNTS, namespace, name).await {
        Ok(account) => account,
        // Without an account there are no credentials; the pod says so soon enough.
        Err(error) if error.is_not_found() => return Ok(found),
        Err(error) => return Err(error.into()),
    };
    if object::annotation(&account, ROLE).is_some() {
        s3(&mut found, &account, settings, hooks);
    }
    let names: Vec<String> = match own_secret(pod, settings) {
        Some(own) => vec![own.to_owned()],
        None => {
            object::list(&account, "/secrets").iter().map(|secret| object::text(secret, "/name").to_owned()).collect()
        }
    };
    for name in names {
        let secret = hooks.api.get(&kinds::SECRETS, namespace, &name).await;
        let secret = secret.map_err(|error| Denied::failed(told(&error, "Secret", &name, hooks.behaviour)))?;
        of_secret(&mut found, &secret, settings, hooks);
    }
    Ok(found)
}

/// Tells the provider by what the secret holds. The first that fits counts.
fn of_secret(found: &mut Found, secret: &Value, settings: &Value, hooks: &Inner) {
    let name = object::name(secret);
    let has = |key: &str| secret.get("data").is_some_and(|data| data.get(key).is_some());
    let setting = |at: &str, default: &str| match object::text(settings, at) {
        "" => default.to_owned(),
        text => text.to_owned(),
    };
    let secret_key = setting("/s3/s3SecretAccessKeyName", "awsSecretAccessKey");
    let gcs_file = setting("/gcs/gcsCredentialFileName", "gcloud-application-credentials.json");
    if has(&secret_key) {
        let mut of_s3 = Found::default();
        of_s3.refer("AWS_ACCESS_KEY_ID", name, &setting("/s3/s3AccessKeyIDName", "awsAccessKeyID"));
        of_s3.refer("AWS_SECRET_ACCESS_KEY", name, &secret_key);
        s3(&mut of_s3, secret, settings, hooks);
        found.merge(of_s3);
    } else if has(&gcs_file) {
        found.mount("user-gcp-sa", name, "/var/secrets/");
        found.set("GOOGLE_APPLICATION_CREDENTIALS", &format!("/var/secrets/{gcs_file}"));
    } else if has("AZ_CLIENT_ID") || has("AZURE_CLIENT_ID") || hooks.behaviour.azure_tokens && has("AZURE_ACCESS_TOKEN")
    {
        for (variable, key) in azure(&has, hooks.behaviour) {
            found.refer(&variable, name, &key);
        }
    } else if has("AZURE_STORAGE_ACCESS_KEY") {
        found.refer("AZURE_STORAGE_ACCESS_KEY", name, "AZURE_STORAGE_ACCESS_KEY");
    } else if has("https-host") {
        if let (Some(host), Some(headers)) = (datum(secret, "https-host"), datum(secret, "headers")) {
            found.set(&format!("{host}-headers"), &headers);
        }
    } else if has("HDFS_NAMENODE") {
        found.mount("hdfs-secrets", name, "/var/secrets/kserve-hdfscreds");
    } else if hooks.behaviour.hugging_face && has("HF_TOKEN") {
        if hooks.behaviour.token_references {
            found.refer("HF_TOKEN", name, "HF_TOKEN");
        } else if let Some(token) = datum(secret, "HF_TOKEN") {
            found.set("HF_TOKEN", &token);
        }
        if hooks.behaviour.configured_resources && !hooks.behaviour.hugging_face_speed {
            found.set("HF_HUB_ENABLE_HF_TRANSFER", "1");
        }
    }
}

/// What identifies a client of Azure: variables, and the keys of the secret that they refer to. Some are older names, one for one.
fn azure(has: &impl Fn(&str) -> bool, behaviour: Behaviour) -> Vec<(String, String)> {
    let older = ["SUBSCRIPTION_ID", "TENANT_ID", "CLIENT_ID", "CLIENT_SECRET"];
    let key = behaviour.azure_access_keys.then_some("STORAGE_ACCESS_KEY");
    let tokens = ["ACCESS_TOKEN", "ACCESS_EXPIRES_ON_SECONDS", "ACCOUNT_NAME", "SERVICE_URL"];
    let tokens = tokens.into_iter().filter(|_| behaviour.azure_tokens);
    let mut all = Vec::new();
    for part in older.into_iter().chain(key).chain(tokens) {
        let variable = format!("AZURE_{part}");
        let legacy = Some(format!("AZ_{part}")).filter(|legacy| older.contains(&part) && has(legacy));
        let key = legacy.unwrap_or_else(|| variable.clone());
        let optional = match part {
            "CLIENT_SECRET" => behaviour.azure_identities,
            "SUBSCRIPTION_ID" | "CLIENT_ID" => behaviour.azure_tokens,
            "TENANT_ID" => false,
            _ => true,
        };
        if has(&key) || !optional {
            all.push((variable, key));
        }
    }
    all
}

/// The settings of S3 that annotations of a secret or an account state, or else the configuration.
fn s3(found: &mut Found, of: &Value, settings: &Value, hooks: &Inner) {
    let setting = |annotation: &str, config: &str, variable: &str| {
        let annotated = object::annotation(of, &format!("{PREFIX}{annotation}")).map(str::to_owned);
        let stated = || datum(of, variable).filter(|_| hooks.behaviour.s3_data);
        annotated.or_else(stated).unwrap_or_else(|| object::text(settings, &format!("/s3/{config}")).to_owned())
    };
    // At first whether to use HTTPS was asked where the endpoint is named, and the configuration's told only when it says no.
    let annotated = |annotation: &str| object::annotation(of, &format!("{PREFIX}{annotation}"));
    let configured =
        |config: &str| Some(object::text(settings, &format!("/s3/{config}"))).filter(|text| !text.is_empty());
    let filled = |text: String| Some(text).filter(|text| !text.is_empty());
    let (endpoint, https) = match annotated("s3-endpoint") {
        _ if hooks.behaviour.s3_data => (
            filled(setting("s3-endpoint", "s3Endpoint", "S3_ENDPOINT")),
            filled(setting("s3-usehttps", "s3UseHttps", "S3_USE_HTTPS")),
        ),
        Some(endpoint) => (Some(endpoint.to_owned()), annotated("s3-usehttps").map(str::to_owned)),
        None => (
            configured("s3Endpoint").map(str::to_owned),
            configured("s3UseHttps").filter(|https| *https == "0").map(str::to_owned),
        ),
    };
    let mut https = https.as_deref();
    let mut endpoint = endpoint;
    let mut stated = None;
    if hooks.behaviour.s3_schemes
        && let Some(trimmed) = endpoint.as_deref().map(|endpoint| endpoint.trim().to_owned())
    {
        for (scheme, yes) in [("https://", "1"), ("http://", "0")] {
            if stated.is_none() && trimmed.get(..scheme.len()).is_some_and(|own| own.eq_ignore_ascii_case(scheme)) {
                https = Some(yes);
                stated = Some(trimmed.clone());
                endpoint = trimmed.get(scheme.len()..).map(str::to_owned);
            }
        }
        if stated.is_none() {
            endpoint = Some(trimmed);
        }
    }
    let alone = hooks.behaviour.s3_data && !hooks.behaviour.s3_schemes;
    if let Some(https) = https.filter(|_| endpoint.is_some() || alone) {
        found.set("S3_USE_HTTPS", https);
    }
    if let Some(endpoint) = endpoint {
        found.set("S3_ENDPOINT", &endpoint);
        let scheme = if https == Some("0") { "http" } else { "https" };
        found.set("AWS_ENDPOINT_URL", &stated.unwrap_or_else(|| format!("{scheme}://{endpoint}")));
    }
    for (annotation, config, variable, known) in [
        ("s3-verifyssl", "s3VerifySSL", "S3_VERIFY_SSL", true),
        ("s3-useanoncredential", "s3UseAnonymousCredential", "awsAnonymousCredential", true),
        ("s3-region", "s3Region", "AWS_DEFAULT_REGION", true),
        ("s3-usevirtualbucket", "s3UseVirtualBucket", "S3_USER_VIRTUAL_BUCKET", true),
        ("s3-useaccelerate", "s3UseAccelerate", "S3_USE_ACCELERATE", hooks.behaviour.ca_bundles),
        ("s3-cabundle", "s3CABundle", "AWS_CA_BUNDLE", true),
        ("s3-cabundle-configmap", "s3CABundleConfigMap", "AWS_CA_BUNDLE_CONFIGMAP", hooks.behaviour.ca_bundles),
    ] {
        let value = setting(annotation, config, variable);
        if known && !value.is_empty() {
            found.set(variable, &value);
        }
    }
}

/// A value of a secret, decoded.
fn datum(secret: &Value, key: &str) -> Option<String> {
    let bytes = STANDARD.decode(secret.get("data")?.get(key)?.as_str()?).ok()?;
    String::from_utf8(bytes).ok()
}
