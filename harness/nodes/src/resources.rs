//! Amounts of resources: what pods ask for and nodes have, in whole units.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{Container, PodSpec, ResourceRequirements};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use proofmark_builtin::quantity;

/// Counted in thousandths.
const MILLI: i64 = -3;

/// Amounts by resource name: `cpu` in thousandths, everything else in whole units (bytes, pieces).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Amounts {
    /// Thousandths of a CPU.
    pub(crate) cpu: i64,
    /// Bytes.
    pub(crate) memory: i64,
    /// Bytes.
    pub(crate) storage: i64,
    /// Whatever else, by name.
    pub(crate) other: BTreeMap<String, i64>,
}

/// Which side of a container's resources.
type Side = fn(&ResourceRequirements) -> Option<&BTreeMap<String, Quantity>>;

fn requests(of: &ResourceRequirements) -> Option<&BTreeMap<String, Quantity>> {
    of.requests.as_ref()
}

impl Amounts {
    /// Reads a resource list.
    pub(crate) fn read(list: Option<&BTreeMap<String, Quantity>>) -> Self {
        let mut amounts = Self::default();
        for (name, amount) in list.into_iter().flatten() {
            *amounts.entry(name) = parse(name, &amount.0);
        }
        amounts
    }

    fn entry(&mut self, name: &str) -> &mut i64 {
        match name {
            "cpu" => &mut self.cpu,
            "memory" => &mut self.memory,
            "ephemeral-storage" => &mut self.storage,
            other => self.other.entry(other.to_owned()).or_default(),
        }
    }

    fn each(&self) -> impl Iterator<Item = (&str, i64)> {
        let known = [("cpu", self.cpu), ("memory", self.memory), ("ephemeral-storage", self.storage)];
        known.into_iter().chain(self.other.iter().map(|(name, amount)| (name.as_str(), *amount)))
    }

    /// Adds other amounts to these.
    pub(crate) fn add(&mut self, more: &Self) {
        for (name, amount) in more.each() {
            let have = self.entry(name);
            *have = have.saturating_add(amount);
        }
    }

    /// Takes other amounts from these.
    pub(crate) fn subtract(&mut self, less: &Self) {
        for (name, amount) in less.each() {
            let have = self.entry(name);
            *have = have.saturating_sub(amount);
        }
    }

    /// Raises each amount to at least the other's.
    fn raise(&mut self, to: &Self) {
        for (name, amount) in to.each() {
            let have = self.entry(name);
            *have = (*have).max(amount);
        }
    }

    /// What a pod asks for: the sum of its containers, or what its init containers need while sidecars run, whichever is more; what the pod itself
    /// names replaces that. (`PodRequests` of `k8s.io/component-helpers/resource`, KEP-753, KEP-2837)
    pub(crate) fn of_pod(spec: &PodSpec) -> Self {
        Self::of_pod_by(spec, requests)
    }

    fn of_pod_by(spec: &PodSpec, side: Side) -> Self {
        let of = |container: &Container| Self::read(container.resources.as_ref().and_then(side));
        let mut sum = Self::default();
        for container in &spec.containers {
            sum.add(&of(container));
        }
        let mut sidecars = Self::default();
        let mut peak = Self::default();
        for container in spec.init_containers.iter().flatten() {
            let own = of(container);
            if container.restart_policy.as_deref() == Some("Always") {
                sum.add(&own);
                sidecars.add(&own);
                peak.raise(&sidecars);
            } else {
                let mut at_once = sidecars.clone();
                at_once.add(&own);
                peak.raise(&at_once);
            }
        }
        sum.raise(&peak);
        if let Some(whole) = spec.resources.as_ref().and_then(side) {
            for (name, amount) in whole {
                *sum.entry(name) = parse(name, &amount.0);
            }
        }
        sum.add(&Self::read(spec.overhead.as_ref()));
        sum
    }
}

/// A quantity in the unit of its resource, rounded up; what cannot be read counts nothing.
fn parse(name: &str, text: &str) -> i64 {
    let exponent = if name == "cpu" { MILLI } else { 0 };
    let Ok(quantity) = quantity::Quantity::parse(text) else { return 0 };
    let rounded = quantity.round_up(exponent).scaled(exponent).unwrap_or(i128::MAX);
    i64::try_from(rounded).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use proofmark_json::{Value, json};

    use super::*;

    fn spec(value: Value) -> PodSpec {
        proofmark_json::from_value(value).expect("a pod spec")
    }

    #[test]
    fn quantities_are_rounded_up_to_their_unit() {
        for (name, text, amount) in [
            ("cpu", "100m", 100),
            ("cpu", "1.5", 1500),
            ("cpu", "1n", 1),
            ("memory", "1Gi", 1 << 30),
            ("pods", "110", 110),
        ] {
            assert_eq!(parse(name, text), amount, "{name} {text}");
        }
    }

    #[test]
    fn init_containers_count_only_where_they_need_more() {
        let of = |cpu: &str| json!({"name": "c", "resources": {"requests": {"cpu": cpu}}});
        let sidecar = json!({"name": "s", "restartPolicy": "Always", "resources": {"requests": {"cpu": "1"}}});
        for (init, cpu) in [
            (vec![], 2000),
            (vec![of("1")], 2000),
            (vec![of("3")], 3000),
            (vec![sidecar.clone()], 3000),
            (vec![sidecar.clone(), of("4")], 5000),
            (vec![of("4"), sidecar], 4000),
        ] {
            let pod = spec(json!({"initContainers": init, "containers": [of("500m"), of("1500m")]}));
            assert_eq!(Amounts::of_pod(&pod).cpu, cpu, "{init:?}");
        }
    }

    #[test]
    fn the_whole_pod_and_overhead() {
        let pod = spec(json!({
            "containers": [{"name": "c", "resources": {"requests": {"cpu": "1", "example.com/gpu": "2"}}}],
            "resources": {"requests": {"cpu": "4"}}, "overhead": {"cpu": "250m"},
        }));
        let amounts = Amounts::of_pod(&pod);
        assert_eq!((amounts.cpu, amounts.other.get("example.com/gpu")), (4250, Some(&2)));
    }
}
