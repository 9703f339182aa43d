//! What drivers tell: of themselves (CSIDriver), of nodes (CSINode), of room (CSIStorageCapacity).
//!
//! Source: `pkg/apis/storage/validation` and `pkg/registry/storage`, release 1.35.

use std::collections::BTreeSet;

use proofmark_json::{Map, Value};
use proofmark_status::FieldError;

use crate::kinds::pod;
use crate::node::{Errors, Node};
use crate::{check, content, internal};

/// Bounds of tokens' lives (seconds).
const TOKEN_LIFE: (i64, i64) = (600, 1 << 32);

pub(super) fn driver(new: &Value) -> Errors {
    let mut errors = Errors::new();
    let spec = Node::root(new).get("spec");
    for (field, shown) in [
        ("attachRequired", "attachedRequired"),
        ("podInfoOnMount", "podInfoOnMount"),
        ("storageCapacity", "storageCapacity"),
    ] {
        if !spec.get(field).given() {
            errors.push(FieldError::required(spec.child(shown), ""));
        }
    }
    let policy = spec.get("fsGroupPolicy");
    if policy.given() {
        check::supported_text(&policy, &["File", "None", "ReadWriteOnceWithFSType"], &mut errors);
    }
    let tokens = spec.get("tokenRequests");
    token_requests(&tokens, &mut errors);
    let modes = spec.get("volumeLifecycleModes");
    for mode in modes.texts().into_iter().filter(|mode| !matches!(*mode, "Persistent" | "Ephemeral")) {
        errors.push(FieldError::not_supported(modes.at.clone(), mode, &["Persistent", "Ephemeral"]));
    }
    if !spec.get("seLinuxMount").given() {
        errors.push(spec.get("seLinuxMount").required(""));
    }
    let period = spec.get("nodeAllocatableUpdatePeriodSeconds");
    if period.given() && period.number() < 10 {
        errors.push(period.invalid("must be greater than or equal to 10 seconds"));
    }
    let secrets = spec.get("serviceAccountTokenInSecrets");
    if secrets.given() && tokens.len() == 0 {
        errors.push(secrets.invalid("serviceAccountTokenInSecrets is set but no tokenRequests are specified"));
    }
    errors
}

fn token_requests(requests: &Node<'_>, errors: &mut Errors) {
    let mut audiences = BTreeSet::new();
    for request in requests.items() {
        let (audience, life) = (request.get("audience"), request.get("expirationSeconds"));
        if !audiences.insert(audience.text()) {
            errors.push(FieldError::duplicate(audience.at.clone(), audience.text()));
        } else if life.given() && life.number() < TOKEN_LIFE.0 {
            errors.push(life.invalid("may not specify a duration less than 10 minutes"));
        } else if life.number() > TOKEN_LIFE.1 {
            errors.push(life.invalid("may not specify a duration larger than 2^32 seconds"));
        }
    }
}

pub(super) fn driver_update(new: &Value, old: &Value) -> Errors {
    let mut errors = driver(new);
    let (now, before) = (Node::root(new).get("spec"), Node::root(old).get("spec"));
    for (field, shown) in [("attachRequired", "attachedRequired"), ("volumeLifecycleModes", "volumeLifecycleModes")] {
        let node = now.get(field);
        if !check::same(node.value, before.get(field).value) {
            errors.push(FieldError::invalid(now.child(shown), node.value.clone(), check::IMMUTABLE));
        }
    }
    errors
}

/// Tokens are better handed over as secrets than with the rest of what a driver is told.
pub(super) fn driver_warnings(new: &Value, old: Option<&Value>) -> Vec<String> {
    let spec = Node::root(new).get("spec");
    let tokens = spec.get("tokenRequests");
    let before = old.map(|old| check::or_null(old.pointer("/spec/tokenRequests")));
    let unchanged = before.is_some_and(|before| check::same(tokens.value, &before));
    if tokens.len() == 0 || unchanged || spec.get("serviceAccountTokenInSecrets").given() {
        return Vec::new();
    }
    vec![TOKENS.to_owned()]
}

const TOKENS: &str = "spec.serviceAccountTokenInSecrets is unset; if supported by this CSI driver, set to true to prevent possible logging of tokens in volume attributes";

/// The longest identifier of a node (characters).
const NODE_ID_MAX: usize = 256;

pub(super) fn node(new: &Value) -> Errors {
    let mut errors = Errors::new();
    let mut names = BTreeSet::new();
    for driver in Node::root(new).get("spec.drivers").items() {
        let (name, id) = (driver.get("name"), driver.get("nodeID"));
        pod::volumes::driver_name(&name, &mut errors);
        check::required(&id, &mut errors);
        if id.text().len() > NODE_ID_MAX {
            errors.push(id.invalid(format!("must be {NODE_ID_MAX} characters or less")));
        }
        check::non_negative(&driver.get("allocatable.count"), &mut errors);
        if !names.insert(name.text()) {
            errors.push(FieldError::duplicate(name.at.clone(), name.text()));
        }
        let mut keys = BTreeSet::new();
        // Complaints about keys name the driver.
        for key in driver.get("topologyKeys").texts() {
            if key.is_empty() {
                errors.push(driver.required(""));
            }
            if !keys.insert(key) {
                errors.push(FieldError::duplicate(driver.at.clone(), key));
            }
            let complaints = content::qualified_name(key);
            errors.extend(complaints.into_iter().map(|why| FieldError::invalid(driver.at.clone(), key, why)));
        }
    }
    errors
}

/// Drivers come, go and count anew; otherwise they stay as they are. The whole is checked twice.
pub(super) fn node_update(new: &Value, old: &Value) -> Errors {
    let mut errors = node(new);
    errors.extend(node(new));
    let fixed = |driver: &Value| {
        let mut members = driver.as_object().cloned().unwrap_or_else(Map::new);
        members.shift_remove("allocatable");
        Value::Object(members)
    };
    let (now, before) = (Node::root(new).get("spec.drivers"), Node::root(old).get("spec.drivers"));
    for was in before.items() {
        let renamed = now.items().enumerate().filter(|(_, is)| is.get("name").text() == was.get("name").text());
        for (index, _) in renamed.filter(|(_, is)| !check::same(&fixed(is.value), &fixed(was.value))) {
            let mut shown = internal::show(new, &format!("/spec/drivers/{index}"));
            shown["Allocatable"] = Value::Null;
            errors.push(FieldError::invalid(now.at.clone(), shown, check::IMMUTABLE));
        }
    }
    errors
}

pub(super) fn capacity(new: &Value) -> Errors {
    let mut errors = Errors::new();
    let root = Node::root(new);
    check::selector(&root.get("nodeTopology"), &mut errors);
    check::shape(&root.get("storageClassName"), content::dns_subdomain, &mut errors);
    let capacity = root.get("capacity");
    if capacity.quantity().is_some_and(|q| q.sign() < 0) {
        errors.push(capacity.invalid("must be greater than or equal to 0"));
    }
    errors
}

pub(super) fn capacity_update(new: &Value, old: &Value) -> Errors {
    let mut errors = capacity(new);
    let (now, before) = (Node::root(new), Node::root(old));
    for field in ["nodeTopology", "storageClassName"] {
        check::immutable(&now.get(field), &before.get(field), &mut errors);
    }
    errors
}
