//! The downward API: values of a pod's own fields and resources.

use std::collections::BTreeMap;
use std::net::IpAddr;

use k8s_openapi::api::core::v1::{ObjectFieldSelector, PodSpec, ResourceFieldSelector};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use proofmark_builtin::quantity;
use proofmark_controllers::kit::object;
use proofmark_json::{Key, Value};

/// What fields are read from.
pub(super) struct Facts<'a> {
    pub(super) pod: &'a Value,
    pub(super) spec: &'a PodSpec,
    pub(super) pod_ip: IpAddr,
    pub(super) host_ip: IpAddr,
    /// What the node has, for containers without limits.
    pub(super) allocatable: &'a BTreeMap<String, Quantity>,
}

impl Facts<'_> {
    /// A field's value (`podFieldSelectorRuntimeValue`, `ExtractFieldPathAsString`).
    pub(super) fn field(&self, selector: &ObjectFieldSelector) -> Result<String, String> {
        let path = selector.field_path.as_str();
        let metadata = |name: &str| object::text(self.pod, &format!("/metadata/{name}")).to_owned();
        match path {
            "metadata.name" | "metadata.namespace" | "metadata.uid" => Ok(metadata(&path["metadata.".len()..])),
            "metadata.labels" | "metadata.annotations" => Ok(self.all(&path["metadata.".len()..])),
            "spec.nodeName" => Ok(self.spec.node_name.clone().unwrap_or_default()),
            "spec.serviceAccountName" => Ok(self.spec.service_account_name.clone().unwrap_or_default()),
            "status.hostIP" | "status.hostIPs" => Ok(self.host_ip.to_string()),
            "status.podIP" | "status.podIPs" => Ok(self.pod_ip.to_string()),
            _ => self.subscript(path).ok_or_else(|| format!("unsupported fieldPath: {path}")),
        }
    }

    /// `metadata.labels['key']`
    fn subscript(&self, path: &str) -> Option<String> {
        let (map, key) = path.strip_prefix("metadata.")?.strip_suffix("']")?.split_once("['")?;
        if !matches!(map, "labels" | "annotations") {
            return None;
        }
        Some(self.pod["metadata"][map][key].as_str().unwrap_or_default().to_owned())
    }

    /// All labels or annotations, one in a line.
    fn all(&self, map: &str) -> String {
        let entries: BTreeMap<&Key, &Value> = self.pod["metadata"][map].as_object().into_iter().flatten().collect();
        let lines = entries.iter().map(|(key, value)| format!("{key}={:?}", value.as_str().unwrap_or_default()));
        lines.collect::<Vec<_>>().join("\n")
    }

    /// A resource's amount (`ExtractContainerResourceValue`); `container` unless the selector names another.
    pub(super) fn resource(&self, selector: &ResourceFieldSelector, container: &str) -> Result<String, String> {
        let name = selector.container_name.as_deref().filter(|name| !name.is_empty()).unwrap_or(container);
        let mut all = self.spec.containers.iter().chain(self.spec.init_containers.iter().flatten());
        let found = all.find(|c| c.name == name).ok_or_else(|| format!("container {name} not found"))?;
        let resources = found.resources.clone().unwrap_or_default();
        let (side, resource) = selector.resource.split_once('.').unwrap_or((&selector.resource, ""));
        let list = if side == "limits" { resources.limits } else { resources.requests };
        let own = list.unwrap_or_default().get(resource).cloned();
        let amount = own.or_else(|| self.allocatable.get(resource).filter(|_| side == "limits").cloned());
        let divisor = selector.divisor.as_ref().map_or("1", |divisor| divisor.0.as_str());
        divide(amount.as_ref().map_or("0", |amount| amount.0.as_str()), divisor)
    }
}

/// A quantity in units of another, rounded up.
fn divide(amount: &str, divisor: &str) -> Result<String, String> {
    const NANO: i64 = -9;
    let nanos = |text: &str| {
        let parsed = quantity::Quantity::parse(text).map_err(|error| error.to_string())?;
        Ok::<_, String>(parsed.scaled(NANO).unwrap_or(i128::MAX))
    };
    let (amount, divisor) = (nanos(amount)?, nanos(divisor)?);
    let divisor = if divisor <= 0 { 1_000_000_000 } else { divisor };
    Ok((amount / divisor + i128::from(amount % divisor > 0)).to_string())
}

#[cfg(test)]
mod tests {
    use proofmark_json::json;

    use super::*;

    #[test]
    fn fields_and_resources() {
        let pod = json!({"metadata": {"name": "p", "labels": {"b": "2", "a": "x\"y"}, "annotations": {"k/v": "w"}}});
        let spec: PodSpec = proofmark_json::from_value(json!({"nodeName": "n", "containers": [
            {"name": "c", "resources": {"limits": {"cpu": "1500m"}, "requests": {"memory": "64Mi"}}},
        ]}))
        .unwrap();
        let allocatable = BTreeMap::from([("memory".to_owned(), Quantity("1Gi".to_owned()))]);
        let [pod_ip, host_ip] = ["10.0.0.1", "10.0.0.2"].map(|ip| ip.parse().unwrap());
        let facts = Facts { pod: &pod, spec: &spec, pod_ip, host_ip, allocatable: &allocatable };
        for (path, value) in [
            ("metadata.name", "p"),
            ("metadata.labels", "a=\"x\\\"y\"\nb=\"2\""),
            ("metadata.labels['b']", "2"),
            ("metadata.annotations['k/v']", "w"),
            ("metadata.annotations['none']", ""),
            ("spec.nodeName", "n"),
            ("status.podIP", "10.0.0.1"),
        ] {
            let selector = ObjectFieldSelector { field_path: path.to_owned(), ..ObjectFieldSelector::default() };
            assert_eq!(facts.field(&selector).as_deref(), Ok(value), "{path}");
        }
        for (resource, divisor, value) in [
            ("limits.cpu", None, "2"),
            ("limits.cpu", Some("1m"), "1500"),
            ("requests.memory", Some("1Mi"), "64"),
            ("limits.memory", Some("1Gi"), "1"),
            ("requests.cpu", None, "0"),
        ] {
            let divisor = divisor.map(|text: &str| Quantity(text.to_owned()));
            let selector = ResourceFieldSelector { resource: resource.to_owned(), divisor, container_name: None };
            assert_eq!(facts.resource(&selector, "c").as_deref(), Ok(value), "{resource}");
        }
    }
}
