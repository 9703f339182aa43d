//! Host names and URLs of services.

use proofmark_controllers::kit::object;
use serde_json::{Value, json};

use crate::config::Ingress;
use crate::template::{self, TemplateError};

/// What ends the names of services within the cluster.
pub(crate) const CLUSTER: &str = "svc.cluster.local";

/// The name within the cluster.
pub(crate) fn internal(name: &str, namespace: &str) -> String {
    format!("{name}.{namespace}.{CLUSTER}")
}

/// The public host of `name`, by the configured template; `of` brings labels and annotations.
pub(crate) fn public(name: &str, of: &Value, ingress: &Ingress) -> Result<String, TemplateError> {
    let data = json!({
        "Name": name, "Namespace": object::namespace(of), "IngressDomain": ingress.ingress_domain,
        "Annotations": of["metadata"]["annotations"], "Labels": of["metadata"]["labels"],
    });
    template::fill_in(&ingress.domain_template, &data)
}
