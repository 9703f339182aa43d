//! EndpointSlices of Endpoints that somebody wrote by hand, for a Service without a selector.

use std::collections::BTreeMap;

use proofmark_json::{Value, json};

use super::packing::{self, Group};
use super::slices::{self, apply};
use super::{ENDPOINTS, MANAGED_BY, SERVICE_NAME, SERVICES};
use crate::context::Context;
use crate::kit::{Error, Informer, Next, Objects, Reconcile, Selection, object, queue};
use crate::workloads::{Key, children};

const NAME: &str = "endpointslicemirroring-controller";
/// How this controller signs its slices.
const MANAGER: &str = "endpointslicemirroring-controller.k8s.io";
const SKIP: &str = "endpointslice.kubernetes.io/skip-mirror";
const LEADER: &str = "control-plane.alpha.kubernetes.io/leader";
/// No more addresses of one subset are mirrored.
const MOST: usize = 1000;

pub(super) fn start(context: &mut Context) {
    let api = context.account(NAME);
    let services = context.informer(Selection::whole(SERVICES));
    let endpoints = context.informer(Selection::whole(ENDPOINTS));
    let slices = context.objects(&api, slices::selection());
    let (queue, worker) = queue::new();
    children::follow_own(&services, &queue);
    children::follow_own(&endpoints, &queue);
    slices.on_change(move |change| {
        let slice = change.latest();
        let label = |key: &str| object::labels(slice).and_then(|labels| labels.get(key)?.as_str());
        if let Some(service) = label(SERVICE_NAME).filter(|_| label(MANAGED_BY) == Some(MANAGER)) {
            queue.add((object::namespace(slice).to_owned(), service.to_owned()));
        }
    });
    let caches = vec![services.clone(), endpoints.clone(), Informer::clone(&slices)];
    context.run(worker, caches, Mirroring { services, endpoints, slices });
}

struct Mirroring {
    services: Informer,
    endpoints: Informer,
    slices: Objects,
}

impl Reconcile for Mirroring {
    type Key = Key;
    type Error = Error;

    async fn reconcile(&self, (namespace, name): &Key) -> Result<Next, Error> {
        self.slices.settled().await;
        let present = self.slices.indexed(&packing::of_service(namespace, name));
        let own = |slice: &Value| {
            object::labels(slice).is_some_and(|labels| labels.get(MANAGED_BY) == Some(&json!(MANAGER)))
                && !object::is_being_deleted(slice)
        };
        let mut present: Vec<Value> =
            present.iter().filter(|slice| own(slice)).map(|slice| Value::clone(slice)).collect();
        let endpoints = self.endpoints.get(namespace, name).filter(|endpoints| is_mirrored(endpoints));
        let service = self.services.get(namespace, name).filter(|service| service["spec"]["selector"].is_null());
        let mut plans = Vec::new();
        if let (Some(endpoints), Some(_)) = (&endpoints, &service) {
            for (family, groups) in families(endpoints) {
                let (of_family, others): (Vec<Value>, Vec<Value>) =
                    present.into_iter().partition(|slice| slice["addressType"] == family);
                present = others;
                let mut labels = object::labels(endpoints).cloned().unwrap_or_default();
                labels.insert(SERVICE_NAME.to_owned(), json!(name));
                labels.insert(MANAGED_BY.to_owned(), json!(MANAGER));
                let owner = children::reference(endpoints, &ENDPOINTS);
                let mut template = packing::template(owner, namespace, name, json!(labels), family);
                let annotations = endpoints.pointer("/metadata/annotations").and_then(Value::as_object);
                let kept = annotations.into_iter().flatten().filter(|(key, _)| !is_private(key));
                let kept: proofmark_json::Map = kept.map(|(k, v)| (k.clone(), v.clone())).collect();
                template["metadata"]["annotations"] = json!(kept);
                plans.push(packing::plan(&template, of_family, groups));
            }
        }
        plans.push(packing::Plan { delete: present, ..packing::Plan::default() });
        for plan in plans {
            apply(&self.slices, plan, None, false).await?;
        }
        Ok(Next::Done)
    }
}

/// Annotations that say something of the Endpoints object alone.
fn is_private(annotation: &str) -> bool {
    matches!(
        annotation,
        "kubectl.kubernetes.io/last-applied-configuration"
            | "endpoints.kubernetes.io/last-change-trigger-time"
            | LEADER
    )
}

fn is_mirrored(endpoints: &Value) -> bool {
    let skipped = object::labels(endpoints).is_some_and(|labels| labels.get(SKIP) == Some(&json!("true")));
    !skipped && object::annotation(endpoints, LEADER).is_none()
}

/// The endpoints of each address type that has any, by their ports.
fn families(endpoints: &Value) -> BTreeMap<&'static str, BTreeMap<String, Group>> {
    let mut families: BTreeMap<&'static str, BTreeMap<String, Group>> = BTreeMap::new();
    for subset in object::list(endpoints, "/subsets") {
        let ports: Vec<Value> = object::list(subset, "/ports").iter().map(port).collect();
        let ready = object::list(subset, "/addresses").iter().map(|address| (address, true));
        let unready = object::list(subset, "/notReadyAddresses").iter().map(|address| (address, false));
        for (address, ready) in ready.chain(unready).take(MOST) {
            let family = if object::text(address, "/ip").contains(':') { "IPv6" } else { "IPv4" };
            let group = families.entry(family).or_default().entry(packing::port_key(&ports));
            let group = group.or_insert_with(|| Group { ports: ports.clone(), endpoints: BTreeMap::new() });
            let endpoint = endpoint(address, ready);
            group.endpoints.insert(packing::identity(&endpoint), endpoint);
        }
    }
    families
}

fn port(port: &Value) -> Value {
    let mut of = json!({"name": object::text(port, "/name"), "port": port["port"], "protocol": port["protocol"]});
    if let Some(protocol) = port.get("appProtocol").filter(|protocol| !protocol.is_null()) {
        of["appProtocol"] = protocol.clone();
    }
    of
}

fn endpoint(address: &Value, ready: bool) -> Value {
    let mut endpoint = json!({"addresses": [address["ip"]], "conditions": {"ready": ready}});
    for field in ["targetRef", "nodeName", "hostname"] {
        if let Some(value) = address.get(field).filter(|value| !value.is_null()) {
            endpoint[field] = value.clone();
        }
    }
    endpoint
}
