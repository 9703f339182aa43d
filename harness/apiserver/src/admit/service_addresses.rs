//! Gives services their cluster addresses and node ports.
//!
//! Source: `pkg/registry/core/service/storage`, release 1.35: a cluster with one IPv4 range. What is taken is read from the services that
//! there are; an address that was not asked for is the first free one after a place that the seed decides.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

use proofmark_json::{Map, Value, json};
use proofmark_registry::meta;
use proofmark_status::{FieldError, Status};

use super::{Request, is_core, stored};
use crate::handlers::Target;
use crate::refusal::Refusal;
use crate::server::Call;

/// The range of cluster addresses: 10.0.0.0/24 without the network's own address and the last one.
const NETWORK: [u8; 3] = [10, 0, 0];
const FIRST_HOST: u8 = 1;
const LAST_HOST: u8 = 254;
/// Ports on nodes.
const PORTS: std::ops::RangeInclusive<i64> = 30_000..=32_767;

/// Behind it begin the ports of dry runs.
const DRY_PORT: i64 = 32_768;

/// What other services have.
struct Taken {
    hosts: BTreeSet<u8>,
    ports: BTreeSet<i64>,
}

/// Gives a new or changed service what it needs.
pub(super) fn allocate(request: &Request<'_>, object: &mut Value) -> Result<(), Refusal> {
    let Request { call, target, old, dry_run, .. } = *request;
    if !is_core(target, "services") || !object.get("spec").is_some_and(Value::is_object) {
        return Ok(());
    }
    let before = old.and_then(|o| o.get("spec")).and_then(Value::as_object);
    if let (Some(before), Some(spec)) = (before, object.get_mut("spec").and_then(Value::as_object_mut)) {
        keep(spec, before);
    }
    normalize(object, before);
    let errors = proofmark_registry::cluster_ips(object);
    if !errors.is_empty() {
        return Err(invalid(object, &errors));
    }
    let name = meta::text(object, "name").to_owned();
    let Some(spec) = object.get_mut("spec").and_then(Value::as_object_mut) else { return Ok(()) };
    let allocator = Allocator { call, taken: taken(call, target, &name), name, dry_run, own: None };
    allocator.run(spec, before)
}

fn invalid(object: &Value, errors: &[FieldError]) -> Refusal {
    Status::invalid("", "Service", meta::text(object, "name"), errors).into()
}

fn text<'a>(spec: &'a Map, field: &str) -> &'a str {
    spec.get(field).and_then(Value::as_str).unwrap_or_default()
}

fn texts(spec: &Map, field: &str) -> Vec<String> {
    let list = spec.get(field).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn is_external_name(spec: &Map) -> bool {
    text(spec, "type") == "ExternalName"
}

fn has_node_ports(spec: &Map) -> bool {
    matches!(text(spec, "type"), "NodePort" | "LoadBalancer")
}

fn needs_health_check(spec: &Map) -> bool {
    text(spec, "type") == "LoadBalancer" && text(spec, "externalTrafficPolicy") == "Local"
}

fn number(value: &Value, field: &str) -> i64 {
    value.get(field).and_then(Value::as_i64).unwrap_or(0)
}

/// An update that does not name what was allocated keeps it.
fn keep(spec: &mut Map, before: &Map) {
    if !is_external_name(spec) && !is_external_name(before) {
        if text(spec, "clusterIP").is_empty()
            && let Some(ip) = before.get("clusterIP")
        {
            spec.insert("clusterIP", ip.clone());
        }
        if texts(spec, "clusterIPs").is_empty()
            && let Some(ips) = before.get("clusterIPs")
        {
            spec.insert("clusterIPs", ips.clone());
        }
    }
    if has_node_ports(spec) && has_node_ports(before) {
        let ports = |spec: &Map| spec.get("ports").and_then(Value::as_array).cloned().unwrap_or_default();
        let (now, then) = (ports(spec), ports(before));
        let numbers = |ports: &[Value]| ports.iter().map(|p| number(p, "nodePort")).collect::<BTreeSet<_>>();
        let used: BTreeSet<i64> = numbers(&now).intersection(&numbers(&then)).copied().collect();
        let list = spec.get_mut("ports").and_then(Value::as_array_mut);
        for port in list.into_iter().flatten().filter(|p| number(p, "nodePort") == 0) {
            let same =
                then.iter().find(|p| p.get("name").unwrap_or(&json!("")) == port.get("name").unwrap_or(&json!("")));
            let had = same.map_or(0, |p| number(p, "nodePort"));
            if had != 0 && !used.contains(&had) {
                port["nodePort"] = json!(had);
            }
        }
    }
    let health = |spec: &Map| spec.get("healthCheckNodePort").and_then(Value::as_i64).unwrap_or(0);
    if needs_health_check(spec) && needs_health_check(before) && health(spec) == 0 {
        spec.insert("healthCheckNodePort", json!(health(before)));
    }
}

/// `clusterIP` is the first of `clusterIPs`; a client that knows only the one field changes both.
fn normalize(object: &mut Value, before: Option<&Map>) {
    let Some(spec) = object.get_mut("spec").and_then(Value::as_object_mut) else { return };
    let (one, all) = (text(spec, "clusterIP").to_owned(), texts(spec, "clusterIPs"));
    let Some(before) = before else {
        if !one.is_empty() && all.is_empty() {
            spec.insert("clusterIPs", json!([one]));
        }
        return;
    };
    let (had_one, had_all) = (text(before, "clusterIP"), texts(before, "clusterIPs"));
    if !had_all.is_empty() && all.is_empty() && had_one == one {
        spec.insert("clusterIPs", json!(had_all));
    } else if had_one != one && all == had_all {
        if one.is_empty() {
            spec.shift_remove("clusterIPs");
        } else {
            spec.insert("clusterIPs", json!([one]));
        }
    }
}

/// What all services but one have.
fn taken(call: &Call<'_>, target: &Target<'_>, name: &str) -> Taken {
    let mut taken = Taken { hosts: BTreeSet::new(), ports: BTreeSet::new() };
    for service in stored(call, "", "v1", "services", "") {
        let own =
            meta::text(&service.value, "name") == name && meta::text(&service.value, "namespace") == target.namespace;
        let Some(spec) = service.value.get("spec").and_then(Value::as_object).filter(|_| !own) else { continue };
        taken.hosts.extend(texts(spec, "clusterIPs").iter().filter_map(|ip| host(ip)));
        let ports = spec.get("ports").and_then(Value::as_array).into_iter().flatten();
        taken.ports.extend(ports.map(|p| number(p, "nodePort")).filter(|n| *n != 0));
        taken.ports.extend(spec.get("healthCheckNodePort").and_then(Value::as_i64).filter(|n| *n != 0));
    }
    taken
}

/// The last part of an address of the range.
fn host(ip: &str) -> Option<u8> {
    match ip.parse().ok()? {
        IpAddr::V4(ip) if ip.octets()[..3] == NETWORK => Some(ip.octets()[3]),
        _ => None,
    }
}

struct Allocator<'a> {
    call: &'a Call<'a>,
    taken: Taken,
    name: String,
    /// Nothing is taken: the address of the range itself and ports that no range has stand for what would be.
    dry_run: bool,
    /// The highest port that the service has so far.
    own: Option<i64>,
}

