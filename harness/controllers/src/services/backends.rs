//! The pods behind a service.

use std::net::IpAddr;
use std::sync::Arc;

use proofmark_json::Value;

use crate::kit::{Change, Informer, Queue, object};
use crate::workloads::{Key, children, pods};

/// Whether a service has its endpoints found by a selector.
pub(super) fn selects(service: &Value) -> bool {
    object::text(service, "/spec/type") != "ExternalName"
        && service.pointer("/spec/selector").is_some_and(Value::is_object)
}

fn is_selected(service: &Value, pod: &Value) -> bool {
    let selector = service.pointer("/spec/selector").and_then(Value::as_object);
    selector.is_some_and(|selector| {
        let labels = object::labels(pod);
        selector.iter().all(|(key, value)| labels.and_then(|labels| labels.get(key)) == Some(value))
    })
}

/// The pods that a service selects.
pub(super) fn of(service: &Value, pods: &Informer) -> Vec<Arc<Value>> {
    let mut all = pods.within(object::namespace(service));
    all.retain(|pod| is_selected(service, pod));
    all
}

/// Puts the services that a changed pod is, or was, behind into a queue.
pub(super) fn follow(pods: &Informer, services: &Informer, queue: &Queue<Key>) {
    let (services, queue) = (services.clone(), queue.clone());
    pods.on_change(move |change| {
        if !matters(change) {
            return;
        }
        for service in services.within(object::namespace(change.latest())).iter().filter(|service| selects(service)) {
            if [&change.old, &change.new].into_iter().flatten().any(|pod| is_selected(service, pod)) {
                queue.add(children::key(service));
            }
        }
    });
}

/// Whether a change of a pod changes endpoints.
fn matters(change: &Change) -> bool {
    let (Some(old), Some(new)) = (&change.old, &change.new) else { return true };
    let fields =
        ["/metadata/labels", "/status/podIPs", "/status/phase", "/spec/nodeName", "/metadata/deletionTimestamp"];
    fields.iter().any(|at| old.pointer(at) != new.pointer(at)) || pods::is_ready(old) != pods::is_ready(new)
}

/// Whether a pod is an endpoint, ready or not.
pub(super) fn is_endpoint(pod: &Value, also_terminating: bool) -> bool {
    let addressed = !object::text(pod, "/status/podIP").is_empty() || !object::list(pod, "/status/podIPs").is_empty();
    addressed && !pods::is_finished(pod) && (also_terminating || !object::is_being_deleted(pod))
}

/// The addresses of a pod of one family.
pub(super) fn addresses(pod: &Value, v6: bool) -> impl Iterator<Item = String> {
    let all = object::list(pod, "/status/podIPs").iter();
    let parsed = all.filter_map(|ip| object::text(ip, "/ip").parse::<IpAddr>().ok());
    parsed.filter(move |ip| ip.is_ipv6() == v6).map(|ip| ip.to_string())
}

/// The port of a pod that a service's port leads to; none where the pod has none of that name.
pub(super) fn target_port(pod: &Value, port: &Value) -> Option<i64> {
    match port.get("targetPort")? {
        Value::Number(number) => number.as_i64(),
        Value::String(name) => {
            let sidecars = object::list(pod, "/spec/initContainers").iter().filter(|c| c["restartPolicy"] == "Always");
            let ports = object::list(pod, "/spec/containers")
                .iter()
                .chain(sidecars)
                .flat_map(|container| object::list(container, "/ports"));
            let mut fits = ports.filter(|p| p["name"] == **name && p["protocol"] == port["protocol"]);
            object::number(fits.next()?, "/containerPort")
        }
        _ => None,
    }
}

/// The host name that a pod goes by behind a service.
pub(super) fn hostname<'a>(pod: &'a Value, service: &Value) -> Option<&'a str> {
    let named = object::text(pod, "/spec/subdomain") == object::name(service);
    Some(object::text(pod, "/spec/hostname")).filter(|hostname| named && !hostname.is_empty())
}

/// Whether a service has no address of its own.
pub(super) fn is_headless(service: &Value) -> bool {
    matches!(object::text(service, "/spec/clusterIP"), "" | "None")
}
