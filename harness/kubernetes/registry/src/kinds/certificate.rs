//! Requests for certificates, their approval and their issue.
//!
//! What a request asks for is checked up to its PEM block; the ASN.1 inside is not read.
//!
//! Source: `pkg/apis/certificates/validation` and `pkg/registry/certificates`, release 1.35.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use proofmark_json::{Value, json};
use proofmark_status::{FieldError, quote};

use crate::node::{Errors, Node};
use crate::strategy::{BASE, LABELS, NameRule, Part, Repeats};
use crate::{Strategy, check, content};

pub(super) const ROWS: &[Strategy] = &[Strategy {
    group: "certificates.k8s.io",
    resource: "certificatesigningrequests",
    name: NameRule::Any,
    repeats: Repeats::Both,
    status: true,
    fields: &[("spec.signerName", "/spec/signerName")],
    field_labels: LABELS,
    prepare_create: |request| {
        if let Some(members) = request.as_object_mut() {
            members.insert("status", json!({}));
        }
    },
    prepare_update: |new, old| {
        if let (Some(members), Some(spec)) = (new.as_object_mut(), old.get("spec")) {
            members.insert("spec", spec.clone());
        }
    },
    prepare_status: stamp,
    validate: request,
    validate_update: |new, old| change(new, old, &Rights { approve: false, issue: false }),
    validate_status: Some(|new, old| change(new, old, &Rights { approve: false, issue: true })),
    ..BASE
}];

/// Approval has an endpoint of its own.
pub(super) const PARTS: &[Part] = &[Part {
    group: "certificates.k8s.io",
    resource: "certificatesigningrequests",
    subresource: "approval",
    keep: |_, _| {},
    validate: |new, old| change(new, old, &Rights { approve: true, issue: false }),
}];

/// What certificates can be for.
const USAGES: [&str; 23] = [
    "any",
    "cert sign",
    "client auth",
    "code signing",
    "content commitment",
    "crl sign",
    "data encipherment",
    "decipher only",
    "digital signature",
    "email protection",
    "encipher only",
    "ipsec end system",
    "ipsec tunnel",
    "ipsec user",
    "key agreement",
    "key encipherment",
    "microsoft sgc",
    "netscape sgc",
    "ocsp signing",
    "s/mime",
    "server auth",
    "signing",
    "timestamping",
];

/// Conditions that an approver writes, and those that stay.
const DECISIONS: [&str; 2] = ["Approved", "Denied"];
const LASTING: [&str; 3] = ["Approved", "Denied", "Failed"];

/// What an endpoint may write.
struct Rights {
    approve: bool,
    issue: bool,
}

/// Conditions say since when they hold.
fn stamp(new: &mut Value, old: &Value, now: &str) {
    let since = |condition: &Value| {
        let list = old.pointer("/status/conditions").and_then(Value::as_array);
        let same = |was: &&Value| was["type"] == condition["type"] && was["status"] == condition["status"];
        list.into_iter()
            .flatten()
            .find(same)
            .and_then(|was| was.get("lastTransitionTime"))
            .filter(|t| !t.is_null())
            .cloned()
    };
    let Some(list) = new.pointer_mut("/status/conditions").and_then(Value::as_array_mut) else { return };
    for condition in list {
        let transition = since(condition).unwrap_or_else(|| json!(now));
        for (field, time) in [("lastUpdateTime", json!(now)), ("lastTransitionTime", transition)] {
            if condition.get(field).is_none_or(Value::is_null) {
                condition[field] = time;
            }
        }
    }
}

fn request(new: &Value) -> Errors {
    let mut errors = Errors::new();
    let spec = Node::root(new).get("spec");
    let request = spec.get("request");
    if pem_kinds(request.text()).first().is_none_or(|kind| kind != "CERTIFICATE REQUEST") {
        errors.push(request.invalid("PEM block type must be CERTIFICATE REQUEST"));
    }
    let usages = spec.get("usages");
    if usages.len() == 0 {
        errors.push(usages.required(""));
    }
    for usage in usages.items() {
        check::supported_text(&usage, &USAGES, &mut errors);
    }
    let mut seen = BTreeSet::new();
    for usage in usages.items() {
        if !seen.insert(usage.text()) {
            errors.push(usage.duplicate());
        }
    }
    signer_name(&spec.get("signerName"), &mut errors);
    let expiration = spec.get("expirationSeconds");
    if expiration.given() && expiration.number() < 600 {
        errors.push(expiration.invalid("may not specify a duration less than 600 seconds (10 minutes)"));
    }
    let status = Node::root(new).get("status");
    conditions(&status.get("conditions"), &mut errors);
    let certificate = status.get("certificate");
    let kinds = pem_kinds(certificate.text());
    let problem = match kinds.iter().find(|kind| *kind != "CERTIFICATE") {
        _ if !certificate.filled() => None,
        Some(other) => Some(format!("only CERTIFICATE PEM blocks are allowed, found {}", quote(other))),
        None if kinds.is_empty() => Some("must contain at least one CERTIFICATE PEM block".to_owned()),
        None => None,
    };
    errors.extend(problem.map(|why| FieldError::invalid(certificate.at.clone(), "<certificate data>", why)));
    errors
}