impl Allocator<'_> {
    fn run(mut self, spec: &mut Map, before: Option<&Map>) -> Result<(), Refusal> {
        if !is_external_name(spec) {
            self.families(spec, before)?;
            self.address(spec)?;
        }
        if has_node_ports(spec) {
            self.node_ports(spec)?;
        }
        if needs_health_check(spec) && spec.get("healthCheckNodePort").and_then(Value::as_i64).unwrap_or(0) == 0 {
            let port = self.next_port()?;
            spec.insert("healthCheckNodePort", json!(port));
        }
        Ok(())
    }

    fn refuse(&self, error: FieldError) -> Refusal {
        Status::invalid("", "Service", &self.name, &[error]).into()
    }

    /// One family is what this cluster has; a headless service without a selector may speak of both.
    fn families(&self, spec: &mut Map, before: Option<&Map>) -> Result<(), Refusal> {
        let selects = spec.get("selector").and_then(Value::as_object).is_some_and(|s| !s.is_empty());
        let unbound = text(spec, "clusterIP") == "None" && !selects;
        if text(spec, "ipFamilyPolicy").is_empty() {
            let had = before.map(|b| text(b, "ipFamilyPolicy")).unwrap_or_default();
            let policy = match had {
                "" if unbound => "RequireDualStack",
                "" => "SingleStack",
                had => had,
            };
            spec.insert("ipFamilyPolicy", json!(policy));
        }
        let policy = text(spec, "ipFamilyPolicy").to_owned();
        let mut families = texts(spec, "ipFamilies");
        if policy == "SingleStack" {
            let at = "spec.ipFamilyPolicy";
            if texts(spec, "clusterIPs").len() == 2 {
                let why = "must be 'RequireDualStack' or 'PreferDualStack' when multiple cluster IPs are specified";
                return Err(self.refuse(FieldError::invalid(at, policy, why)));
            }
            if families.len() == 2 {
                let why = "must be 'RequireDualStack' or 'PreferDualStack' when multiple IP families are specified";
                return Err(self.refuse(FieldError::invalid(at, policy, why)));
            }
        }
        for (i, ip) in texts(spec, "clusterIPs").iter().enumerate().skip(families.len()) {
            match ip.parse::<IpAddr>() {
                Ok(IpAddr::V6(_)) => {
                    let shown = json!(texts(spec, "clusterIPs"));
                    let why = "IPv6 is not configured on this cluster";
                    return Err(self.refuse(FieldError::invalid(format!("spec.clusterIPs[{i}]"), shown, why)));
                }
                Ok(IpAddr::V4(_)) => families.push("IPv4".to_owned()),
                Err(_) => {}
            }
        }
        if families.is_empty() {
            families.push("IPv4".to_owned());
        }
        if unbound {
            if families.len() < 2 && policy != "SingleStack" {
                let other = if families.first().is_some_and(|f| f == "IPv4") { "IPv6" } else { "IPv4" };
                families.push(other.to_owned());
            }
        } else {
            if policy == "RequireDualStack" {
                let why = "this cluster is not configured for dual-stack services";
                return Err(self.refuse(FieldError::invalid("spec.ipFamilyPolicy", policy, why)));
            }
            if let Some((i, family)) = families.iter().enumerate().find(|(_, f)| *f != "IPv4") {
                let at = format!("spec.ipFamilies[{i}]");
                return Err(self.refuse(FieldError::invalid(at, family.as_str(), "not configured on this cluster")));
            }
        }
        spec.insert("ipFamilies", json!(families));
        Ok(())
    }

    fn address(&self, spec: &mut Map) -> Result<(), Refusal> {
        let ips = texts(spec, "clusterIPs");
        match ips.first().map(String::as_str) {
            Some("None") => Ok(()),
            Some(ip) => self.claim(ip, &ips),
            None => {
                let host = self.next_host()?;
                let [a, b, c] = NETWORK;
                let ip = Ipv4Addr::new(a, b, c, host).to_string();
                spec.insert("clusterIP", json!(ip));
                spec.insert("clusterIPs", json!([ip]));
                Ok(())
            }
        }
    }

    /// An address that was asked for.
    fn claim(&self, ip: &str, all: &[String]) -> Result<(), Refusal> {
        let problem = match host(ip) {
            None => "the provided network does not match the current range",
            Some(host) if !(FIRST_HOST..=LAST_HOST).contains(&host) => "the provided IP is not in the valid range",
            Some(host) if self.taken.hosts.contains(&host) => "provided IP is already allocated",
            Some(_) => return Ok(()),
        };
        let why = format!("failed to allocate IP {ip}: {problem}");
        Err(self.refuse(FieldError::invalid("spec.clusterIPs", json!(all), why)))
    }

    fn next_host(&self) -> Result<u8, Refusal> {
        if self.dry_run {
            return Ok(0);
        }
        let from = self.start(i64::from(LAST_HOST));
        let hosts = (FIRST_HOST..=LAST_HOST).cycle().skip(from).take(usize::from(LAST_HOST));
        hosts.into_iter().find(|h| !self.taken.hosts.contains(h)).ok_or_else(|| full("a serviceIP"))
    }

    fn next_port(&mut self) -> Result<i64, Refusal> {
        if self.dry_run {
            let port = self.own.unwrap_or(DRY_PORT) + 1;
            self.own = Some(port);
            return Ok(port);
        }
        let count = PORTS.end() - PORTS.start() + 1;
        let from = self.start(count);
        let ports = PORTS.cycle().skip(from).take(usize::try_from(count).unwrap_or(0));
        let port = ports.into_iter().find(|p| !self.taken.ports.contains(p)).ok_or_else(|| full("a nodePort"))?;
        self.taken.ports.insert(port);
        Ok(port)
    }

    /// A place to begin at, below `count`.
    fn start(&self, count: i64) -> usize {
        let digits = self.call.server.random.hex(6);
        let number = i64::from_str_radix(&digits, 16).unwrap_or(0);
        usize::try_from(number % count.max(1)).unwrap_or(0)
    }

    fn node_ports(&mut self, spec: &mut Map) -> Result<(), Refusal> {
        let balanced = text(spec, "type") == "LoadBalancer";
        let allocates = !(balanced && spec.get("allocateLoadBalancerNodePorts") == Some(&json!(false)));
        let ports = spec.get_mut("ports").and_then(Value::as_array_mut);
        // Two protocols of one port share a node port.
        let mut by_port: Vec<(i64, i64)> = Vec::new();
        for (i, port) in ports.into_iter().flatten().enumerate() {
            let (number_of, asked) = (number(port, "port"), number(port, "nodePort"));
            let shared = by_port.iter().find(|(p, _)| *p == number_of).map(|(_, n)| *n);
            let given = match (asked, shared) {
                (0, _) if !allocates => continue,
                (0, Some(shared)) => shared,
                (0, None) => self.next_port()?,
                (asked, shared) if shared == Some(asked) => asked,
                (asked, _) => {
                    self.claim_port(i, asked)?;
                    asked
                }
            };
            if shared.is_none() {
                by_port.push((number_of, given));
            }
            port["nodePort"] = json!(given);
        }
        Ok(())
    }

    fn claim_port(&mut self, i: usize, port: i64) -> Result<(), Refusal> {
        let problem = if !PORTS.contains(&port) {
            format!(
                "provided port is not in the valid range. The range of valid ports is {}-{}",
                PORTS.start(),
                PORTS.end()
            )
        } else if self.taken.ports.contains(&port) {
            "provided port is already allocated".to_owned()
        } else {
            self.own = self.own.max(Some(port));
            return Ok(());
        };
        Err(self.refuse(FieldError::invalid(format!("spec.ports[{i}].nodePort"), port, problem)))
    }
}

fn full(what: &str) -> Refusal {
    Status::internal(&format!("failed to allocate {what}: range is full")).into()
}
