//! Host names and URLs of services.

use proofmark_controllers::kit::object;
use proofmark_json::{Value, json};
use proofmark_text::content::{dns_label, dns_subdomain};

use crate::config::Ingress;
use crate::template::{self, Called, TemplateError};

/// What ends the names of services within the cluster.
pub(crate) const CLUSTER: &str = "svc.cluster.local";

/// What the template of hosts is called.
const TEMPLATE: Called = Called { name: "domain-template", of: "ingress.DomainTemplateValues" };

/// Why a service has no public host.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HostError {
    #[error("error rendering the domain template: {0}")]
    Template(#[from] TemplateError),
    #[error("invalid domain name {name:?}: {why}")]
    Name { name: String, why: String },
}

/// The name within the cluster.
pub(crate) fn internal(name: &str, namespace: &str) -> String {
    format!("{name}.{namespace}.{CLUSTER}")
}

/// The public host of `name`, by the configured template; `of` brings labels and annotations. It must be a whole domain name.
pub(crate) fn public(name: &str, of: &Value, ingress: &Ingress) -> Result<String, HostError> {
    let data = json!({
        "Name": name, "Namespace": object::namespace(of), "IngressDomain": ingress.ingress_domain,
        "Annotations": of["metadata"]["annotations"], "Labels": of["metadata"]["labels"],
    });
    let host = template::fill_in(&ingress.domain_template, &data, TEMPLATE)?;
    match complaints(&host).as_slice() {
        [] => Ok(host),
        [one] => Err(HostError::Name { name: host, why: one.clone() }),
        several => Err(HostError::Name { name: host, why: format!("[{}]", several.join(", ")) }),
    }
}

/// What is wrong with a domain name, in Kubernetes' words.
fn complaints(name: &str) -> Vec<String> {
    let invalid = |value: &str, why: &str| format!("url: Invalid value: {value:?}: {why}");
    if name.is_empty() {
        return vec!["url: Required value".to_owned()];
    }
    let name = name.strip_suffix('.').unwrap_or(name);
    let wrong = dns_subdomain(name);
    if !wrong.is_empty() {
        return wrong.iter().map(|why| invalid(name, why)).collect();
    }
    let parts: Vec<&str> = name.split('.').collect();
    if parts.len() < 2 {
        return vec![invalid(name, "should be a domain with at least two segments separated by dots")];
    }
    let labels = parts.iter().find_map(|part| {
        let wrong = dns_label(part);
        (!wrong.is_empty()).then(|| wrong.iter().map(|why| invalid(part, why)).collect())
    });
    labels.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case("a-ns.example.com", "")]
    #[case("a-ns.example.com.", "")]
    #[case("", "url: Required value")]
    #[case("localhost", "at least two segments")]
    #[case("A.example.com", "a lowercase RFC 1123 subdomain")]
    fn hosts_are_whole_domain_names(#[case] host: &str, #[case] why: &str) {
        let told = complaints(host);
        assert_eq!(told.is_empty(), why.is_empty(), "{told:?}");
        assert!(told.iter().all(|told| told.contains(why)), "{told:?}");
    }

    #[test]
    fn labels_are_short() {
        let told = complaints(&format!("{}.example.com", "a".repeat(64)));
        assert!(told.first().is_some_and(|told| told.ends_with("must be no more than 63 characters")), "{told:?}");
    }
}
