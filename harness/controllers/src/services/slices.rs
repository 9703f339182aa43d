//! EndpointSlices of Services that select pods. Hints for topology are not given.

use std::collections::BTreeMap;

use proofmark_json::{Map, Value, json};

use super::packing::{self, Group, Plan};
use super::trigger::{self, Triggers};
use super::{HEADLESS, MANAGED_BY, SERVICE_NAME, SERVICES, SLICES, backends};
use crate::context::{Context, kinds};
use crate::kit::{Error, Informer, Next, Objects, Reason as _, Reconcile, Recorder, Selection, object, queue};
use crate::workloads::template::set_annotation;
use crate::workloads::{Key, children, pods};

const NAME: &str = "endpointslice-controller";
/// How this controller signs its slices.
const MANAGER: &str = "endpointslice-controller.k8s.io";

#[derive(Debug, thiserror::Error)]
pub(super) enum SliceError {
    #[error("{0}")]
    Request(#[from] Error),
    /// Pods whose node nobody knows.
    #[error("{0}")]
    Nodes(String),
}

pub(super) fn start(context: &mut Context) {
    let api = context.account(NAME);
    let services = context.informer(Selection::whole(SERVICES));
    let pods = context.informer(pods::selection());
    let nodes = context.informer(Selection::whole(kinds::NODES));
    let slices = context.objects(&api, selection());
    let (queue, worker) = queue::new();
    children::follow_own(&services, &queue);
    backends::follow(&pods, &services, &queue);
    let changed = queue.clone();
    slices.on_change(move |change| {
        let slice = change.latest();
        let labels = object::labels(slice);
        let label = |key: &str| labels.and_then(|labels| labels.get(key)?.as_str());
        if let Some(service) = label(SERVICE_NAME).filter(|_| label(MANAGED_BY) == Some(MANAGER)) {
            changed.add((object::namespace(slice).to_owned(), service.to_owned()));
        }
    });
    // A pod may wait for its node to be known.
    let (known, all) = (pods.clone(), services.clone());
    nodes.on_change(move |change| {
        if change.old.is_none() {
            let node = object::name(change.latest());
            let waiting = |service: &Value| {
                let pods = backends::of(service, &known);
                pods.iter().any(|pod| object::text(pod, "/spec/nodeName") == node)
            };
            for service in all.all().iter().filter(|service| backends::selects(service) && waiting(service)) {
                queue.add(children::key(service));
            }
        }
    });
    let caches = vec![services.clone(), pods.clone(), nodes.clone(), Informer::clone(&slices)];
    let recorder = context.recorder(&api, "endpoint-slice-controller");
    context.run(worker, caches, Slices { services, pods, nodes, slices, recorder, triggers: Triggers::default() });
}

/// Every slice, by the service that it is of.
pub(super) fn selection() -> Selection {
    Selection::whole(SLICES).indexed(packing::by_service)
}

struct Slices {
    services: Informer,
    pods: Informer,
    nodes: Informer,
    slices: Objects,
    recorder: Recorder,
    triggers: Triggers,
}

impl Reconcile for Slices {
    type Key = Key;
    type Error = SliceError;

    async fn reconcile(&self, key: &Key) -> Result<Next, SliceError> {
        self.slices.settled().await;
        let Some(service) = self.services.get(&key.0, &key.1) else {
            self.triggers.forget(key);
            return Ok(Next::Done);
        };
        if !backends::selects(&service) {
            return Ok(Next::Done);
        }
        match self.sync(key, &service).await {
            Err(error) => {
                let message = format!("Error updating Endpoint Slices for Service {}/{}: {error}", key.0, key.1);
                self.recorder.warning(&service, "FailedToUpdateEndpointSlices", message);
                Err(error)
            }
            Ok(()) => Ok(Next::Done),
        }
    }
}

impl Slices {
    async fn sync(&self, key: &Key, service: &Value) -> Result<(), SliceError> {
        let pods = backends::of(service, &self.pods);
        let since = self.triggers.since(key, service, &pods).map(|since| since.to_string());
        let present = self.slices.indexed(&packing::of_service(&key.0, &key.1));
        let own = |slice: &Value| {
            object::labels(slice).is_some_and(|labels| labels.get(MANAGED_BY) == Some(&json!(MANAGER)))
                && !object::is_being_deleted(slice)
        };
        let mut present: Vec<Value> =
            present.iter().filter(|slice| own(slice)).map(|slice| Value::clone(slice)).collect();
        let mut problems = Vec::new();
        let mut families: Vec<&str> = object::strings(service, "/spec/ipFamilies").collect();
        if families.is_empty() {
            families = vec!["IPv4", "IPv6"];
        }
        for family in families {
            let owned = |slice: &Value| {
                let owners = object::list(slice, "/metadata/ownerReferences");
                owners.iter().any(|owner| object::text(owner, "/uid") == object::uid(service))
            };
            let (of_family, others): (Vec<Value>, Vec<Value>) =
                present.into_iter().partition(|slice| slice["addressType"] == family && owned(slice));
            present = others;
            let owner = children::reference(service, &SERVICES);
            let labels = json!(labels(service));
            let template = packing::template(owner, &key.0, &key.1, labels, family);
            let groups = self.groups(service, &pods, family == "IPv6", &mut problems);
            let plan = packing::plan(&template, of_family, groups);
            apply(&self.slices, plan, since.as_deref(), object::is_being_deleted(service)).await?;
        }
        for slice in present {
            remove(&self.slices, &slice).await?;
        }
        if problems.is_empty() { Ok(()) } else { Err(SliceError::Nodes(problems.join(", "))) }
    }

