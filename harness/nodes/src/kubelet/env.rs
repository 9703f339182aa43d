//! A container's environment (`makeEnvironmentVariables`): service links, then `envFrom`, then `env`, later ones over earlier ones.

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::api::core::v1::{Container, EnvVarSource};
use proofmark_controllers::kit::object;
use proofmark_json::Value;

use super::expand::expand;
use super::fields::Facts;
use super::objects::{Data, Kind, Objects};

/// Variables by name.
pub(super) type Env = BTreeMap<String, String>;

/// Resolves a container's environment. An error is the message of `CreateContainerConfigError`.
pub(super) async fn resolve(
    container: &Container,
    links: &Env,
    facts: &Facts<'_>,
    objects: &mut Objects<'_>,
) -> Result<Env, String> {
    let mut env = Env::new();
    for from in container.env_from.iter().flatten() {
        let prefix = from.prefix.as_deref().unwrap_or_default();
        let (kind, name, optional) = match (&from.config_map_ref, &from.secret_ref) {
            (Some(map), _) => (Kind::ConfigMap, &map.name, map.optional),
            (None, Some(secret)) => (Kind::Secret, &secret.name, secret.optional),
            (None, None) => continue,
        };
        if let Some(data) = objects.get(kind, name, optional == Some(true)).await? {
            env.extend(data.iter().map(|(key, value)| (format!("{prefix}{key}"), text(value))));
        }
    }
    for variable in container.env.iter().flatten() {
        let plain = variable.value.as_deref().unwrap_or_default();
        let value = match &variable.value_from {
            _ if !plain.is_empty() => Some(expand(plain, &[&env, links])),
            Some(source) => from_source(source, container, facts, objects).await?,
            None => Some(String::new()),
        };
        if let Some(value) = value {
            env.insert(variable.name.clone(), value);
        }
    }
    for (name, value) in links {
        env.entry(name.clone()).or_insert_with(|| value.clone());
    }
    Ok(env)
}

/// None for what is optional and does not exist.
async fn from_source(
    source: &EnvVarSource,
    container: &Container,
    facts: &Facts<'_>,
    objects: &mut Objects<'_>,
) -> Result<Option<String>, String> {
    if let Some(field) = &source.field_ref {
        return facts.field(field).map(Some);
    }
    if let Some(resource) = &source.resource_field_ref {
        return facts.resource(resource, &container.name).map(Some);
    }
    let (kind, name, key, optional) = match (&source.config_map_key_ref, &source.secret_key_ref) {
        (Some(map), _) => (Kind::ConfigMap, &map.name, &map.key, map.optional == Some(true)),
        (None, Some(secret)) => (Kind::Secret, &secret.name, &secret.key, secret.optional == Some(true)),
        (None, None) => return Err("fileKeyRef is not simulated".to_owned()),
    };
    let Some(data): Option<Arc<Data>> = objects.get(kind, name, optional).await? else { return Ok(None) };
    match data.get(key) {
        Some(value) => Ok(Some(text(value))),
        None if optional => Ok(None),
        None => {
            let namespace = object::namespace(facts.pod);
            Err(format!("couldn't find key {key} in {} {namespace}/{name}", kind.name()))
        }
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The variables that name services (`envvars.FromServices`): those of the API server, and where links are enabled all of the namespace.
pub(super) fn service_links(services: &[Arc<Value>], namespace: &str, enabled: bool) -> Env {
    let mut env = Env::new();
    for service in services {
        let (name, of) = (object::name(service), object::namespace(service));
        let is_master = of == "default" && name == "kubernetes";
        let host = object::text(service, "/spec/clusterIP");
        if host.is_empty() || host == "None" || !(is_master || (enabled && of == namespace)) {
            continue;
        }
        link(&mut env, &name.to_uppercase().replace('-', "_"), host, object::list(service, "/spec/ports"));
    }
    env
}

fn link(env: &mut Env, service: &str, host: &str, ports: &[Value]) {
    let mut set = |name: String, value: String| env.insert(name, value);
    set(format!("{service}_SERVICE_HOST"), host.to_owned());
    for (at, port) in ports.iter().enumerate() {
        let number = port["port"].as_u64().unwrap_or_default();
        let protocol = port["protocol"].as_str().unwrap_or("TCP");
        let url = format!("{}://{host}:{number}", protocol.to_lowercase());
        if at == 0 {
            set(format!("{service}_SERVICE_PORT"), number.to_string());
            set(format!("{service}_PORT"), url.clone());
        }
        if let Some(name) = port["name"].as_str().filter(|name| !name.is_empty()) {
            let name = name.to_uppercase().replace('-', "_");
            set(format!("{service}_SERVICE_PORT_{name}"), number.to_string());
        }
        let prefix = format!("{service}_PORT_{number}_{}", protocol.to_uppercase());
        set(prefix.clone(), url);
        set(format!("{prefix}_PROTO"), protocol.to_lowercase());
        set(format!("{prefix}_PORT"), number.to_string());
        set(format!("{prefix}_ADDR"), host.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use proofmark_json::json;

    use super::*;

    #[test]
    fn services_as_variables() {
        let service = |namespace: &str, name: &str, ip: &str| {
            let ports = json!([{"name": "http-api", "port": 443, "protocol": "TCP"}]);
            Arc::new(
                json!({"metadata": {"namespace": namespace, "name": name}, "spec": {"clusterIP": ip, "ports": ports}}),
            )
        };
        let services = [
            service("default", "kubernetes", "10.96.0.1"),
            service("a", "my-db", "10.96.0.9"),
            service("a", "headless", "None"),
            service("b", "other", "10.96.0.7"),
        ];
        let env = service_links(&services, "a", true);
        let expected = [
            ("MY_DB_PORT", "tcp://10.96.0.9:443"),
            ("MY_DB_PORT_443_TCP", "tcp://10.96.0.9:443"),
            ("MY_DB_PORT_443_TCP_ADDR", "10.96.0.9"),
            ("MY_DB_PORT_443_TCP_PORT", "443"),
            ("MY_DB_PORT_443_TCP_PROTO", "tcp"),
            ("MY_DB_SERVICE_HOST", "10.96.0.9"),
            ("MY_DB_SERVICE_PORT", "443"),
            ("MY_DB_SERVICE_PORT_HTTP_API", "443"),
        ];
        let own: Vec<_> =
            env.iter().filter(|(k, _)| k.starts_with("MY")).map(|(k, v)| (k.as_str(), v.as_str())).collect();
        assert_eq!(own, expected);
        assert!(env.contains_key("KUBERNETES_SERVICE_HOST") && !env.contains_key("OTHER_SERVICE_HOST"));
        assert_eq!(service_links(&services, "a", false).len(), 8);
    }
}
