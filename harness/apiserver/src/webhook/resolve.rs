//! From a `clientConfig` to an address.
//!
//! kube-apiserver sends to a service's cluster IP and leaves the rest to the network. There is no such network here, so the way ends
//! at a ready endpoint of the service; without one the connection is refused, as a node's proxy rules refuse it.
//! Source: `ResolveCluster` in `k8s.io/apiserver/pkg/util/proxy`, release 1.35.

use std::sync::Arc;

use proofmark_json::Value;

use super::target::{ClientConfig, Location, host_port};
use crate::server::Inner;

/// Where a call goes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// To this `host:port`.
    Address(String),
    /// To this `host:port`, behind which nothing is.
    Nowhere(String),
}

/// The place of a webhook; the error is Go's text.
pub(super) fn place(server: &Arc<Inner>, config: &ClientConfig) -> Result<Place, String> {
    let (namespace, name, port) = match &config.location {
        Location::Service { namespace, name, port, .. } => (namespace, name, *port),
        Location::Url(url) => {
            let (host, port) = host_port(url);
            return Ok(Place::Address(join(&host, port)));
        }
    };
    let quoted = proofmark_status::quote(name);
    let services = server.catalog.find("", "v1", "services");
    let snapshot = server.store.snapshot();
    let service = services.and_then(|services| snapshot.get(&services.prefix, &format!("{namespace}/{name}")).cloned());
    let service = service.ok_or_else(|| format!("service {quoted} not found"))?;
    let text = |pointer: &str| crate::value::text_at(&service.value, pointer);
    let (kind, cluster_ip) = (text("/spec/type"), text("/spec/clusterIP"));
    match (kind.as_str(), cluster_ip.as_str()) {
        ("ClusterIP", "None") => return Err("cannot route to service with ClusterIP \"None\"".to_owned()),
        ("ExternalName", _) => return Ok(Place::Address(join(&text("/spec/externalName"), port))),
        _ => {}
    }
    let ports = service.value.pointer("/spec/ports").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let wanted = ports
        .iter()
        .find(|p| p.get("port").and_then(Value::as_u64) == Some(u64::from(port)))
        .ok_or_else(|| format!("no service port {port} found for service {quoted}"))?;
    let nowhere = Place::Nowhere(join(&cluster_ip, port));
    Ok(endpoint(server, namespace, name, wanted).map_or(nowhere, Place::Address))
}

/// A ready endpoint of a service's port.
fn endpoint(server: &Arc<Inner>, namespace: &str, name: &str, port: &Value) -> Option<String> {
    let slices = server.catalog.find("discovery.k8s.io", "v1", "endpointslices")?;
    let snapshot = server.store.snapshot();
    let port_name = port.get("name").and_then(Value::as_str).unwrap_or_default();
    let of_service = |slice: &Value| {
        let labels = proofmark_registry::meta::of(slice).and_then(|m| m.get("labels"));
        labels.and_then(|l| l.get("kubernetes.io/service-name")).and_then(Value::as_str) == Some(name)
    };
    let list = |value: &Value, field: &str| value.get(field).and_then(Value::as_array).cloned().unwrap_or_default();
    for (_, slice) in snapshot.list(&slices.prefix, &format!("{namespace}/"), None) {
        if !of_service(&slice.value) {
            continue;
        }
        let named = |p: &Value| p.get("name").and_then(Value::as_str).unwrap_or_default() == port_name;
        let number = list(&slice.value, "ports").iter().find(|p| named(p)).and_then(|p| p.get("port")?.as_u64());
        let ready = |e: &Value| e.pointer("/conditions/ready").and_then(Value::as_bool).unwrap_or(true);
        let endpoints = list(&slice.value, "endpoints");
        let address = endpoints.iter().find(|e| ready(e)).and_then(|e| e.pointer("/addresses/0")?.as_str());
        if let (Some(number), Some(address)) = (number.and_then(|n| u16::try_from(n).ok()), address) {
            return Some(join(address, number));
        }
    }
    None
}

/// `host:port`, with brackets around IPv6 addresses.
fn join(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}
