//! What objects use of a ResourceQuota, which quotas speak of them, and what they must say of themselves.
//!
//! Admission and the quota controller count by the same rules: `pkg/quota/v1`, release 1.35.

use std::collections::{BTreeMap, BTreeSet};

use proofmark_builtin::quantity::Quantity;
use proofmark_json::Value;

use crate::amount::count;
pub use crate::amount::{add, subtract, zero};

/// Amounts by the name of a resource.
pub type Amounts = BTreeMap<String, Quantity>;

/// Compute resources that a quota can make pods declare.
const DECLARED: [&str; 6] = ["cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory"];

/// Resources whose number has a name of its own beside `count/...`.
const ALIASES: [&str; 4] = ["configmaps", "secrets", "resourcequotas", "replicationcontrollers"];

/// The amounts of a resource list.
pub fn amounts(list: Option<&Value>) -> Amounts {
    let entries = list.and_then(Value::as_object).into_iter().flatten();
    entries.filter_map(|(name, text)| Some((name.to_string(), Quantity::parse(text.as_str()?).ok()?))).collect()
}

/// Adds amounts to others.
pub fn add_all(to: &mut Amounts, more: &Amounts) {
    for (name, amount) in more {
        let sum = to.get(name).map_or_else(|| amount.clone(), |have| add(have, amount));
        to.insert(name.clone(), sum);
    }
}

fn most(to: &mut Amounts, other: &Amounts) {
    for (name, amount) in other {
        if to.get(name).is_none_or(|have| amount > have) {
            to.insert(name.clone(), amount.clone());
        }
    }
}

/// What a pod asks for, or may use (`kind` is `requests` or `limits`): its containers together, or the largest of its init
/// containers if that is more; what stands for the whole pod counts instead.
pub fn of_pod(pod: &Value, kind: &str) -> Amounts {
    let list = |name: &str| {
        let list = pod.pointer("/spec").and_then(|s| s.get(name)).and_then(Value::as_array);
        list.map(Vec::as_slice).unwrap_or_default()
    };
    let of = |container: &Value| amounts(container.get("resources").and_then(|r| r.get(kind)));
    let mut total = Amounts::new();
    for container in list("containers") {
        add_all(&mut total, &of(container));
    }
    let (mut sidecars, mut peak) = (Amounts::new(), Amounts::new());
    for container in list("initContainers") {
        let own = of(container);
        if container.get("restartPolicy").and_then(Value::as_str) == Some("Always") {
            add_all(&mut total, &own);
            add_all(&mut sidecars, &own);
            most(&mut peak, &sidecars);
        } else {
            let mut together = sidecars.clone();
            add_all(&mut together, &own);
            most(&mut peak, &together);
        }
    }
    most(&mut total, &peak);
    let whole = pod.pointer("/spec/resources").and_then(|r| r.get(kind));
    for (name, amount) in amounts(whole) {
        if matches!(name.as_str(), "cpu" | "memory") || name.starts_with("hugepages-") {
            total.insert(name, amount);
        }
    }
    let overhead = amounts(pod.pointer("/spec/overhead"));
    if !overhead.is_empty() && (kind == "requests" || !total.is_empty()) {
        let known: Vec<String> = total.keys().cloned().collect();
        let counted = overhead.into_iter().filter(|(name, _)| kind == "requests" || known.contains(name)).collect();
        add_all(&mut total, &counted);
    }
    total
}

/// What an object uses. Pods that are over use nothing.
pub fn usage(group: &str, plural: &str, object: &Value) -> Amounts {
    let counted = if group.is_empty() { format!("count/{plural}") } else { format!("count/{plural}.{group}") };
    let mut used = Amounts::from([(counted, count(1))]);
    match (group, plural) {
        ("", "pods") => pod_usage(object, &mut used),
        ("", "services") => service_usage(object, &mut used),
        ("", "persistentvolumeclaims") => claim_usage(object, &mut used),
        ("", _) if ALIASES.contains(&plural) => {
            used.insert(plural.to_owned(), count(1));
        }
        _ => {}
    }
    used
}

fn pod_usage(pod: &Value, used: &mut Amounts) {
    let phase = pod.pointer("/status/phase").and_then(Value::as_str).unwrap_or_default();
    if matches!(phase, "Succeeded" | "Failed") {
        return;
    }
    used.insert("pods".to_owned(), count(1));
    used.extend(compute(&of_pod(pod, "requests"), &of_pod(pod, "limits")));
}

/// Compute resources under the names that quotas have for them.
fn compute(requests: &Amounts, limits: &Amounts) -> Amounts {
    let mut used = Amounts::new();
    for (name, amount) in requests {
        let both = matches!(name.as_str(), "cpu" | "memory" | "ephemeral-storage") || name.starts_with("hugepages-");
        if both {
            used.insert(name.clone(), amount.clone());
        }
        if both || name.contains('/') {
            used.insert(format!("requests.{name}"), amount.clone());
        }
    }
    for (name, amount) in limits {
        if matches!(name.as_str(), "cpu" | "memory" | "ephemeral-storage") {
            used.insert(format!("limits.{name}"), amount.clone());
        }
    }
    used
}

