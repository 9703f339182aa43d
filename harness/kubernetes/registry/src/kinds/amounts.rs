//! Names and amounts of resources: what containers ask for, what quotas and limit ranges speak of.
//!
//! Source: `pkg/apis/core/helper` and `pkg/apis/core/validation`, release 1.35.

use std::cmp::Ordering;

use proofmark_builtin::quantity::Quantity;
use proofmark_status::FieldError;

use crate::check;
use crate::content;
use crate::node::{Errors, Node};

/// Prefix of huge page sizes.
const HUGE_PAGES: &str = "hugepages-";

/// Names without a domain that mean something somewhere.
const STANDARD: [&str; 20] = [
    "cpu",
    "memory",
    "ephemeral-storage",
    "requests.cpu",
    "requests.memory",
    "requests.ephemeral-storage",
    "limits.cpu",
    "limits.memory",
    "limits.ephemeral-storage",
    "pods",
    "resourcequotas",
    "services",
    "replicationcontrollers",
    "secrets",
    "configmaps",
    "persistentvolumeclaims",
    "storage",
    "requests.storage",
    "services.nodeports",
    "services.loadbalancers",
];

/// Names without a domain that a quota can speak of.
const QUOTA: [&str; 19] = [
    "cpu",
    "memory",
    "ephemeral-storage",
    "requests.cpu",
    "requests.memory",
    "requests.storage",
    "requests.ephemeral-storage",
    "limits.cpu",
    "limits.memory",
    "limits.ephemeral-storage",
    "pods",
    "resourcequotas",
    "services",
    "replicationcontrollers",
    "secrets",
    "persistentvolumeclaims",
    "configmaps",
    "services.nodeports",
    "services.loadbalancers",
];

/// Things that are counted.
const COUNTED: [&str; 9] = [
    "pods",
    "resourcequotas",
    "services",
    "replicationcontrollers",
    "secrets",
    "configmaps",
    "persistentvolumeclaims",
    "services.nodeports",
    "services.loadbalancers",
];

/// Whether a name means pages of some size.
pub(super) fn is_huge_pages(name: &str) -> bool {
    name.starts_with(HUGE_PAGES)
}

/// Whether Kubernetes itself defines a resource.
fn is_native(name: &str) -> bool {
    !name.contains('/') || name.contains("kubernetes.io/")
}

/// Whether somebody else does: `example.com/gpu`.
pub(super) fn is_extended(name: &str) -> bool {
    !is_native(name)
        && !name.starts_with("requests.")
        && content::qualified_name(&format!("requests.{name}")).is_empty()
}

/// Whether more may be limited than requested.
pub(super) fn overcommits(name: &str) -> bool {
    is_native(name) && !is_huge_pages(name)
}

/// Whether only whole amounts make sense.
fn is_counted(name: &str) -> bool {
    COUNTED.contains(&name) || is_extended(name)
}

/// Any resource.
pub(super) fn name(name: &str, at: &str, errors: &mut Errors) -> bool {
    let before = errors.len();
    errors.extend(content::qualified_name(name).into_iter().map(|why| FieldError::invalid(at, name, why)));
    if errors.len() == before && !name.contains('/') && !STANDARD.contains(&name) && !is_huge_pages(name) {
        errors.push(FieldError::invalid(at, name, "must be a standard resource type or fully qualified"));
    }
    errors.len() == before
}

/// A resource of containers.
pub(super) fn container_name(resource: &str, at: &str, errors: &mut Errors) {
    name(resource, at, errors);
    if !resource.contains('/') {
        if !matches!(resource, "cpu" | "memory" | "ephemeral-storage") && !is_huge_pages(resource) {
            errors.push(FieldError::invalid(at, resource, "must be a standard resource for containers"));
        }
    } else if !is_native(resource) && !is_extended(resource) {
        errors.push(FieldError::invalid(at, resource, "doesn't follow extended resource name standard"));
    }
}

/// A resource of whole pods.
pub(super) fn pod_name(resource: &str, at: &str, errors: &mut Errors) {
    if name(resource, at, errors) && !matches!(resource, "cpu" | "memory") && !is_huge_pages(resource) {
        errors.push(FieldError::not_supported(at, resource, &["cpu", "hugepages-", "memory"]));
    }
}

/// Whether a quota knows a name without a domain.
pub(super) fn is_quota(name: &str) -> bool {
    QUOTA.contains(&name) || is_huge_pages(name) || name.strip_prefix("requests.").is_some_and(is_huge_pages)
}

