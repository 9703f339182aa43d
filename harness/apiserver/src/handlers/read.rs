//! GET of an object and of a collection.

use std::sync::Arc;

use proofmark_json::Value;

use super::chunk::{self, Chunk};
use super::reply::{Content, List};
use super::{Reply, Target, bad_request};
use crate::refusal::Refusal;
use crate::request::{FieldSelector, LabelSelector, ListOptions, revision};
use crate::resource::{Resource, read, read_kept, shown};
use crate::server::Call;
use crate::store::{Object, Snapshot};

/// Reads one object.
pub(super) async fn get(call: &Call<'_>, target: &Target<'_>) -> Result<Reply, Refusal> {
    let given = call.exchange.query.get("resourceVersion").unwrap_or_default();
    let revision = revision(given).map_err(|why| Refusal::untyped(500, why))?;
    let snapshot = call.server.store.snapshot();
    chunk::check_future(revision, &snapshot)?;
    let stored = snapshot.get(&target.resource.prefix, &target.place()).ok_or_else(|| target.not_found())?;
    let object = read(call.server, target.resource, stored).await?;
    Ok(Reply::object(200, target.resource, object))
}

/// Which objects of a collection are meant.
#[derive(Debug, Clone)]
pub(super) struct Selection {
    labels: LabelSelector,
    fields: FieldSelector,
}

impl Selection {
    /// The selectors of a request, checked against what the resource knows.
    pub(super) fn of(options: &ListOptions, target: &Target<'_>) -> Result<Self, Refusal> {
        check_fields(target.resource, &options.fields)?;
        Ok(Self { labels: options.labels.clone(), fields: options.fields.clone() })
    }

    /// Narrows it to one object.
    pub(super) fn name(&mut self, name: &str) {
        self.fields.require("metadata.name", name);
    }

    /// Whether an object is meant; a custom resource is seen at the version of the resource.
    pub(super) fn takes(&self, resource: &Resource, object: &Value) -> bool {
        if !self.labels.matches(object) {
            return false;
        }
        if self.fields.terms().is_empty() {
            return true;
        }
        let object = &*shown(resource, object);
        self.fields.terms().iter().all(|t| (field(resource, object, &t.key) == t.value) == t.equal)
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

/// The words about a field that a selector may not name, where a kind has no others.
fn unknown_field(label: &str) -> String {
    let label = proofmark_status::quote(label);
    format!("{label} is not a known field selector: only \"metadata.name\", \"metadata.namespace\"")
}

fn check_fields(resource: &Resource, fields: &FieldSelector) -> Result<(), Refusal> {
    let known = selectable(resource);
    for term in fields.terms() {
        let own = resource.strategy.field_labels;
        let fine = match term.key.as_str() {
            "metadata.name" => true,
            // Kinds that know their fields themselves know whether they have a namespace.
            "metadata.namespace" => own.is_none() || resource.namespaced,
            label => known.iter().any(|(l, _)| l == label),
        };
        if !fine {
            let message = own.map_or_else(|| unknown_field(&term.key), |words| words(&term.key));
            return Err(bad_request(message));
        }
    }
    Ok(())
}

/// The objects of a collection in order, from a place on if one is given.
fn collection<'a>(
    snapshot: &'a Snapshot,
    target: &Target<'_>,
    from: Option<&str>,
) -> impl Iterator<Item = (&'a str, &'a Arc<Object>)> + use<'a> {
    snapshot.list(&target.resource.prefix, &target.under(), from)
}

/// The objects of a collection that a selection takes, in order and with their places; no more than a limit.
pub(super) async fn select<'a>(
    call: &Call<'_>,
    snapshot: &'a Snapshot,
    target: &Target<'_>,
    selection: &Selection,
    (from, limit): (Option<&str>, Option<usize>),
) -> Result<Vec<(&'a str, Arc<Object>)>, Refusal> {
    let resource = target.resource;
    let mut taken = Vec::new();
    for (place, stored) in collection(snapshot, target, from) {
        if limit.is_some_and(|limit| taken.len() == limit) {
            break;
        }
        let object = read_kept(call.server, resource, stored).await?;
        if selection.takes(resource, &object.value) {
            taken.push((place, object));
        }
    }
    Ok(taken)
}

/// Lists a collection, in chunks if a limit is given.
pub(super) async fn list(call: &Call<'_>, target: &Target<'_>) -> Result<Reply, Refusal> {
    let options = ListOptions::read(call.exchange.query)?;
    let list = part(call, target, &options).await?;
    Ok(Reply::new(200, Content::List { resource: target.resource.clone(), list }))
}

/// The part of a collection that a list asks for.
pub(super) async fn part(call: &Call<'_>, target: &Target<'_>, options: &ListOptions) -> Result<List, Refusal> {
    let selection = Selection::of(options, target)?;
    let chunk = Chunk::of(call, target, options)?;
    let snapshot = &chunk.snapshot;
    let revision = snapshot.revision();
    let taken = select(call, snapshot, target, &selection, (chunk.from.as_deref(), chunk.limit)).await?;
    let Some(limit) = chunk.limit else {
        return Ok(List { items: taken.into_iter().map(|(_, o)| o).collect(), revision, next: None, remaining: None });
    };
    // Whether more follows is known of the collection, not of what a selector would still find in it.
    let last = taken.last().map(|(place, _)| *place).filter(|_| taken.len() == limit);
    let more = last.map_or(0, |last| collection(snapshot, target, Some(&format!("{last}\0"))).count());
    let next = last.filter(|_| more > 0).map(|place| chunk.after(target, place));
    let remaining = Some(more).filter(|m| *m > 0 && selection.is_everything());
    Ok(List { items: taken.into_iter().map(|(_, o)| o).collect(), revision, next, remaining })
}