fn service_usage(service: &Value, used: &mut Amounts) {
    let kind = service.pointer("/spec/type").and_then(Value::as_str).unwrap_or_default();
    let ports = service.pointer("/spec/ports").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let allocates = service.pointer("/spec/allocateLoadBalancerNodePorts") != Some(&Value::Bool(false));
    let own = ports.iter().filter(|p| p.get("nodePort").and_then(Value::as_i64).unwrap_or(0) != 0).count();
    let node_ports = match kind {
        "NodePort" => ports.len(),
        "LoadBalancer" if allocates => ports.len(),
        "LoadBalancer" => own,
        _ => 0,
    };
    used.insert("services".to_owned(), count(1));
    used.insert("services.nodeports".to_owned(), count(i64::try_from(node_ports).unwrap_or(i64::MAX)));
    used.insert("services.loadbalancers".to_owned(), count(i64::from(kind == "LoadBalancer")));
}

fn claim_usage(claim: &Value, used: &mut Amounts) {
    used.insert("persistentvolumeclaims".to_owned(), count(1));
    let class = claim.pointer("/spec/storageClassName").and_then(Value::as_str).filter(|c| !c.is_empty());
    let suffix = class.map(|class| format!("{class}.storageclass.storage.k8s.io"));
    if let Some(suffix) = &suffix {
        used.insert(format!("{suffix}/persistentvolumeclaims"), count(1));
    }
    let size = claim.pointer("/spec/resources/requests/storage").and_then(Value::as_str);
    if let Some(size) = size.and_then(|text| Quantity::parse(text).ok()) {
        if let Some(suffix) = &suffix {
            used.insert(format!("{suffix}/requests.storage"), size.clone());
        }
        used.insert("requests.storage".to_owned(), size);
    }
}

/// Which of a quota's resources are about objects of a kind.
pub fn concerned(group: &str, plural: &str, hard: &BTreeSet<String>) -> BTreeSet<String> {
    let counted = if group.is_empty() { format!("count/{plural}") } else { format!("count/{plural}.{group}") };
    let fits = |name: &str| match (group, plural) {
        _ if name == counted => true,
        ("", "pods") => {
            let plain = ["pods", "ephemeral-storage", "requests.ephemeral-storage", "limits.ephemeral-storage"];
            let rest = name.strip_prefix("requests.").unwrap_or(name);
            DECLARED.contains(&name)
                || plain.contains(&name)
                || rest.starts_with("hugepages-")
                || (rest != name && rest.contains('/') && !rest.contains("storageclass.storage.k8s.io"))
        }
        ("", "services") => matches!(name, "services" | "services.nodeports" | "services.loadbalancers"),
        ("", "persistentvolumeclaims") => {
            matches!(name, "persistentvolumeclaims" | "requests.storage")
                || name.contains(".storageclass.storage.k8s.io/")
        }
        ("", _) => ALIASES.contains(&plural) && name == plural,
        _ => false,
    };
    hard.iter().filter(|name| fits(name)).cloned().collect()
}

/// Whether a quota speaks of an object: all of its scopes hold. Only pods (and, for one scope, claims) have scopes.
pub fn in_scope(quota: &Value, group: &str, plural: &str, object: &Value) -> bool {
    let plain = quota.pointer("/spec/scopes").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let selectors = quota.pointer("/spec/scopeSelector/matchExpressions").and_then(Value::as_array);
    let selectors = selectors.map(Vec::as_slice).unwrap_or_default();
    let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let is_pod = group.is_empty() && plural == "pods";
    let is_claim = group.is_empty() && plural == "persistentvolumeclaims";
    let holds = |scope: &str, operator: &str, values: &[&str]| match scope {
        "VolumeAttributesClass" => {
            is_claim && chosen(object.pointer("/spec/volumeAttributesClassName"), operator, values)
        }
        _ => is_pod && pod_scope(object, scope, operator, values),
    };
    plain.iter().filter_map(Value::as_str).all(|scope| holds(scope, "Exists", &[]))
        && selectors.iter().all(|selector| {
            let values = selector.get("values").and_then(Value::as_array).into_iter().flatten();
            let values: Vec<&str> = values.filter_map(Value::as_str).collect();
            holds(&text(selector, "scopeName"), &text(selector, "operator"), &values)
        })
}

fn pod_scope(pod: &Value, scope: &str, operator: &str, values: &[&str]) -> bool {
    let terminating = pod.pointer("/spec/activeDeadlineSeconds").and_then(Value::as_i64).is_some_and(|s| s >= 0);
    match scope {
        "Terminating" => terminating,
        "NotTerminating" => !terminating,
        "BestEffort" => is_best_effort(pod),
        "NotBestEffort" => !is_best_effort(pod),
        "PriorityClass" => chosen(pod.pointer("/spec/priorityClassName"), operator, values),
        "CrossNamespacePodAffinity" => crosses_namespaces(pod),
        _ => false,
    }
}

fn chosen(value: Option<&Value>, operator: &str, values: &[&str]) -> bool {
    let value = value.and_then(Value::as_str).unwrap_or_default();
    match operator {
        "In" => values.contains(&value),
        "NotIn" => !values.contains(&value),
        "DoesNotExist" => value.is_empty(),
        _ => !value.is_empty(),
    }
}