/// The kinds of the PEM blocks in a text under base64.
fn pem_kinds(encoded: &str) -> Vec<String> {
    let text = STANDARD.decode(encoded).ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default();
    let kind = |line: &str| line.trim().strip_prefix("-----BEGIN ")?.strip_suffix("-----").map(str::to_owned);
    text.lines().filter_map(kind).collect()
}

fn conditions(list: &Node<'_>, errors: &mut Errors) {
    let mut seen = BTreeSet::new();
    for condition in list.items() {
        let (kind, status) = (condition.get("type"), condition.get("status"));
        check::required(&kind, errors);
        let supported: &[&str] = if LASTING.contains(&kind.text()) { &["True"] } else { &["False", "True", "Unknown"] };
        check::one_of(&status, supported, errors);
        let other = DECISIONS.iter().any(|decision| *decision != kind.text() && seen.contains(*decision));
        if other && DECISIONS.contains(&kind.text()) {
            let why = "Approved and Denied conditions are mutually exclusive";
            errors.push(FieldError::invalid(list.at.clone(), kind.text(), why));
        }
        if !seen.insert(kind.text()) {
            errors.push(FieldError::duplicate(kind.at.clone(), kind.text()));
        }
    }
}

/// What is decided stays so, and only those decide who may.
fn change(new: &Value, old: &Value, rights: &Rights) -> Errors {
    let mut errors = request(new);
    let at = "status.conditions";
    let of = |object: &Value, kind: &str| -> Vec<Value> {
        let list = object.pointer(&format!("/{}", at.replace('.', "/"))).and_then(Value::as_array);
        list.into_iter().flatten().filter(|c| c.get("type").is_some_and(|t| t == kind)).cloned().collect()
    };
    for kind in LASTING.into_iter().filter(|kind| of(new, kind).len() < of(old, kind).len()) {
        errors.push(FieldError::forbidden(at, format!("updates may not remove a condition of type {}", quote(kind))));
    }
    for kind in DECISIONS.into_iter().filter(|_| !rights.approve) {
        let (now, before) = (of(new, kind), of(old, kind));
        if now.len() > before.len() {
            errors.push(FieldError::forbidden(at, format!("updates may not add a condition of type {}", quote(kind))));
        } else if now.len() == before.len() && now != before {
            errors
                .push(FieldError::forbidden(at, format!("updates may not modify a condition of type {}", quote(kind))));
        }
    }
    let certificate = |object: &Value| check::or_null(object.pointer("/status/certificate"));
    if certificate(new) != certificate(old) {
        let why = match (rights.issue, certificate(old).is_null()) {
            (false, _) => "updates may not set certificate content",
            (true, false) => "updates may not modify existing certificate content",
            (true, true) => return errors,
        };
        errors.push(FieldError::forbidden("status.certificate", why));
    }
    errors
}

/// Who signs: `example.com/signer`.
fn signer_name(node: &Node<'_>, errors: &mut Errors) {
    let text = node.text();
    if text == "kubernetes.io/legacy-unknown" {
        errors.push(node.invalid("the legacy signerName is not allowed via this API version"));
        return;
    }
    if text.is_empty() {
        errors.push(node.required(""));
        return;
    }
    let Some((domain, path)) = text.split_once('/').filter(|(_, path)| !path.contains('/')) else {
        errors.push(node.invalid("must be a fully qualified domain and path of the form 'example.com/signer-name'"));
        return;
    };
    label(node, domain, content::dns_label, errors);
    if !domain.contains('.') {
        let why = "should be a domain with at least two segments separated by dots";
        errors.push(FieldError::invalid(node.at.clone(), domain, why));
    }
    label(node, path, content::dns_subdomain, errors);
}

/// Complaints about a part of a name: of its labels, the first that is wrong.
fn label(node: &Node<'_>, part: &str, rule: fn(&str) -> Vec<String>, errors: &mut Errors) {
    let wrong = part.split('.').map(|label| (label, rule(label))).find(|(_, complaints)| !complaints.is_empty());
    let Some((label, complaints)) = wrong else { return };
    let told = complaints.into_iter().map(|why| format!("validating label {}: {why}", quote(label)));
    errors.extend(told.map(|why| FieldError::invalid(node.at.clone(), part, why)));
}
