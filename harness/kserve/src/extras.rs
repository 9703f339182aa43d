//! Kinds of other projects that KServe's control plane makes use of when they are there: definitions that take any fields, since nothing of
//! these projects runs here, and the settings that go with them.

use std::str::FromStr;

use proofmark_json::{Value, json};

use crate::behaviour::Behaviour;
use crate::release::Release;

/// Another project, or a part of KServe that is not on by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Project {
    /// Knative Serving: serverless mode.
    Knative,
    /// Istio: the way into serverless services, and sidecars that decide about requests to pods.
    Istio,
    /// KEDA: the autoscaler class `keda`.
    Keda,
    /// The Gateway API in place of Ingresses.
    GatewayApi,
    /// Models cached on nodes.
    LocalModel,
    /// IAM roles for service accounts: the webhook that EKS has.
    Irsa,
}

/// Every project and the name that a user gives it.
const NAMES: [(Project, &str); 6] = [
    (Project::Knative, "knative"),
    (Project::Istio, "istio"),
    (Project::Keda, "keda"),
    (Project::GatewayApi, "gateway-api"),
    (Project::LocalModel, "local-model"),
    (Project::Irsa, "irsa"),
];

/// A name that stands for no project.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown project `{0}`; known are {known}", known = NAMES.map(|(_, name)| name).join(", "))]
pub struct UnknownProject(pub String);

impl FromStr for Project {
    type Err = UnknownProject;

    fn from_str(given: &str) -> Result<Self, UnknownProject> {
        let named = NAMES.into_iter().find(|(_, name)| *name == given).map(|(project, _)| project);
        named.ok_or_else(|| UnknownProject(given.to_owned()))
    }
}

/// Group, version, plural and kind.
type Kind = (&'static str, &'static str, &'static str, &'static str);

impl Project {
    const fn kinds(self) -> &'static [Kind] {
        match self {
            Self::Knative => &[("serving.knative.dev", "v1", "services", "Service")],
            Self::Istio => &[("networking.istio.io", "v1beta1", "virtualservices", "VirtualService")],
            Self::Keda => &[("keda.sh", "v1alpha1", "scaledobjects", "ScaledObject")],
            Self::GatewayApi => &[("gateway.networking.k8s.io", "v1", "httproutes", "HTTPRoute")],
            Self::LocalModel | Self::Irsa => &[],
        }
    }

    /// The setting of `inferenceservice-config` that switches its use on, where it is off by itself: key and field.
    #[must_use]
    pub const fn setting(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::GatewayApi => Some(("ingress", "enableGatewayApi")),
            Self::LocalModel => Some(("localModel", "enabled")),
            _ => None,
        }
    }
}

/// The projects without whose kinds the manager of a release, configured as it is shipped, does not start its controllers.
#[must_use]
pub fn needed_by(release: Release) -> &'static [Project] {
    if Behaviour::of(release).looks_for_kinds { &[] } else { &[Project::Knative, Project::Istio] }
}

/// The definitions of these projects' kinds, and what else KServe reads of them.
#[must_use]
pub fn objects(projects: &[Project]) -> Vec<Value> {
    let mut objects: Vec<Value> = projects.iter().flat_map(|project| project.kinds()).map(definition).collect();
    if projects.contains(&Project::Knative) {
        let namespace = "knative-serving";
        objects.push(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}));
        objects.push(json!({
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "config-autoscaler", "namespace": namespace}, "data": {},
        }));
    }
    if projects.contains(&Project::LocalModel) {
        objects.push(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "kserve-localmodel-jobs"}}));
    }
    objects
}

/// Switches on, among `objects`, what these projects' use needs.
pub fn switch_on(projects: &[Project], objects: &mut [Value]) {
    for (key, field) in projects.iter().filter_map(|project| project.setting()) {
        for object in objects.iter_mut().filter(|object| object["metadata"]["name"] == crate::names::CONFIG) {
            let Some(text) = object["data"].get(key).and_then(Value::as_str) else { continue };
            let Ok(mut settings) = proofmark_json::from_str::<Value>(text) else { continue };
            settings[field] = json!(true);
            object["data"][key] = json!(settings.to_string());
        }
    }
}

fn definition((group, version, plural, kind): &Kind) -> Value {
    let open = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    let mut status = open.clone();
    if *group == "serving.knative.dev" {
        // The definition that KServe's own tests use does not keep the times of conditions.
        let text = json!({"type": "string"});
        let fields = json!({"type": text, "status": text, "severity": text, "reason": text, "message": text});
        status["properties"]["conditions"] =
            json!({"type": "array", "items": {"type": "object", "properties": fields}});
    }
    let mut metadata = json!({"name": format!("{plural}.{group}")});
    if group.ends_with(".k8s.io") {
        // Groups of Kubernetes itself are protected.
        metadata["annotations"] =
            json!({"api-approved.kubernetes.io": "https://github.com/kubernetes-sigs/gateway-api"});
    }
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": metadata,
        "spec": {
            "group": group, "scope": "Namespaced",
            "names": {"plural": plural, "singular": kind.to_lowercase(), "kind": kind, "listKind": format!("{kind}List")},
            "versions": [{
                "name": version, "served": true, "storage": true, "subresources": {"status": {}},
                "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": open, "status": status}}},
            }],
        },
    })
}