fn is_best_effort(pod: &Value) -> bool {
    let positive = |kind: &str| {
        let amounts = of_pod(pod, kind);
        ["cpu", "memory"].into_iter().any(|name| amounts.get(name).is_some_and(|q| q.sign() > 0))
    };
    !positive("requests") && !positive("limits")
}

fn crosses_namespaces(pod: &Value) -> bool {
    ["podAffinity", "podAntiAffinity"].into_iter().any(|kind| {
        let Some(affinity) = pod.pointer("/spec/affinity").and_then(|a| a.get(kind)) else { return false };
        let list = |name: &str| affinity.get(name).and_then(Value::as_array).into_iter().flatten();
        let required = list("requiredDuringSchedulingIgnoredDuringExecution");
        let preferred =
            list("preferredDuringSchedulingIgnoredDuringExecution").filter_map(|p| p.get("podAffinityTerm"));
        required.chain(preferred).any(|term| {
            let named = term.get("namespaces").and_then(Value::as_array).is_some_and(|n| !n.is_empty());
            named || term.get("namespaceSelector").is_some_and(|s| !s.is_null())
        })
    })
}

/// What a pod must say of its containers because a quota limits it; none where it says all.
pub fn undeclared(pod: &Value, limited: &BTreeSet<String>) -> Option<String> {
    if pod.pointer("/spec/resources").is_some_and(|r| !r.is_null()) {
        return None;
    }
    let required: Vec<&String> = limited.iter().filter(|name| DECLARED.contains(&name.as_str())).collect();
    let mut missing: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for list in ["containers", "initContainers"] {
        let containers = pod.pointer("/spec").and_then(|s| s.get(list)).and_then(Value::as_array);
        for container in containers.into_iter().flatten() {
            let of = |kind: &str| amounts(container.get("resources").and_then(|r| r.get(kind)));
            let said = compute(&of("requests"), &of("limits"));
            let name = container.get("name").and_then(Value::as_str).unwrap_or_default();
            for resource in required.iter().filter(|r| !said.contains_key(**r)) {
                missing.entry(resource).or_default().insert(name);
            }
        }
    }
    let parts: Vec<String> = missing
        .into_iter()
        .map(|(resource, names)| format!("{resource} for: {}", names.into_iter().collect::<Vec<_>>().join(",")))
        .collect();
    (!parts.is_empty()).then(|| format!("must specify {}", parts.join("; ")))
}

#[cfg(test)]
mod tests {
    use proofmark_json::json;

    use super::*;

    fn shown(amounts: &Amounts) -> String {
        amounts.iter().map(|(name, amount)| format!("{name}={amount}")).collect::<Vec<_>>().join(",")
    }

    #[test]
    fn a_pod_uses_the_most_that_it_needs_at_once() {
        let container = |cpu: &str| json!({"resources": {"requests": {"cpu": cpu}}});
        let pod =
            json!({"spec": {"containers": [container("1"), container("500m")], "initContainers": [container("2")]}});
        assert_eq!(shown(&of_pod(&pod, "requests")), "cpu=2");
        assert_eq!(shown(&usage("", "pods", &pod)), "count/pods=1,cpu=2,pods=1,requests.cpu=2");
        let over = json!({"spec": {}, "status": {"phase": "Succeeded"}});
        assert_eq!(shown(&usage("", "pods", &over)), "count/pods=1");
    }

    #[test]
    fn claims_count_by_class() {
        let claim = json!({"spec": {"storageClassName": "fast", "resources": {"requests": {"storage": "1Gi"}}}});
        let used = usage("", "persistentvolumeclaims", &claim);
        assert_eq!(used["fast.storageclass.storage.k8s.io/requests.storage"].to_string(), "1Gi");
        let hard = used.keys().cloned().collect();
        assert_eq!(concerned("", "persistentvolumeclaims", &hard), hard);
    }

    #[test]
    fn a_limit_must_be_declared() {
        let pod =
            json!({"spec": {"containers": [{"name": "b"}, {"name": "a", "resources": {"limits": {"cpu": "1"}}}]}});
        let limited = BTreeSet::from(["limits.cpu".to_owned(), "pods".to_owned(), "memory".to_owned()]);
        assert_eq!(undeclared(&pod, &limited).unwrap(), "must specify limits.cpu for: b; memory for: a,b");
    }

    #[test]
    fn scopes_pick_pods() {
        let quota = json!({"spec": {"scopes": ["BestEffort"]}});
        assert!(in_scope(&quota, "", "pods", &json!({"spec": {"containers": [{}]}})));
        assert!(!in_scope(&quota, "", "configmaps", &json!({})));
        let quota = json!({"spec": {"scopeSelector": {"matchExpressions": [
            {"scopeName": "PriorityClass", "operator": "In", "values": ["high"]}]}}});
        assert!(in_scope(&quota, "", "pods", &json!({"spec": {"priorityClassName": "high"}})));
        assert!(!in_scope(&quota, "", "pods", &json!({"spec": {}})));
    }
}
