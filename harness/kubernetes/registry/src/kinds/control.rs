//! Small kinds of the control plane: leases, API services, certificate requests, service accounts.
//!
//! Source: `pkg/apis/coordination/validation`, `pkg/apis/certificates/validation` and
//! `kube-aggregator/pkg/apis/apiregistration/validation`, release 1.35.

use proofmark_json::Value;
use proofmark_status::FieldError;

use crate::node::{Errors, Node};
use crate::strategy::{BASE, NameRule, Repeats};
use crate::{Strategy, check, content, meta};

pub(super) const ROWS: &[Strategy] = &[
    Strategy {
        resource: "serviceaccounts",
        repeats: Repeats::Both,
        returns_deleted: true,
        prepare_create: name_secrets,
        prepare_update: |new, _| name_secrets(new),
        ..BASE
    },
    Strategy {
        group: "coordination.k8s.io",
        resource: "leases",
        // CoordinatedLeaderElection
        disabled: &["spec/strategy", "spec/preferredHolder"],
        create_on_update: true,
        unconditional_update: false,
        validate: lease,
        validate_update: |new, _| lease(new),
        ..BASE
    },
    Strategy {
        group: "apiregistration.k8s.io",
        resource: "apiservices",
        repeats: Repeats::Both,
        status: true,
        name: NameRule::PathSegment,
        validate: api_service,
        validate_update: |new, _| api_service(new),
        ..BASE
    },
];

/// Of its secrets an account keeps nothing but the names.
fn name_secrets(account: &mut Value) {
    for secret in account.get_mut("secrets").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Value::Object(reference) = secret {
            reference.retain(|field, _| field == "name");
        }
    }
}

fn lease(new: &Value) -> Errors {
    let mut errors = Errors::new();
    let spec = Node::root(new).get("spec");
    let duration = spec.get("leaseDurationSeconds");
    if duration.given() && duration.number() <= 0 {
        errors.push(duration.invalid("must be greater than 0"));
    }
    check::non_negative(&spec.get("leaseTransitions"), &mut errors);
    let (strategy, holder) = (spec.get("strategy"), spec.get("preferredHolder"));
    if strategy.given() && !strategy.text().contains('/') {
        check::supported_text(&strategy, &["OldestEmulationVersion"], &mut errors);
    }
    if holder.filled() && !strategy.filled() {
        errors.push(holder.forbidden("may only be specified if `strategy` is defined"));
    }
    errors
}

fn api_service(new: &Value) -> Errors {
    let mut errors = Errors::new();
    let spec = Node::root(new).get("spec");
    let (group, version) = (spec.get("group"), spec.get("version"));
    let (name, wanted) = (meta::text(new, "name"), format!("{}.{}", version.text(), group.text()));
    if name != wanted && !name.is_empty() && content::path_segment(name).is_empty() {
        let why = format!("must be `spec.version+\".\"+spec.group`: {}", proofmark_status::quote(&wanted));
        errors.push(FieldError::invalid("metadata.name", name, why));
    }
    if group.filled() {
        check::shape(&group, content::dns_subdomain, &mut errors);
    } else if !version.is("v1") {
        errors.push(group.required("only v1 may have an empty group and it better be legacy kube"));
    }
    check::shape(&version, content::dns_1035_label, &mut errors);
    for (field, most) in [("groupPriorityMinimum", 20_000), ("versionPriority", 1000)] {
        let priority = spec.get(field);
        if !(1..=most).contains(&priority.number()) {
            let why = format!("must be positive and less than {most}");
            errors.push(FieldError::invalid(priority.at.clone(), priority.number(), why));
        }
    }
    let (service, bundle, insecure) = (spec.get("service"), spec.get("caBundle"), spec.get("insecureSkipTLSVerify"));
    if !service.given() {
        if bundle.filled() {
            let bytes = bundle.text().trim_end_matches('=').len() * 3 / 4;
            let why = "local APIServices may not have a caBundle";
            errors.push(FieldError::invalid(bundle.at.clone(), format!("{bytes} bytes"), why));
        }
        if insecure.on() {
            errors.push(insecure.invalid("local APIServices may not have insecureSkipTLSVerify"));
        }
        return errors;
    }
    check::required(&service.get("namespace"), &mut errors);
    check::required(&service.get("name"), &mut errors);
    let port = service.get("port");
    for why in content::port(port.number()) {
        errors.push(FieldError::invalid(port.at.clone(), port.number(), format!("port is not valid: {why}")));
    }
    if insecure.on() && bundle.filled() {
        errors.push(insecure.invalid("may not be true if caBundle is present"));
    }
    errors
}
