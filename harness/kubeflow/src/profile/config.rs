//! Settings of the profile controller: its flags, its environment and its file of labels.

use std::collections::BTreeMap;

use super::iam::Aws;

/// Settings; the default is what Kubeflow's manifests say (the same from 1.7 to 1.10).
#[derive(Debug, Clone)]
pub struct Config {
    /// The request header that carries the user's name (`-userid-header`).
    pub userid_header: String,
    /// What stands before the name in that header (`-userid-prefix`).
    pub userid_prefix: String,
    /// Labels of every profile's namespace beside `istio-injection`; an empty value takes the label away.
    pub namespace_labels: BTreeMap<String, String>,
    /// The Google service account that profiles without a WorkloadIdentity plugin get (`-workload-identity`).
    pub workload_identity: Option<String>,
    /// Who may bring requests of the owner (`ISTIO_INGRESS_GATEWAY_PRINCIPAL`).
    pub ingress_gateway_principal: String,
    /// Who else may (`KFP_UI_PRINCIPAL`).
    pub pipelines_ui_principal: String,
    /// Who may ask notebooks whether they are idle (`NOTEBOOK_CONTROLLER_PRINCIPAL`).
    pub notebook_controller_principal: String,
    /// Credentials for AWS; none unless told.
    pub aws: Option<Aws>,
}

impl Default for Config {
    fn default() -> Self {
        let labels = [
            ("katib.kubeflow.org/metrics-collector-injection", "enabled"),
            ("serving.kubeflow.org/inferenceservice", "enabled"),
            ("pipelines.kubeflow.org/enabled", "true"),
            ("app.kubernetes.io/part-of", "kubeflow-profile"),
        ];
        Self {
            userid_header: "kubeflow-userid".to_owned(),
            userid_prefix: String::new(),
            namespace_labels: labels.map(|(key, value)| (key.to_owned(), value.to_owned())).into(),
            workload_identity: None,
            ingress_gateway_principal: "cluster.local/ns/istio-system/sa/istio-ingressgateway-service-account"
                .to_owned(),
            pipelines_ui_principal: "cluster.local/ns/kubeflow/sa/ml-pipeline-ui".to_owned(),
            notebook_controller_principal: "cluster.local/ns/kubeflow/sa/notebook-controller-service-account"
                .to_owned(),
            aws: None,
        }
    }
}