/// A resource of quotas.
pub(super) fn quota_name(resource: &str, at: &str, errors: &mut Errors) {
    let before = errors.len();
    errors.extend(content::qualified_name(resource).into_iter().map(|why| FieldError::invalid(at, resource, why)));
    if errors.len() > before || resource.contains('/') {
        return;
    }
    if !STANDARD.contains(&resource) && !is_huge_pages(resource) && !is_quota(resource) {
        errors.push(FieldError::invalid(at, resource, "must be a standard resource type or fully qualified"));
    }
    if !is_quota(resource) {
        errors.push(FieldError::invalid(at, resource, "must be a standard resource for quota"));
    }
}

/// An amount: not negative, and whole where things are counted.
pub(super) fn amount(resource: &str, node: &Node<'_>, errors: &mut Errors) {
    let Some(quantity) = node.quantity() else { return };
    if quantity.sign() < 0 {
        errors.push(node.invalid("must be greater than or equal to 0"));
    }
    if is_counted(resource) && quantity.scaled(-3).is_some_and(|milli| milli % 1000 != 0) {
        errors.push(node.invalid("must be an integer"));
    }
}

/// `ResourceRequirements` of a container, or of a pod where `of_pod`. `claims` are the pod's resource claims.
pub(super) fn requirements(node: &Node<'_>, of_pod: bool, claims: &[&str], errors: &mut Errors) {
    let named = if of_pod { pod_name } else { container_name };
    let (limits, requests) = (node.get("limits"), node.get("requests"));
    let (mut compute, mut pages) = (false, false);
    let mut size = |resource: &str, amount: &Node<'_>, errors: &mut Errors| {
        compute |= matches!(resource, "cpu" | "memory");
        if is_huge_pages(resource) {
            pages = true;
            let whole = |q: Quantity| q.scaled(0);
            let page = Quantity::parse(resource.strip_prefix(HUGE_PAGES).unwrap_or_default()).ok().and_then(whole);
            let divides = page
                .zip(amount.quantity().and_then(whole))
                .is_some_and(|(page, amount)| page > 0 && amount % page == 0);
            if !divides {
                errors
                    .push(amount.invalid(format!("{} is not positive integer multiple of {resource}", amount.text())));
            }
        }
    };
    for (resource, limit) in limits.entries() {
        named(resource, &limit.at, errors);
        amount(resource, &limit, errors);
        size(resource, &limit, errors);
    }
    for (resource, request) in requests.entries() {
        named(resource, &request.at, errors);
        amount(resource, &request, errors);
        let limit = limits.value.get(resource).and_then(|v| v.as_str());
        let order = limit.and_then(|l| Quantity::parse(l).ok()).zip(request.quantity()).map(|(l, r)| r.cmp(&l));
        match (limit, order) {
            (Some(limit), Some(order)) => {
                let relation = match order {
                    Ordering::Equal => None,
                    _ if !overcommits(resource) => Some("must be equal to"),
                    Ordering::Greater => Some("must be less than or equal to"),
                    Ordering::Less => None,
                };
                if let Some(relation) = relation {
                    let why = format!("{relation} {resource} limit of {limit}");
                    errors.push(FieldError::invalid(requests.at.clone(), request.text(), why));
                }
            }
            (None, _) if !overcommits(resource) => {
                errors.push(limits.required("Limit must be set for non overcommitable resources"));
            }
            _ => {}
        }
        size(resource, &request, errors);
    }
    if pages && !compute {
        errors.push(node.forbidden("HugePages require cpu or memory"));
    }
    claim_names(&node.get("claims"), claims, errors);
}

fn claim_names(node: &Node<'_>, known: &[&str], errors: &mut Errors) {
    let mut seen: Vec<String> = Vec::new();
    for claim in node.items() {
        let (name, request) = (claim.get("name").text(), claim.get("request"));
        let complain = |value: &str| FieldError::duplicate(claim.at.clone(), value);
        if name.is_empty() {
            errors.push(claim.required(""));
            continue;
        }
        if seen.iter().any(|s| s == name) {
            errors.push(complain(name));
        } else {
            let key = if request.filled() { format!("{name}/{}", request.text()) } else { name.to_owned() };
            if request.filled() {
                check::shape(&request, content::dns_label, errors);
            }
            if seen.contains(&key) {
                errors.push(complain(&key));
            } else if !request.filled() {
                let parts = seen.iter().filter(|s| s.split_once('/').is_some_and(|(n, _)| n == name)).count();
                errors.extend((0..parts).map(|_| complain(name)));
            }
            seen.push(key);
        }
        if !known.contains(&name) {
            let mut error = FieldError::not_found(claim.at.clone(), name);
            "must be one of the names in pod.spec.resourceClaims".clone_into(&mut error.detail);
            if known.is_empty() {
                error.detail.push_str(" which is empty");
            } else {
                error.detail.push_str(": ");
                error.detail.push_str(&known.join(", "));
            }
            errors.push(error);
        }
    }
}
