//! GET of an object and of a collection.

use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use proofmark_status::{Reason, Status};
use serde_json::{Value, json};

use super::reply::{Content, List};
use super::{Reply, Target, bad_request};
use crate::refusal::Refusal;
use crate::request::{FieldSelector, LabelSelector};
use crate::resource::Resource;
use crate::server::Call;
use crate::store::{Object, Snapshot};

/// Reads one object.
pub(super) fn get(call: &Call<'_>, target: &Target<'_>) -> Result<Reply, Refusal> {
    if let Some(text) = call.exchange.query.get("resourceVersion").filter(|t| !t.is_empty())
        && text.parse::<u64>().is_err()
    {
        let why = format!("strconv.ParseUint: parsing {}: invalid syntax", proofmark_status::quote(text));
        return Err(Refusal::untyped(500, why));
    }
    let snapshot = call.server.store.snapshot();
    let object = snapshot.get(&target.resource.prefix, &target.place()).ok_or_else(|| target.not_found())?;
    Ok(Reply::object(200, target.resource, object.value.clone()))
}

/// Which objects of a collection are meant.
#[derive(Debug, Clone)]
pub(super) struct Selection {
    pub(super) labels: LabelSelector,
    pub(super) fields: FieldSelector,
    pub(super) limit: usize,
    pub(super) start: Option<Continue>,
}

/// A continue token: the revision of the first chunk and the place after which the next begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Continue {
    pub(super) revision: u64,
    pub(super) after: String,
}

impl Selection {
    /// Reads and checks selectors, limit and continue token.
    pub(super) fn read(call: &Call<'_>, target: &Target<'_>) -> Result<Self, Refusal> {
        let query = call.exchange.query;
        let labels = LabelSelector::parse(query.get("labelSelector").unwrap_or_default()).map_err(bad_request)?;
        let fields = FieldSelector::parse(query.get("fieldSelector").unwrap_or_default()).map_err(bad_request)?;
        check_fields(target.resource, &fields)?;
        let limit = query.get("limit").and_then(|l| l.parse().ok()).unwrap_or(0);
        let start = query.get("continue").filter(|c| !c.is_empty()).map(Continue::parse).transpose()?;
        Ok(Self { labels, fields, limit, start })
    }

    /// Narrows it to one object.
    pub(super) fn name(&mut self, name: &str) {
        self.fields.require("metadata.name", name);
    }

    /// Whether an object is meant.
    pub(super) fn takes(&self, resource: &Resource, object: &Value) -> bool {
        self.labels.matches(object)
            && self.fields.terms().iter().all(|t| (field(resource, object, &t.key) == t.value) == t.equal)
    }

    fn is_everything(&self) -> bool {
        self.labels.is_empty() && self.fields.terms().is_empty()
    }
}

/// The value of a selectable field.
fn field(resource: &Resource, object: &Value, label: &str) -> String {
    let pointer = match label {
        "metadata.name" => "/metadata/name",
        "metadata.namespace" => "/metadata/namespace",
        other => match selectable(resource).into_iter().find(|(l, _)| l == other) {
            Some((_, pointer)) => return default_field(other, crate::value::text_at(object, &pointer)),
            None => return String::new(),
        },
    };
    crate::value::text_at(object, pointer)
}

/// Booleans that are absent are false.
fn default_field(label: &str, text: String) -> String {
    let boolean = matches!(label, "spec.unschedulable" | "spec.hostNetwork");
    let number = matches!(label, "status.successful" | "status.replicas");
    match text.as_str() {
        "" if boolean => "false".to_owned(),
        "" if number => "0".to_owned(),
        _ => text,
    }
}

fn selectable(resource: &Resource) -> Vec<(String, String)> {
    match resource.custom() {
        Some(custom) => custom.selectable.clone(),
        None => resource.strategy.fields.iter().map(|(l, p)| ((*l).to_owned(), (*p).to_owned())).collect(),
    }
}

fn check_fields(resource: &Resource, fields: &FieldSelector) -> Result<(), Refusal> {
    let known = selectable(resource);
    for term in fields.terms() {
        let fine = matches!(term.key.as_str(), "metadata.name" | "metadata.namespace")
            || known.iter().any(|(l, _)| *l == term.key);
        if !fine {
            let message = if resource.strategy.field_labels {
                format!("field label not supported: {}", term.key)
            } else {
                let key = proofmark_status::quote(&term.key);
                format!("{key} is not a known field selector: only \"metadata.name\", \"metadata.namespace\"")
            };
            return Err(bad_request(message));
        }
    }
    Ok(())
}

