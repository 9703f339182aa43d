//! Endpoints into slices of no more than a hundred, so that as few slices as possible change (`k8s.io/endpointslice/reconciler.go`).

use std::collections::BTreeMap;

use proofmark_json::{Value, json};

use super::{SERVICE_NAME, SLICES};
use crate::kit::object;

/// No slice has more endpoints than this.
pub(super) const CAPACITY: usize = 100;

/// What is to become of a service's slices.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Plan {
    pub(super) create: Vec<Value>,
    pub(super) update: Vec<Value>,
    pub(super) delete: Vec<Value>,
}

/// Endpoints that share their ports, by what identifies each.
pub(super) struct Group {
    pub(super) ports: Vec<Value>,
    pub(super) endpoints: BTreeMap<String, Value>,
}

/// What identifies an endpoint: its addresses and the object that it is.
pub(super) fn identity(endpoint: &Value) -> String {
    format!("{}{}{}", endpoint["addresses"], endpoint["targetRef"]["uid"], endpoint["hostname"])
}

/// Ports as something to compare, whatever their order.
pub(super) fn port_key(ports: &[Value]) -> String {
    let mut texts: Vec<String> = ports
        .iter()
        .map(|port| ["name", "protocol", "port", "appProtocol"].map(|field| port[field].to_string()).join("/"))
        .collect();
    texts.sort_unstable();
    texts.join(",")
}

/// Plans slices of one address type. `template` is a slice without ports and endpoints; `present` are those that there are.
pub(super) fn plan(template: &Value, present: Vec<Value>, groups: BTreeMap<String, Group>) -> Plan {
    let mut plan = Plan::default();
    let total = present.len();
    let mut by_ports: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for slice in present {
        by_ports.entry(port_key(object::list(&slice, "/ports"))).or_default().push(slice);
    }
    for (key, group) in groups {
        pack(template, by_ports.remove(&key).unwrap_or_default(), group, &mut plan);
    }
    plan.delete.extend(by_ports.into_values().flatten());
    if plan.delete.len() == total && plan.create.is_empty() {
        // A service without endpoints has a slice that says so.
        let placeholder = slice(template, &[], &[]);
        match plan.delete.as_slice() {
            [only] if is_placeholder(only, &placeholder) => plan.delete.clear(),
            _ => plan.create.push(placeholder),
        }
    }
    reuse(&mut plan);
    plan
}

fn slice(template: &Value, ports: &[Value], endpoints: &[Value]) -> Value {
    let mut slice = template.clone();
    slice["endpoints"] = json!(endpoints);
    slice["ports"] = json!(ports);
    slice
}

fn is_placeholder(slice: &Value, placeholder: &Value) -> bool {
    ["endpoints", "ports", "addressType"].iter().all(|field| object::same(&slice[field], &placeholder[field]))
        && object::same(&slice["metadata"]["labels"], &placeholder["metadata"]["labels"])
}

/// Puts the endpoints of one group into its slices: each stays where it is, new ones fill slices that change anyway, then one that has room.
fn pack(template: &Value, present: Vec<Value>, group: Group, plan: &mut Plan) {
    let Group { ports, endpoints: mut left } = group;
    let labels = &template["metadata"]["labels"];
    let (mut changed, mut unchanged) = (Vec::new(), Vec::new());
    for mut slice in present {
        let before = object::list(&slice, "/endpoints").to_vec();
        let after: Vec<Value> = before.iter().filter_map(|endpoint| left.remove(&identity(endpoint))).collect();
        let same = before.len() == after.len() && before.iter().zip(&after).all(|(a, b)| object::same(a, b));
        if after.is_empty() && !before.is_empty() {
            plan.delete.push(slice);
            continue;
        }
        let relabelled = !object::same(&slice["metadata"]["labels"], labels);
        slice["metadata"]["labels"] = labels.clone();
        if !same {
            slice["endpoints"] = json!(after);
        }
        if same && !relabelled { unchanged.push(slice) } else { changed.push(slice) }
    }
    changed.sort_by_key(|slice| std::cmp::Reverse(length(slice)));
    for slice in &mut changed {
        fill(slice, &mut left);
    }
    while !left.is_empty() {
        let room = |slice: &Value| CAPACITY.checked_sub(length(slice) + left.len());
        let fullest = (left.len() < CAPACITY)
            .then(|| unchanged.iter().enumerate().filter_map(|(at, slice)| Some((room(slice)?, at))).min())
            .flatten();
        match fullest {
            Some((_, at)) => {
                let mut slice = unchanged.swap_remove(at);
                fill(&mut slice, &mut left);
                changed.push(slice);
            }
            None => {
                let mut new = slice(template, &ports, &[]);
                fill(&mut new, &mut left);
                plan.create.push(new);
            }
        }
    }
    plan.update.extend(changed);
}

