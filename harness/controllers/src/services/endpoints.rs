//! One Endpoints object for each Service that selects pods.
//!
//! No more than a thousand addresses stand in one object. Ports with the same addresses share a subset.

use std::collections::BTreeMap;

use proofmark_builtin::spew;
use proofmark_json::{Map, Value, json};

use super::trigger::{self, Triggers};
use super::{ENDPOINTS, HEADLESS, SERVICES, backends};
use crate::context::Context;
use crate::kit::{Error, Informer, Next, Objects, Reason as _, Reconcile, Recorder, Selection, object, queue};
use crate::workloads::{Key, children, pods};

const NAME: &str = "endpoint-controller";
const MANAGED_BY: &str = "endpoints.kubernetes.io/managed-by";
const OVER_CAPACITY: &str = "endpoints.kubernetes.io/over-capacity";
const CAPACITY: usize = 1000;

pub(super) fn start(context: &mut Context) {
    let api = context.account(NAME);
    let services = context.informer(Selection::whole(SERVICES));
    let pods = context.informer(pods::selection());
    let endpoints = context.objects(&api, Selection::whole(ENDPOINTS));
    let (queue, worker) = queue::new();
    children::follow_own(&services, &queue);
    backends::follow(&pods, &services, &queue);
    // Endpoints that people write for a service without selector are nobody's business here: only what went is made again.
    endpoints.on_change(move |change| {
        if change.new.is_none() {
            queue.add(children::key(change.latest()));
        }
    });
    let caches = vec![services.clone(), pods.clone(), Informer::clone(&endpoints)];
    let recorder = context.recorder(&api, NAME);
    context.run(worker, caches, Endpoints { services, pods, endpoints, recorder, triggers: Triggers::default() });
}

struct Endpoints {
    services: Informer,
    pods: Informer,
    endpoints: Objects,
    recorder: Recorder,
    triggers: Triggers,
}

impl Reconcile for Endpoints {
    type Key = Key;
    type Error = Error;

    async fn reconcile(&self, key: &Key) -> Result<Next, Error> {
        self.endpoints.settled().await;
        let (namespace, name) = key;
        let present = self.endpoints.get(namespace, name);
        let Some(service) = self.services.get(namespace, name) else {
            self.triggers.forget(key);
            return match present {
                Some(present) => match self.endpoints.delete(&present, &json!({})).await {
                    Err(error) if !error.is_not_found() => Err(error),
                    _ => Ok(Next::Done),
                },
                None => Ok(Next::Done),
            };
        };
        if !backends::selects(&service) {
            return Ok(Next::Done);
        }
        let pods = backends::of(&service, &self.pods);
        let since = self.triggers.since(key, &service, &pods);
        let (subsets, truncated) = truncated(subsets(&service, pods.iter().map(|pod| &**pod)));
        let mut wanted = match &present {
            Some(present) => Value::clone(present),
            None => json!({
                "apiVersion": "v1", "kind": ENDPOINTS.kind,
                "metadata": {"name": name, "namespace": namespace},
            }),
        };
        let labels = labels(&service);
        let marked = |object: &Value| object::annotation(object, OVER_CAPACITY).is_some();
        if present.is_some()
            && object::same(&wanted["subsets"], &json!(subsets))
            && object::same(&wanted["metadata"]["labels"], &json!(labels))
            && marked(&wanted) == truncated
        {
            return Ok(Next::Done);
        }
        wanted["subsets"] = json!(subsets);
        wanted["metadata"]["labels"] = json!(labels);
        let mut annotations =
            wanted.pointer("/metadata/annotations").and_then(Value::as_object).cloned().unwrap_or_default();
        set(&mut annotations, trigger::ANNOTATION, since.map(|since| since.to_string()));
        set(&mut annotations, OVER_CAPACITY, truncated.then(|| "truncated".to_owned()));
        wanted["metadata"]["annotations"] = json!(annotations);
        let done =
            if present.is_some() { self.endpoints.update(&wanted).await } else { self.endpoints.create(&wanted).await };
        let Err(error) = done else { return Ok(Next::Done) };
        if error.is_namespace_terminating() {
            return Ok(Next::Done);
        }
        if present.is_some() {
            let message = format!("Failed to update endpoint {namespace}/{name}: {}", error.words());
            self.recorder.warning(&wanted, "FailedToUpdateEndpoint", message);
        } else {
            let message = format!("Failed to create endpoint for service {namespace}/{name}: {}", error.words());
            self.recorder.warning(&wanted, "FailedToCreateEndpoint", message);
        }
        Err(error)
    }
}

fn set(annotations: &mut Map, key: &str, value: Option<String>) {
    match value {
        Some(value) => annotations.insert(key.to_owned(), json!(value)),
        None => annotations.shift_remove(key),
    };
}

fn labels(service: &Value) -> Map {
    let mut labels = object::labels(service).cloned().unwrap_or_default();
    labels.shift_remove(HEADLESS);
    if backends::is_headless(service) {
        labels.insert(HEADLESS.to_owned(), json!(""));
    }
    labels.insert(MANAGED_BY.to_owned(), json!(NAME));
    labels
}

/// An address in order of its text and then of its pod.
type Place = (String, String);
/// Addresses by their place, each with whether it is ready.
type Addresses = BTreeMap<Place, (bool, Value)>;

