//! DELETE of an object and of a collection.
//!
//! An object with finalizers, and a pod that a node runs, is marked and stays; everything else goes at once.
//! Source: `rest.BeforeDelete`, `registry.Store.Delete`, `pkg/registry/core/namespace/storage`, release 1.35.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use proofmark_json::{Value, json};
use proofmark_registry::{Dependents, meta};
use proofmark_status::{Details, Status};

use super::delete_options::DeleteOptions;
use super::read;
use super::reply::{Content, List};
use super::write::{is_released, remove, write};
use super::{Reply, Target};
use crate::admit;
use crate::flow_control;
use crate::refusal::Refusal;
use crate::request::ListOptions;
use crate::resource;
use crate::server::Call;
use crate::store::{Object, Precondition, WriteError};

/// Deletes one object.
pub(super) async fn delete(call: &Call<'_>, target: &Target<'_>) -> Result<Reply, Refusal> {
    let options = DeleteOptions::read(call)?;
    warn(call, target, &options);
    let outcome = delete_object(call, target, &options).await?;
    Ok(match outcome {
        Outcome::Kept(object) => Reply::object(if options.cascades() { 202 } else { 200 }, target.resource, object),
        Outcome::Gone(last) if target.resource.strategy.returns_deleted => Reply::object(200, target.resource, last),
        Outcome::Gone(last) => {
            let details = Details {
                name: target.name.to_owned(),
                group: target.resource.group.clone(),
                kind: target.resource.plural.clone(),
                uid: meta::text(&last.value, "uid").to_owned(),
                ..Details::default()
            };
            Reply::new(200, Content::Status(Status::success(Some(details))))
        }
    })
}

/// Deletes every object that the selectors pick; answers with the objects as they were.
pub(super) async fn delete_collection(call: &Call<'_>, target: &Target<'_>) -> Result<Reply, Refusal> {
    let list_options = ListOptions::read(call.exchange.query)?;
    read::Selection::of(&list_options, target)?;
    let options = DeleteOptions::read(call)?;
    warn(call, target, &options);
    let List { items, revision, .. } = read::part(call, target, &list_options).await?;
    // Through the namespace without a name everything is found, and nothing can be reached.
    if target.resource.namespaced && target.namespace.is_empty() && !items.is_empty() {
        return Err(super::bad_request("Namespace parameter required."));
    }
    for item in &items {
        let one = Target {
            name: meta::text(&item.value, "name"),
            namespace: meta::text(&item.value, "namespace"),
            ..*target
        };
        match delete_object(call, &one, &options).await {
            // Somebody else was faster.
            Err(Refusal::Status(status)) if status.code == 404 => {}
            done => {
                done?;
            }
        }
    }
    let list = List { items, revision, next: None, remaining: None };
    Ok(Reply::new(200, Content::List { resource: target.resource.clone(), list }))
}

/// Some kinds let dependents stay where others delete them.
fn warn(call: &Call<'_>, target: &Target<'_>, options: &DeleteOptions) {
    if let Dependents::OrphanedWith(warning) = target.resource.strategy.dependents
        && !options.says_of_dependents()
    {
        call.warn(vec![warning.to_owned()]);
    }
}

/// What became of a deleted object.
pub(super) enum Outcome {
    /// It is marked, and stays until its finalizers are gone or its time is up.
    Kept(Arc<Object>),
    Gone(Arc<Object>),
}

/// Deletes an object as it is now, again when somebody else changes it meanwhile.
pub(super) async fn delete_object(
    call: &Call<'_>,
    target: &Target<'_>,
    options: &DeleteOptions,
) -> Result<Outcome, Refusal> {
    loop {
        let stored = target.stored(call).ok_or_else(|| target.not_found())?;
        let live = resource::read(call.server, target.resource, &stored).await?;
        if is_namespace(target) || resource::is_definition(target.resource) {
            options.check_early(target, &live)?;
        } else {
            options.check(target, &live)?;
        }
        let request = admit::Request::delete(call, target, &live.value, options.to_value(), options.dry_run());
        admit::remove(&request).await?;
        let outcome = if is_namespace(target) {
            delete_namespace(call, target, &live, options).await
        } else {
            delete_live(call, target, &live, options).await
        }?;
        if let Ok(outcome) = outcome {
            resource::establish(call.server, target.resource, &live.value);
            flow_control::follow(call.server, target.resource, &live.value);
            return Ok(outcome);
        }
    }
}

/// What a deletion does to an object at first.
enum Mark {
    /// Nothing: its kind goes at once.
    None,
    /// It is on its way out already, and not to go sooner.
    Pending,
    /// It goes in so many seconds.
    Leaves(i64),
}

/// How a deletion went: the inner error says that somebody else was faster.
pub(super) type Attempt<T> = Result<Result<T, WriteError>, Refusal>;

