//! The addresses of services as objects: networks (ServiceCIDR) and what is taken of them (IPAddress).
//!
//! Source: `pkg/apis/networking/validation`, release 1.35.

use proofmark_json::{Value, json};
use proofmark_status::FieldError;

use crate::address::{Network, canonical_network};
use crate::node::{Errors, Node};
use crate::strategy::{BASE, NameRule};
use crate::{Strategy, check, content, internal};

pub(super) const ROWS: &[Strategy] = &[
    Strategy {
        group: "networking.k8s.io",
        resource: "ipaddresses",
        name: NameRule::Address,
        validate: address,
        validate_update: address_update,
        ..BASE
    },
    Strategy {
        group: "networking.k8s.io",
        resource: "servicecidrs",
        status: true,
        validate: |new| {
            let mut errors = Errors::new();
            networks(new, &mut errors);
            errors
        },
        validate_update: networks_update,
        ..BASE
    },
];

fn address(new: &Value) -> Errors {
    let mut errors = Errors::new();
    let parent = Node::root(new).get("spec.parentRef");
    if !parent.given() {
        errors.push(parent.required(""));
        return errors;
    }
    if parent.get("group").filled() {
        check::shape(&parent.get("group"), content::dns_subdomain, &mut errors);
    }
    check::required_shape(&parent.get("resource"), content::path_segment, &mut errors);
    check::required_shape(&parent.get("name"), content::path_segment, &mut errors);
    check::shape(&parent.get("namespace"), content::path_segment, &mut errors);
    errors
}

fn address_update(new: &Value, old: &Value) -> Errors {
    let parent = |o: &Value| check::or_null(o.pointer("/spec/parentRef"));
    if check::same(&parent(new), &parent(old)) {
        return Errors::new();
    }
    vec![FieldError::invalid("spec.parentRef", internal::show(new, "/spec/parentRef"), check::IMMUTABLE)]
}

/// One network, or one of each family.
fn networks(new: &Value, errors: &mut Errors) {
    let spec = Node::root(new).get("spec");
    let list = spec.get("cidrs");
    match list.len() {
        0 => errors.push(list.required("at least one CIDR required")),
        1 | 2 => {
            for network in list.items() {
                check::shape(&network, canonical_network, errors);
            }
            let families: Vec<bool> =
                list.texts().into_iter().filter_map(Network::parse).map(|network| network.address.is_ipv4()).collect();
            if let [first, second] = families[..]
                && first == second
            {
                let why = "may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64";
                errors.push(list.invalid(why));
            }
        }
        _ => {
            let shown = json!({"CIDRs": list.value});
            errors.push(FieldError::invalid(list.at.clone(), shown, "may only hold up to 2 values"));
        }
    }
}

/// Networks stay; one of the other family may be added.
fn networks_update(new: &Value, old: &Value) -> Errors {
    let mut errors = Errors::new();
    let (now, before) = (Node::root(new).get("spec.cidrs"), Node::root(old).get("spec.cidrs"));
    let grows = before.len() == 1 && now.len() == 2;
    if now.len() != before.len() && !grows {
        errors.push(now.invalid(check::IMMUTABLE));
        return errors;
    }
    let kept = now.items().zip(before.items());
    errors.extend(kept.filter(|(is, was)| is.text() != was.text()).map(|(is, _)| is.invalid(check::IMMUTABLE)));
    if grows {
        networks(new, &mut errors);
    }
    errors
}