fn length(slice: &Value) -> usize {
    object::list(slice, "/endpoints").len()
}

fn fill(slice: &mut Value, left: &mut BTreeMap<String, Value>) {
    let Some(endpoints) = slice.get_mut("endpoints").and_then(Value::as_array_mut) else { return };
    while endpoints.len() < CAPACITY {
        let Some((_, endpoint)) = left.pop_first() else { return };
        endpoints.push(endpoint);
    }
}

/// A slice that goes and one that comes are one that changes.
fn reuse(plan: &mut Plan) {
    while !plan.create.is_empty() && !plan.delete.is_empty() {
        let (Some(old), Some(mut new)) = (plan.delete.pop(), plan.create.pop()) else { return };
        for field in ["name", "uid", "resourceVersion"] {
            new["metadata"][field] = old["metadata"][field].clone();
        }
        plan.update.push(new);
    }
}

/// An index of slices: by the service that their label names.
pub(super) fn by_service(slice: &Value) -> String {
    let service = object::labels(slice).and_then(|labels| labels.get(SERVICE_NAME)?.as_str()).unwrap_or_default();
    of_service(object::namespace(slice), service)
}

/// What that index says of the slices of a service.
pub(super) fn of_service(namespace: &str, service: &str) -> String {
    format!("{namespace}/{service}")
}

/// A slice to be filled.
pub(super) fn template(owner: Value, namespace: &str, service: &str, labels: Value, address_type: &str) -> Value {
    json!({
        "apiVersion": SLICES.api_version(), "kind": SLICES.kind,
        "metadata": {
            "generateName": format!("{service}-"),
            "namespace": namespace,
            "labels": labels,
            "ownerReferences": [owner],
        },
        "addressType": address_type,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(ips: std::ops::Range<usize>) -> BTreeMap<String, Group> {
        let endpoint = |n| json!({"addresses": [format!("ip-{n:04}")]});
        let endpoints = ips.map(endpoint).map(|endpoint| (identity(&endpoint), endpoint)).collect();
        let ports = vec![json!({"name": "http", "port": 80})];
        BTreeMap::from([(port_key(&ports), Group { ports, endpoints })])
    }

    fn named(mut slices: Vec<Value>) -> Vec<Value> {
        for (at, slice) in slices.iter_mut().enumerate() {
            slice["metadata"]["name"] = json!(format!("s-{at}"));
        }
        slices
    }

    #[test]
    fn endpoints_stay_where_they_are() {
        let template = template(json!({}), "n", "s", json!({"a": "b"}), "IPv4");
        let first = plan(&template, Vec::new(), group(0..250));
        assert_eq!(first.create.iter().map(length).collect::<Vec<_>>(), [100, 100, 50]);
        let slices = named(first.create);
        assert_eq!(plan(&template, slices.clone(), group(0..250)), Plan::default());
        let grown = plan(&template, slices.clone(), group(0..260));
        assert_eq!((grown.create.len(), grown.update.len()), (0, 1));
        let shrunk = plan(&template, slices, group(0..90));
        assert_eq!((shrunk.update.len(), shrunk.delete.len()), (1, 2));
    }

    #[test]
    fn without_endpoints_one_slice_stays() {
        let template = template(json!({}), "n", "s", json!({"a": "b"}), "IPv4");
        let empty = plan(&template, Vec::new(), BTreeMap::new());
        assert_eq!(empty.create.len(), 1);
        let placeholder = named(empty.create);
        assert_eq!(plan(&template, placeholder, BTreeMap::new()), Plan::default());
        let slices = named(plan(&template, Vec::new(), group(0..3)).create);
        let emptied = plan(&template, slices, BTreeMap::new());
        assert_eq!((emptied.update.len(), length(&emptied.update[0])), (1, 0));
    }
}
