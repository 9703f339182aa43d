//! Which backend a request means, and which endpoints that has. Decided from objects alone.

use proofmark_controllers::kit::object;
use proofmark_json::Value;
use thiserror::Error;

/// Why a request leads nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Unroutable {
    /// No rule and no Service has this host.
    #[error("no route")]
    NoRoute,
    /// There is a rule, and nothing ready behind it.
    #[error("no healthy upstream")]
    NoUpstream,
}

/// A port of a Service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backend {
    /// The Service's namespace.
    pub namespace: String,
    /// Its name.
    pub service: String,
    /// The port, by number or name.
    pub port: Port,
}

/// A port by number or by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Port {
    /// `80`
    Number(u16),
    /// `http`
    Name(String),
}

/// A process's port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The pod's namespace.
    pub namespace: String,
    /// Its name.
    pub pod: String,
    /// The port that it listens on.
    pub port: u16,
}

/// The backend of an Ingress rule: rules of the exact host go before those with `*.`, exact paths before prefixes, and long prefixes before short ones.
pub fn by_ingress<'a>(ingresses: impl IntoIterator<Item = &'a Value>, host: &str, path: &str) -> Option<Backend> {
    let mut best: Option<((bool, bool, usize), Backend)> = None;
    for ingress in ingresses {
        for rule in object::list(ingress, "/spec/rules") {
            let wanted = object::text(rule, "/host");
            if !host_fits(wanted, host) {
                continue;
            }
            for entry in object::list(rule, "/http/paths") {
                let (given, kind) = (object::text(entry, "/path"), object::text(entry, "/pathType"));
                let exact = kind == "Exact";
                if !(if exact { given == path } else { prefix_fits(given, path) }) {
                    continue;
                }
                let rank = (wanted == host, exact, given.len());
                // The first of equal ones stays.
                if best.as_ref().is_none_or(|(before, _)| rank > *before)
                    && let Some(backend) = backend(ingress, entry)
                {
                    best = Some((rank, backend));
                }
            }
        }
    }
    best.map(|(_, backend)| backend)
}

fn backend(ingress: &Value, entry: &Value) -> Option<Backend> {
    let service = object::text(entry, "/backend/service/name");
    let number = object::number(entry, "/backend/service/port/number").and_then(|port| u16::try_from(port).ok());
    let name = object::text(entry, "/backend/service/port/name");
    Some(Backend {
        namespace: object::namespace(ingress).to_owned(),
        service: Some(service).filter(|service| !service.is_empty())?.to_owned(),
        port: number.map_or_else(|| Port::Name(name.to_owned()), Port::Number),
    })
}

/// The Service that a host name inside of the cluster means: `NAME.NAMESPACE`, with or without `.svc` and `.svc.cluster.local`.
pub fn by_name(host: &str, port: u16) -> Option<Backend> {
    let short = host.strip_suffix(".cluster.local").unwrap_or(host);
    let (service, namespace) = short.strip_suffix(".svc").unwrap_or(short).split_once('.')?;
    let plain = !service.is_empty() && !namespace.is_empty() && !namespace.contains('.');
    plain.then(|| Backend { namespace: namespace.to_owned(), service: service.to_owned(), port: Port::Number(port) })
}

/// The ready processes behind a port of a Service, in order.
pub fn targets<'a>(
    service: &Value,
    slices: impl IntoIterator<Item = &'a Value>,
    port: &Port,
) -> Result<Vec<Target>, Unroutable> {
    let ports = object::list(service, "/spec/ports");
    let wanted = ports.iter().find(|one| match port {
        Port::Number(number) => object::number(one, "/port") == Some(i64::from(*number)),
        Port::Name(name) => object::text(one, "/name") == name,
    });
    let name = object::text(wanted.ok_or(Unroutable::NoRoute)?, "/name");
    let mut found = Vec::new();
    for slice in slices {
        let numbers = object::list(slice, "/ports");
        let Some(port) = numbers.iter().find(|one| object::text(one, "/name") == name) else { continue };
        let Some(port) = object::number(port, "/port").and_then(|port| u16::try_from(port).ok()) else { continue };
        for endpoint in object::list(slice, "/endpoints") {
            // Nothing said means ready.
            if endpoint.pointer("/conditions/ready").and_then(Value::as_bool) == Some(false) {
                continue;
            }
            let pod = object::text(endpoint, "/targetRef/name");
            if !pod.is_empty() {
                found.push(Target { namespace: object::namespace(slice).to_owned(), pod: pod.to_owned(), port });
            }
        }
    }
    if found.is_empty() { Err(Unroutable::NoUpstream) } else { Ok(found) }
}