/// The addresses of pods, together with the ports that they all have.
fn subsets<'a>(service: &Value, pods: impl Iterator<Item = &'a Value>) -> Vec<Value> {
    let publish = object::flag(service, "/spec/publishNotReadyAddresses");
    let v6 = object::strings(service, "/spec/ipFamilies").next() == Some("IPv6");
    let ports = object::list(service, "/spec/ports");
    // By the text that ports are ordered by; a service without an address may have none.
    let mut by_port: BTreeMap<u128, (Option<Value>, Addresses)> = BTreeMap::new();
    for pod in pods.filter(|pod| backends::is_endpoint(pod, publish)) {
        let Some(ip) = backends::addresses(pod, v6).next() else { continue };
        let mut address = json!({"ip": ip, "nodeName": object::text(pod, "/spec/nodeName"), "targetRef": {
            "kind": "Pod", "namespace": object::namespace(pod), "name": object::name(pod), "uid": object::uid(pod)}});
        if let Some(hostname) = backends::hostname(pod, service) {
            address["hostname"] = json!(hostname);
        }
        let ready = publish || pods::is_ready(pod);
        let mut add = |port: Option<Value>| {
            let order = port.as_ref().map_or(0, |port| fnv_128a(spew::endpoint_port(port).as_bytes()));
            let (_, addresses) = by_port.entry(order).or_insert_with(|| (port, Addresses::new()));
            addresses.insert((ip.clone(), object::uid(pod).to_owned()), (ready, address.clone()));
        };
        if ports.is_empty() && object::text(service, "/spec/clusterIP") == "None" {
            add(None);
        }
        for port in ports {
            if let Some(number) = backends::target_port(pod, port) {
                let mut of = json!({"name": port["name"], "port": number, "protocol": port["protocol"]});
                if let Some(protocol) = port.get("appProtocol").filter(|protocol| !protocol.is_null()) {
                    of["appProtocol"] = protocol.clone();
                }
                add(Some(of));
            }
        }
    }
    let mut subsets: Vec<(Vec<Value>, Addresses)> = Vec::new();
    for (port, addresses) in by_port.into_values() {
        match subsets.iter_mut().find(|(_, others)| *others == addresses) {
            Some((ports, _)) => ports.extend(port),
            None => subsets.push((port.into_iter().collect(), addresses)),
        }
    }
    let subset = |(ports, addresses): (Vec<Value>, Addresses)| {
        let of = |wanted: bool| -> Vec<Value> {
            addresses.values().filter(|(ready, _)| *ready == wanted).map(|(_, address)| address.clone()).collect()
        };
        let mut subset = Map::new();
        for (field, values) in [("addresses", of(true)), ("notReadyAddresses", of(false)), ("ports", ports)] {
            if !values.is_empty() {
                subset.insert(field.to_owned(), json!(values));
            }
        }
        Value::Object(subset)
    };
    subsets.into_iter().map(subset).collect()
}

/// Leaves out what is too much, addresses that are not ready first. Whether anything was.
fn truncated(mut subsets: Vec<Value>) -> (Vec<Value>, bool) {
    let count =
        |subsets: &[Value], of: &str| subsets.iter().map(|subset| object::list(subset, of).len()).sum::<usize>();
    let (ready, unready) = (count(&subsets, "/addresses"), count(&subsets, "/notReadyAddresses"));
    if ready + unready <= CAPACITY {
        return (subsets, false);
    }
    let cut_ready = ready > CAPACITY;
    let (field, total, most) =
        if cut_ready { ("addresses", ready, CAPACITY) } else { ("notReadyAddresses", unready, CAPACITY - ready) };
    let mut left = most;
    for subset in &mut subsets {
        if let Some(list) = subset.get_mut(field).and_then(Value::as_array_mut) {
            let share = (list.len() * most).div_ceil(total).min(left);
            list.truncate(share);
            left -= list.len();
        }
        if cut_ready && let Some(subset) = subset.as_object_mut() {
            subset.shift_remove("notReadyAddresses");
        }
    }
    (subsets, true)
}

/// FNV-1a of 128 bits, by which Kubernetes orders ports.
fn fnv_128a(bytes: &[u8]) -> u128 {
    const BASIS: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    bytes.iter().fold(BASIS, |hash, byte| (hash ^ u128::from(*byte)).wrapping_mul(PRIME))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ready_and_unready_addresses_share_ports() {
        let pod = |name: &str, ip: &str, ready: &str| {
            json!({"metadata": {"name": name, "uid": name}, "spec": {"containers": [{"ports": [{"name": "web", "protocol": "TCP", "containerPort": 8080}]}]},
                "status": {"phase": "Running", "podIP": ip, "podIPs": [{"ip": ip}], "conditions": [{"type": "Ready", "status": ready}]}})
        };
        let service = json!({"metadata": {"name": "s"}, "spec": {"clusterIP": "10.0.0.1", "ports": [
            {"name": "http", "protocol": "TCP", "port": 80, "targetPort": "web"}]}});
        let pods = [pod("b", "192.0.2.2", "True"), pod("a", "192.0.2.1", "False")];
        let subsets = subsets(&service, pods.iter());
        assert_eq!(subsets.len(), 1);
        assert_eq!(subsets[0]["addresses"][0]["ip"], "192.0.2.2");
        assert_eq!(subsets[0]["notReadyAddresses"][0]["ip"], "192.0.2.1");
        assert_eq!(subsets[0]["ports"], json!([{"name": "http", "port": 8080, "protocol": "TCP"}]));
    }

    #[test]
    fn no_more_than_a_thousand_addresses() {
        let many = |count: usize| vec![json!({"ip": "192.0.2.1"}); count];
        let (subsets, cut) = truncated(vec![json!({"addresses": many(900), "notReadyAddresses": many(300)})]);
        assert!(cut);
        assert_eq!(object::list(&subsets[0], "/notReadyAddresses").len(), 100);
    }
}
