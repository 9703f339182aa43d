//! Attachments of volumes to nodes.
//!
//! Source: `pkg/apis/storage/validation`, release 1.35.

use proofmark_json::Value;
use proofmark_status::FieldError;

use super::volume;
use crate::kinds::pod;
use crate::node::{Errors, Node};
use crate::{check, content, internal};

/// The longest message of an error, and the largest size of metadata (bytes). Complaints about either name the second.
const MESSAGE_MAX: usize = 1024;
const METADATA_MAX: usize = 256 * 1024;

/// A new attachment. Names of drivers and volumes were not checked in older versions of the group.
pub(super) fn validate(new: &Value) -> Errors {
    let mut errors = shared(new);
    let spec = Node::root(new).get("spec");
    pod::volumes::driver_name(&spec.get("attacher"), &mut errors);
    let volume = spec.get("source.persistentVolumeName");
    if volume.given() {
        check::shape(&volume, content::dns_subdomain, &mut errors);
    }
    errors
}

pub(super) fn validate_update(new: &Value, old: &Value) -> Errors {
    let mut errors = shared(new);
    let part = |o: &Value| check::or_null(o.get("spec"));
    if !check::same(&part(new), &part(old)) {
        errors.push(FieldError::invalid("spec", internal::show(new, "/spec"), check::IMMUTABLE));
    }
    errors
}

fn shared(new: &Value) -> Errors {
    let mut errors = Errors::new();
    let spec = Node::root(new).get("spec");
    check::required(&spec.get("attacher"), &mut errors);
    let source = spec.get("source");
    let (named, inline) = (source.get("persistentVolumeName"), source.get("inlineVolumeSpec"));
    let why = "must specify exactly one of inlineVolumeSpec and persistentVolumeName";
    match (named.given(), inline.given()) {
        (false, false) => errors.push(source.required(why)),
        (true, true) => errors.push(source.forbidden(why)),
        (true, false) if !named.filled() => errors.push(named.required("must specify non empty persistentVolumeName")),
        (true, false) => {}
        (false, true) => volume::spec(&inline, "", true, &mut errors),
    }
    check::shape(&spec.get("nodeName"), content::dns_subdomain, &mut errors);
    status(&Node::root(new).get("status"), &mut errors);
    errors
}

fn status(status: &Node<'_>, errors: &mut Errors) {
    let metadata = status.get("attachmentMetadata");
    let size: usize = metadata.entries().map(|(key, value)| key.len() + value.text().len()).sum();
    if size > METADATA_MAX {
        errors.push(FieldError::too_long(metadata.at.clone(), METADATA_MAX));
    }
    for field in ["attachError", "detachError"] {
        let (message, code) = (status.get(field).get("message"), status.get(field).get("errorCode"));
        if message.text().len() > MESSAGE_MAX {
            errors.push(FieldError::too_long(message.at.clone(), METADATA_MAX));
        }
        if code.number() < 0 {
            errors.push(code.invalid("must be between 0 and 2147483647, inclusive"));
        }
    }
}
