//! How the API server learns of the webhooks: their configurations and the service in front of them.

use proofmark_json::{Value, json};

use crate::release::Release;

/// The service that the webhooks are behind.
pub const SERVICE: &str = "kserve-webhook-server-service";

const GROUP: &str = "serving.kserve.io";

/// Validators: the kind in small letters, the version, the plural, on which operations, and the first release that has it.
const VALIDATORS: &[(&str, &str, &str, &[&str], Release)] = &[
    ("inferenceservice", "v1beta1", "inferenceservices", &["CREATE", "UPDATE"], Release::V0_11_0),
    ("trainedmodel", "v1alpha1", "trainedmodels", &["CREATE", "UPDATE"], Release::V0_11_0),
    ("inferencegraph", "v1alpha1", "inferencegraphs", &["CREATE", "UPDATE"], Release::V0_11_0),
    ("clusterservingruntime", "v1alpha1", "clusterservingruntimes", &["CREATE", "UPDATE"], Release::V0_11_1),
    ("servingruntime", "v1alpha1", "servingruntimes", &["CREATE", "UPDATE"], Release::V0_11_1),
    ("localmodelcache", "v1alpha1", "localmodelcaches", &["CREATE", "UPDATE", "DELETE"], Release::V0_14_1),
];

/// The service and the configurations of `release`, for a control plane in `namespace`. They are to be created when the webhooks can answer.
pub(crate) fn registrations(release: Release, namespace: &str) -> Vec<Value> {
    let client = |path: &str| json!({"service": {"name": SERVICE, "namespace": namespace, "path": path}});
    let rule = |group: &str, version: &str, plural: &str, operations: &[&str]| json!({"apiGroups": [group], "apiVersions": [version], "operations": operations, "resources": [plural]});
    let common = |name: String, path: String, rule: Value| {
        json!({
            "name": name, "clientConfig": client(&path), "rules": [rule],
            "failurePolicy": "Fail", "sideEffects": "None", "admissionReviewVersions": ["v1beta1"],
        })
    };
    // Before, pods were asked about once when they were made, and whenever they changed.
    let once = release < Release::V0_12_0Rc0;
    let mut pods = common(
        "inferenceservice.kserve-webhook-server.pod-mutator".to_owned(),
        "/mutate-pods".to_owned(),
        rule("", "v1", "pods", if once { &["CREATE", "UPDATE"] } else { &["CREATE"] }),
    );
    if !once {
        pods["reinvocationPolicy"] = json!("IfNeeded");
    }
    pods["namespaceSelector"] = json!({"matchExpressions": [{"key": "control-plane", "operator": "DoesNotExist"}]});
    pods["objectSelector"] = json!({"matchExpressions": [{"key": crate::names::SERVICE_LABEL, "operator": "Exists"}]});
    let defaulter = common(
        "inferenceservice.kserve-webhook-server.defaulter".to_owned(),
        format!("/mutate-{}-v1beta1-inferenceservice", GROUP.replace('.', "-")),
        rule(GROUP, "v1beta1", "inferenceservices", &["CREATE", "UPDATE"]),
    );
    let configuration = |kind: &str, name: &str, webhooks: Value| {
        json!({
            "apiVersion": "admissionregistration.k8s.io/v1", "kind": kind,
            "metadata": {"name": format!("{name}.{GROUP}")}, "webhooks": webhooks,
        })
    };
    let service = json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": SERVICE, "namespace": namespace},
        "spec": {
            "ports": [{"port": 443, "targetPort": "webhook-server"}],
            "selector": {"control-plane": "kserve-controller-manager"},
        },
    });
    let validators = VALIDATORS.iter().filter(|(.., since)| *since <= release).map(|(kind, version, plural, on, _)| {
        let path = format!("/validate-{}-{version}-{kind}", GROUP.replace('.', "-"));
        let name = format!("{kind}.kserve-webhook-server.validator");
        let webhook = common(name, path, rule(GROUP, version, plural, on));
        configuration("ValidatingWebhookConfiguration", kind, json!([webhook]))
    });
    let mutating = configuration("MutatingWebhookConfiguration", "inferenceservice", json!([defaulter, pods]));
    [service, mutating].into_iter().chain(validators).collect()
}