/// `*.example.com` takes one label; nothing takes every host.
fn host_fits(wanted: &str, host: &str) -> bool {
    match wanted.strip_prefix("*.") {
        Some(rest) => host.split_once('.').is_some_and(|(first, parent)| !first.is_empty() && parent == rest),
        None => wanted.is_empty() || wanted == host,
    }
}

/// Whether a path lies below a prefix, part by part.
fn prefix_fits(prefix: &str, path: &str) -> bool {
    let prefix = prefix.trim_end_matches('/');
    path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use proofmark_json::json;

    use super::*;

    fn ingress(rules: &[(&str, &str, &str, &str)]) -> Value {
        let rules: Vec<Value> = rules
            .iter()
            .map(|(host, path, kind, service)| {
                let backend = json!({"service": {"name": service, "port": {"number": 80}}});
                json!({"host": host, "http": {"paths": [{"path": path, "pathType": kind, "backend": backend}]}})
            })
            .collect();
        json!({"metadata": {"namespace": "team"}, "spec": {"rules": rules}})
    }

    #[rstest::rstest]
    #[case("a.example.com", "/", Some("all"))]
    #[case("a.example.com", "/v1", Some("exact"))]
    #[case("a.example.com", "/v1/models", Some("models"))]
    #[case("a.example.com", "/v1/modelsx", Some("all"))]
    #[case("b.example.com", "/v1", Some("wild"))]
    #[case("a.b.example.com", "/", None)]
    #[case("example.com", "/", None)]
    fn the_closest_rule_counts(#[case] host: &str, #[case] path: &str, #[case] service: Option<&str>) {
        let ingress = ingress(&[
            ("*.example.com", "/", "Prefix", "wild"),
            ("a.example.com", "/", "Prefix", "all"),
            ("a.example.com", "/v1/models/", "Prefix", "models"),
            ("a.example.com", "/v1", "Exact", "exact"),
        ]);
        let found = by_ingress([&ingress], host, path);
        assert_eq!(found.as_ref().map(|backend| backend.service.as_str()), service);
    }

    #[rstest::rstest]
    #[case("iris.team", true)]
    #[case("iris.team.svc", true)]
    #[case("iris.team.svc.cluster.local", true)]
    #[case("iris", false)]
    #[case("iris.team.example.com", false)]
    #[case(".team", false)]
    fn services_have_names(#[case] host: &str, #[case] known: bool) {
        let iris = Backend { namespace: "team".to_owned(), service: "iris".to_owned(), port: Port::Number(80) };
        assert_eq!(by_name(host, 80), known.then_some(iris));
    }

    #[test]
    fn only_ready_endpoints_of_the_port_count() {
        let service = json!({"spec": {"ports": [{"name": "http", "port": 80}, {"name": "admin", "port": 81}]}});
        let endpoint = |pod: &str, ready: Value| json!({"conditions": ready, "targetRef": {"name": pod}});
        let slice = json!({
            "metadata": {"namespace": "team"}, "ports": [{"name": "http", "port": 8080}],
            "endpoints": [endpoint("a", json!({"ready": false})), endpoint("b", json!({"ready": true})), endpoint("c", json!({}))],
        });
        let pods = |port: Port| {
            targets(&service, [&slice], &port)
                .map(|found| found.into_iter().map(|one| (one.pod, one.port)).collect::<Vec<_>>())
        };
        assert_eq!(pods(Port::Number(80)), Ok(vec![("b".to_owned(), 8080), ("c".to_owned(), 8080)]));
        assert_eq!(pods(Port::Name("http".to_owned())), pods(Port::Number(80)));
        assert_eq!(pods(Port::Number(81)), Err(Unroutable::NoUpstream));
        assert_eq!(pods(Port::Number(82)), Err(Unroutable::NoRoute));
    }
}