/// Deletes an object that was read, without asking admission.
pub(super) async fn delete_live(
    call: &Call<'_>,
    target: &Target<'_>,
    live: &Arc<Object>,
    options: &DeleteOptions,
) -> Attempt<Outcome> {
    let strategy = &target.resource.strategy;
    let mut object = Value::clone(&live.value);
    let now = call.server.clock.now();
    let mark = mark(target, &mut object, options, now);
    if matches!(mark, Mark::Pending) {
        return Ok(Ok(Outcome::Kept(live.clone())));
    }
    // The first deletion of a definition marks it and looks at nothing else.
    if resource::is_definition(target.resource) && meta::text(&object, "deletionTimestamp").is_empty() {
        resource::mark_deleted(call.server, &mut object);
    } else {
        options.set_finalizers(&mut object, strategy.dependents);
    }
    let finalizers = meta::of(&object).and_then(|m| m.get("finalizers")).and_then(Value::as_array);
    let held = finalizers.is_some_and(|f| !f.is_empty());
    let mut last = live.clone();
    match mark {
        Mark::Leaves(seconds) => {
            last = match store(call, target, object, live, options).await? {
                Ok(stored) => stored,
                Err(lost) => return Ok(Err(lost)),
            };
            if held || seconds > 0 {
                return Ok(Ok(Outcome::Kept(last)));
            }
        }
        _ if held => {
            if meta::text(&object, "deletionTimestamp").is_empty() {
                mark_held(&mut object, now);
            }
            let stored = store(call, target, object, live, options).await?;
            return Ok(stored.map(Outcome::Kept));
        }
        _ => {}
    }
    Ok(take_away(call, target, last, options.dry_run()))
}

/// Sets when an object leaves whose kind takes time to go (`rest.BeforeDelete`).
fn mark(target: &Target<'_>, object: &mut Value, options: &DeleteOptions, now: Timestamp) -> Mark {
    let Some(grace) = target.resource.strategy.grace else { return Mark::None };
    let asked = options.grace.map(|seconds| if seconds < 0 { 1 } else { seconds });
    if let Ok(leaves) = meta::text(object, "deletionTimestamp").parse::<Timestamp>() {
        let left = meta::of(object).and_then(|m| m.get("deletionGracePeriodSeconds")).and_then(Value::as_i64);
        let Some(left) = left else { return Mark::None };
        // A second deletion may only shorten the time.
        return match asked.filter(|asked| *asked < left) {
            Some(asked) => {
                let began = leaves.checked_sub(SignedDuration::from_secs(left)).unwrap_or(now);
                set_deletion(object, began, asked);
                Mark::Leaves(asked)
            }
            None => Mark::Pending,
        };
    }
    let seconds = grace(object, asked);
    set_deletion(object, now, seconds);
    count_generation(object);
    Mark::Leaves(seconds)
}

/// Marks an object that goes as soon as its finalizers are gone.
pub(crate) fn mark_held(object: &mut Value, now: Timestamp) {
    set_deletion(object, now, 0);
    count_generation(object);
}

fn set_deletion(object: &mut Value, from: Timestamp, seconds: i64) {
    let at = from.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(from);
    let meta = meta::of_mut(object);
    meta.insert("deletionTimestamp", json!(proofmark_clock::stamp(at)));
    meta.insert("deletionGracePeriodSeconds", json!(seconds));
}

/// A deletion that has begun counts as a change.
fn count_generation(object: &mut Value) {
    let meta = meta::of_mut(object);
    if let Some(generation) = meta.get("generation").and_then(Value::as_i64).filter(|g| *g > 0) {
        meta.insert("generation", json!(generation + 1));
    }
}

/// Takes an object away for good, as it is stored.
fn take_away(call: &Call<'_>, target: &Target<'_>, last: Arc<Object>, dry_run: bool) -> Result<Outcome, WriteError> {
    if !dry_run {
        let stored =
            target.stored(call).filter(|stored| stored.revision == last.revision).ok_or(WriteError::Changed)?;
        remove(call.server, target.resource, &target.place(), Value::clone(&stored.value), stored.revision)?;
    }
    Ok(Outcome::Gone(last))
}

/// Stores what a deletion made of an object, if it made anything. Returns the object as the request's version shows it.
async fn store(
    call: &Call<'_>,
    target: &Target<'_>,
    object: Value,
    live: &Arc<Object>,
    options: &DeleteOptions,
) -> Attempt<Arc<Object>> {
    if options.dry_run() || object == *live.value {
        return Ok(Ok(Arc::new(Object::new(live.revision, object))));
    }
    let (server, resource) = (call.server, target.resource);
    let object = resource::to_storage(server, resource, object).await?;
    match write(server, resource, &target.place(), object, Precondition::Revision(live.revision)) {
        Ok(stored) => {
            resource::spread(server, resource, &stored);
            resource::read(server, resource, &stored).await.map(Ok)
        }
        Err(lost) => Ok(Err(lost)),
    }
}

fn is_namespace(target: &Target<'_>) -> bool {
    target.resource.group.is_empty() && target.resource.plural == "namespaces"
}

/// A namespace turns to `Terminating`, and goes when its own finalizers are gone.
async fn delete_namespace(
    call: &Call<'_>,
    target: &Target<'_>,
    live: &Arc<Object>,
    options: &DeleteOptions,
) -> Attempt<Outcome> {
    let mut object = Value::clone(&live.value);
    if !meta::text(&object, "deletionTimestamp").is_empty() {
        let own = object.pointer("/spec/finalizers").and_then(Value::as_array).is_some_and(|f| !f.is_empty());
        return if own { Ok(Ok(Outcome::Kept(live.clone()))) } else { delete_live(call, target, live, options).await };
    }
    meta::of_mut(&mut object).insert("deletionTimestamp", json!(call.server.clock.stamp()));
    object["status"]["phase"] = json!("Terminating");
    options.set_finalizers(&mut object, target.resource.strategy.dependents);
    let released = is_released(&object);
    Ok(match store(call, target, object, live, options).await? {
        Ok(stored) if released && !options.dry_run() => take_away(call, target, stored, false),
        stored => stored.map(Outcome::Kept),
    })
}