/// The objects of a collection in order, after a place if one is given.
fn collection<'a>(
    snapshot: &'a Snapshot,
    target: &Target<'_>,
    after: Option<&str>,
) -> impl Iterator<Item = (&'a str, &'a Arc<Object>)> + use<'a> {
    let inside = target.resource.namespaced && !target.namespace.is_empty();
    let under = if inside { format!("{}/", target.namespace) } else { String::new() };
    snapshot.list(&target.resource.prefix, &under, after)
}

/// The objects of a collection that a selection takes, in order.
pub(super) fn select<'a>(
    snapshot: &'a Snapshot,
    target: &Target<'a>,
    selection: &'a Selection,
) -> impl Iterator<Item = (&'a str, &'a Arc<Object>)> {
    let after = selection.start.as_ref().map(|c| c.after.as_str());
    let resource = target.resource;
    collection(snapshot, target, after).filter(move |(_, object)| selection.takes(resource, &object.value))
}

/// Lists a collection, in chunks if a limit is given.
pub(super) fn list(call: &Call<'_>, target: &Target<'_>) -> Result<Reply, Refusal> {
    let selection = Selection::read(call, target)?;
    let snapshot = call.server.store.snapshot();
    check_list_revision(call, &snapshot)?;
    let revision = selection.start.as_ref().map_or(snapshot.revision(), |c| c.revision);
    let mut matching = select(&snapshot, target, &selection);
    let list = if selection.limit == 0 {
        List { items: matching.map(|(_, o)| o.clone()).collect(), revision, next: None, remaining: None }
    } else {
        let chunk: Vec<(&str, &Arc<Object>)> = matching.by_ref().take(selection.limit).collect();
        // Whether more follows is known of the collection, not of what a selector would still find in it.
        let last = chunk.last().map(|(place, _)| *place).filter(|_| chunk.len() == selection.limit);
        let more = last.map_or(0, |last| collection(&snapshot, target, Some(last)).count());
        let next = last.filter(|_| more > 0).map(|place| Continue { revision, after: place.to_owned() }.to_text());
        let remaining = Some(more).filter(|m| *m > 0 && selection.is_everything());
        List { items: chunk.into_iter().map(|(_, o)| o.clone()).collect(), revision, next, remaining }
    };
    Ok(Reply::new(200, Content::List { resource: target.resource.clone(), list }))
}

/// A list may ask for a revision: not one from the future, and only in words that the server knows.
fn check_list_revision(call: &Call<'_>, snapshot: &Snapshot) -> Result<(), Refusal> {
    let query = call.exchange.query;
    let given = query.get("resourceVersion").unwrap_or_default();
    if given.is_empty() {
        return Ok(());
    }
    let revision: u64 = given.parse().map_err(|_| {
        bad_request(format!(
            "resourceVersion: Invalid value: {}: strconv.ParseUint: parsing {0}: invalid syntax",
            proofmark_status::quote(given)
        ))
    })?;
    if revision > snapshot.revision() {
        let message = format!("Too large resource version: {revision}, current: {}", snapshot.revision());
        let details = proofmark_status::Details {
            causes: vec![proofmark_status::Cause {
                reason: "ResourceVersionTooLarge".to_owned(),
                message: "Too large resource version".to_owned(),
                field: String::new(),
            }],
            retry_after_seconds: 1,
            ..Default::default()
        };
        return Err(Status::new(504, Reason::Timeout, format!("Timeout: {message}")).with_details(details).into());
    }
    Ok(())
}

impl Continue {
    fn to_text(&self) -> String {
        let text = json!({"v": "meta.k8s.io/v1", "rv": self.revision, "start": self.after}).to_string();
        BASE64_URL_SAFE_NO_PAD.encode(text)
    }

    fn parse(text: &str) -> Result<Self, Refusal> {
        let invalid = || bad_request("continue key is not valid: illegal base64 data at input byte 0");
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| invalid())?;
        let value: Value = serde_json::from_slice(&bytes).map_err(|_| invalid())?;
        let revision = value.get("rv").and_then(Value::as_u64).ok_or_else(invalid)?;
        let after = value.get("start").and_then(Value::as_str).ok_or_else(invalid)?.to_owned();
        Ok(Self { revision, after })
    }
}