    /// The endpoints of a service by their ports.
    fn groups(
        &self,
        service: &Value,
        pods: &[std::sync::Arc<Value>],
        v6: bool,
        problems: &mut Vec<String>,
    ) -> BTreeMap<String, Group> {
        let publish = object::flag(service, "/spec/publishNotReadyAddresses");
        let mut groups: BTreeMap<String, Group> = BTreeMap::new();
        for pod in pods.iter().filter(|pod| backends::is_endpoint(pod, true)) {
            let ports = ports(service, pod);
            let group =
                groups.entry(packing::port_key(&ports)).or_insert_with(|| Group { ports, endpoints: BTreeMap::new() });
            let on = object::text(pod, "/spec/nodeName");
            let node = self.nodes.get("", on);
            if node.is_none() && !publish {
                let (namespace, name) = (object::namespace(service), object::name(service));
                let pod = object::name(pod);
                let problem = format!("skipping Pod {pod} for Service {namespace}/{name}: Node {on} Not Found");
                if !problems.contains(&problem) {
                    problems.push(problem);
                }
                continue;
            }
            let endpoint = endpoint(service, pod, node.as_deref(), v6);
            if !object::list(&endpoint, "/addresses").is_empty() {
                group.endpoints.insert(packing::identity(&endpoint), endpoint);
            }
        }
        groups
    }
}

/// Writes what is planned; `since` is when the first of the news happened.
pub(super) async fn apply(slices: &Objects, plan: Plan, since: Option<&str>, ending: bool) -> Result<(), Error> {
    let dated = |mut slice: Value| {
        match since {
            Some(since) => set_annotation(&mut slice, trigger::ANNOTATION, since),
            None => {
                let annotations = slice.pointer_mut("/metadata/annotations").and_then(Value::as_object_mut);
                annotations.and_then(|annotations| annotations.shift_remove(trigger::ANNOTATION));
            }
        }
        slice
    };
    for slice in plan.create.into_iter().filter(|_| !ending) {
        match slices.create(&dated(slice)).await {
            Err(error) if error.is_namespace_terminating() => return Ok(()),
            made => made.map(|_| ())?,
        }
    }
    for slice in plan.update {
        slices.update(&dated(slice)).await?;
    }
    for slice in plan.delete {
        remove(slices, &slice).await?;
    }
    Ok(())
}

async fn remove(slices: &Objects, slice: &Value) -> Result<(), Error> {
    match slices.delete(slice, &json!({})).await {
        Err(error) if !error.is_not_found() => Err(error),
        _ => Ok(()),
    }
}

fn labels(service: &Value) -> Map {
    let mut labels = object::labels(service).cloned().unwrap_or_default();
    labels.shift_remove(HEADLESS);
    if backends::is_headless(service) {
        labels.insert(HEADLESS.to_owned(), json!(""));
    }
    labels.insert(SERVICE_NAME.to_owned(), json!(object::name(service)));
    labels.insert(MANAGED_BY.to_owned(), json!(MANAGER));
    labels
}

fn ports(service: &Value, pod: &Value) -> Vec<Value> {
    let port = |port: &Value| {
        let number = backends::target_port(pod, port)?;
        let name = object::text(port, "/name");
        let mut of = json!({"name": name, "port": number, "protocol": port["protocol"]});
        if let Some(protocol) = port.get("appProtocol").filter(|protocol| !protocol.is_null()) {
            of["appProtocol"] = protocol.clone();
        }
        Some(of)
    };
    object::list(service, "/spec/ports").iter().filter_map(port).collect()
}

fn endpoint(service: &Value, pod: &Value, node: Option<&Value>, v6: bool) -> Value {
    let (serving, terminating) = (pods::is_ready(pod), object::is_being_deleted(pod));
    let ready = object::flag(service, "/spec/publishNotReadyAddresses") || (serving && !terminating);
    let addresses: Vec<String> = backends::addresses(pod, v6).collect();
    let mut endpoint = json!({
        "addresses": addresses,
        "conditions": {"ready": ready, "serving": serving, "terminating": terminating},
        "targetRef": {
            "kind": "Pod", "namespace": object::namespace(pod), "name": object::name(pod), "uid": object::uid(pod),
        },
    });
    let on = object::text(pod, "/spec/nodeName");
    let zone = node.and_then(object::labels).and_then(|labels| labels.get("topology.kubernetes.io/zone")?.as_str());
    let fields = [("nodeName", Some(on)), ("zone", zone), ("hostname", backends::hostname(pod, service))];
    for (field, text) in fields {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            endpoint[field] = json!(text);
        }
    }
    endpoint
}
