//! DELETE of an object and of a collection.
//!
//! An object with finalizers, and a pod with a grace period, is marked and stays; everything else goes at once.
//! Source: `rest.BeforeDelete`, `registry.Store.Delete`, release 1.35.

use std::sync::Arc;

use proofmark_registry::meta;
use proofmark_status::{Details, FieldError, Status};
use serde_json::{Value, json};

use super::read::{self, Selection};
use super::reply::{Content, List};
use super::write::{changed, is_released, remove, write};
use super::{Reply, Target, bad_request};
use crate::admit;
use crate::decode::{self, Format};
use crate::refusal::Refusal;
use crate::request::parse_bool;
use crate::resource;
use crate::server::Call;
use crate::store::{Object, Precondition};

/// `DeleteOptions`, from the body or the query.
#[derive(Debug, Clone, Default)]
struct DeleteOptions {
    grace: Option<i64>,
    policy: Option<String>,
    orphan: Option<bool>,
    uid: Option<String>,
    revision: Option<String>,
    dry_run: Vec<String>,
}

/// Deletes one object.
pub(super) async fn delete(call: &Call<'_>, target: &Target<'_>) -> Result<Reply, Refusal> {
    let options = DeleteOptions::read(call)?;
    let live = call.server.store.snapshot().get(&target.resource.prefix, &target.place()).cloned();
    let live = live.ok_or_else(|| target.not_found())?;
    let outcome = delete_object(call, target, &live, &options).await?;
    resource::establish(call.server, target.resource, &live.value);
    Ok(match outcome {
        Outcome::Kept(value) => Reply::object(200, target.resource, value),
        Outcome::Gone(value) if target.resource.strategy.returns_deleted => Reply::object(200, target.resource, value),
        Outcome::Gone(value) => {
            let details = Details {
                name: target.name.to_owned(),
                group: target.resource.group.clone(),
                kind: target.resource.plural.clone(),
                uid: meta::text(&value, "uid").to_owned(),
                ..Details::default()
            };
            Reply::new(200, Content::Status(Status::success(Some(details))))
        }
    })
}

/// Deletes every object that the selectors pick; answers with the objects as they were.
pub(super) async fn delete_collection(call: &Call<'_>, target: &Target<'_>) -> Result<Reply, Refusal> {
    let options = DeleteOptions::read(call)?;
    let selection = Selection::read(call, target)?;
    let snapshot = call.server.store.snapshot();
    let items: Vec<Arc<Object>> = read::select(&snapshot, target, &selection).map(|(_, o)| o.clone()).collect();
    for item in &items {
        let one = Target {
            name: meta::text(&item.value, "name"),
            namespace: meta::text(&item.value, "namespace"),
            ..*target
        };
        delete_object(call, &one, item, &options).await?;
    }
    let list = List { items, revision: snapshot.revision(), next: None, remaining: None };
    Ok(Reply::new(200, Content::List { resource: target.resource.clone(), list }))
}

/// What became of a deleted object.
enum Outcome {
    /// It is marked, and stays until its finalizers are gone or its time is up.
    Kept(Value),
    Gone(Value),
}

async fn delete_object(
    call: &Call<'_>,
    target: &Target<'_>,
    live: &Arc<Object>,
    options: &DeleteOptions,
) -> Result<Outcome, Refusal> {
    options.check(target, live)?;
    let request = admit::Request::delete(call, target, &live.value, options.to_value(), options.dry_run());
    admit::remove(&request).await?;
    let mut object = live.value.clone();
    let already = !meta::text(&object, "deletionTimestamp").is_empty();
    let grace = grace_seconds(target, &object, options);
    set_finalizers(&mut object, options);
    let now = call.server.clock.now();
    if !already && resource::is_definition(target.resource) {
        resource::mark_deleted(call.server, &mut object);
    } else if !already {
        let at = now.checked_add(jiff::SignedDuration::from_secs(grace)).unwrap_or(now);
        let meta = meta::of_mut(&mut object);
        meta.insert("deletionTimestamp".to_owned(), json!(crate::clock::stamp(at)));
        meta.insert("deletionGracePeriodSeconds".to_owned(), json!(grace));
        if target.resource.strategy.generation {
            let generation = meta.get("generation").and_then(Value::as_i64).unwrap_or(0);
            if generation > 0 {
                meta.insert("generation".to_owned(), json!(generation + 1));
            }
        }
        if is_namespace(target) {
            object["status"] = json!({"phase": "Terminating"});
        }
    } else if let Some(asked) = options.grace {
        // A second deletion may only shorten the time.
        let left =
            meta::of(&object).and_then(|m| m.get("deletionGracePeriodSeconds")).and_then(Value::as_i64).unwrap_or(0);
        if asked < left {
            let at = now.checked_add(jiff::SignedDuration::from_secs(asked)).unwrap_or(now);
            let meta = meta::of_mut(&mut object);
            meta.insert("deletionTimestamp".to_owned(), json!(crate::clock::stamp(at)));
            meta.insert("deletionGracePeriodSeconds".to_owned(), json!(asked));
        }
    }
    let place = target.place();
    if is_released(&object) {
        let mut last = live.value.clone();
        if already {
            last = object;
        }
        if options.dry_run() {
            return Ok(Outcome::Gone(last));
        }
        let removed = remove(call.server, target.resource, &place, last, live.revision).map_err(|_| changed(target))?;
        return Ok(Outcome::Gone(if target.resource.strategy.returns_deleted {
            live.value.clone()
        } else {
            removed.value.clone()
        }));
    }
    if options.dry_run() || crate::value::equal(&object, &live.value) {
        return Ok(Outcome::Kept(object));
    }
    let stored = write(call.server, target.resource, &place, object, Precondition::Revision(live.revision))
        .map_err(|_| changed(target))?;
    Ok(Outcome::Kept(stored.value.clone()))
}

fn is_namespace(target: &Target<'_>) -> bool {
    target.resource.group.is_empty() && target.resource.plural == "namespaces"
}

/// Only pods take time to go, and only where a node runs them.
fn grace_seconds(target: &Target<'_>, object: &Value, options: &DeleteOptions) -> i64 {
    let is_pod = target.resource.group.is_empty() && target.resource.plural == "pods";
    if !is_pod {
        return 0;
    }
    let of_pod = object.pointer("/spec/terminationGracePeriodSeconds").and_then(Value::as_i64).unwrap_or(30);
    let scheduled = !crate::value::text_at(object, "/spec/nodeName").is_empty();
    let phase = crate::value::text_at(object, "/status/phase");
    let over = matches!(phase.as_str(), "Succeeded" | "Failed");
    if !scheduled || over {
        return 0;
    }
    match options.grace.unwrap_or(of_pod) {
        negative if negative < 0 => 1,
        seconds => seconds,
    }
}

/// Orphaning and foreground deletion are finalizers for the garbage collector.
fn set_finalizers(object: &mut Value, options: &DeleteOptions) {
    let wanted = match (options.orphan, options.policy.as_deref()) {
        (Some(true), _) | (_, Some("Orphan")) => Some("orphan"),
        (_, Some("Foreground")) => Some("foregroundDeletion"),
        (Some(false), _) | (_, Some("Background")) => Some(""),
        _ => None,
    };
    let Some(wanted) = wanted else { return };
    let meta = meta::of_mut(object);
    let mut list: Vec<Value> = meta.get("finalizers").and_then(Value::as_array).cloned().unwrap_or_default();
    list.retain(|f| !matches!(f.as_str(), Some("orphan" | "foregroundDeletion")) || f.as_str() == Some(wanted));
    if !wanted.is_empty() && !list.iter().any(|f| f.as_str() == Some(wanted)) {
        list.push(json!(wanted));
    }
    if list.is_empty() {
        meta.shift_remove("finalizers");
    } else {
        meta.insert("finalizers".to_owned(), Value::Array(list));
    }
}

impl DeleteOptions {
    fn read(call: &Call<'_>) -> Result<Self, Refusal> {
        let query = call.exchange.query;
        let mut options = Self {
            grace: query.get("gracePeriodSeconds").and_then(|v| v.parse().ok()),
            policy: query.get("propagationPolicy").filter(|v| !v.is_empty()).map(str::to_owned),
            orphan: query.get("orphanDependents").map(parse_bool),
            dry_run: query.all("dryRun").map(str::to_owned).collect(),
            ..Self::default()
        };
        let body = call.exchange.body;
        if !body.is_empty() {
            let format = Format::of(call.exchange.header("content-type")).ok_or_else(|| decode::unsupported(false))?;
            let value = match format {
                Format::Json => decode::json(body).map_err(bad_request)?,
                Format::Yaml => decode::yaml(body).map_err(bad_request)?,
                Format::Protobuf => {
                    let read = proofmark_builtin::proto::decode_as(body, "meta.k8s.io/v1", "DeleteOptions");
                    read.map_err(|e| bad_request(e.to_string()))?.value
                }
            };
            options.merge(&value);
        }
        let mut errors = Vec::new();
        if options.dry_run.iter().any(|d| d != "All") {
            errors.push(FieldError::not_supported("dryRun", json!(options.dry_run), &["All"]));
        }
        if options.policy.is_some() && options.orphan.is_some() {
            let why = "orphanDependents and deletionPropagation cannot be both set";
            errors.push(FieldError::invalid("propagationPolicy", options.policy.clone().unwrap_or_default(), why));
        }
        if let Some(policy) =
            options.policy.as_deref().filter(|p| !matches!(*p, "Foreground" | "Background" | "Orphan"))
        {
            errors.push(FieldError::not_supported(
                "propagationPolicy",
                policy,
                &["Background", "Foreground", "Orphan", "nil"],
            ));
        }
        if errors.is_empty() {
            Ok(options)
        } else {
            Err(Status::invalid("meta.k8s.io", "DeleteOptions", "", &errors).into())
        }
    }

    /// The options as an object, as admission sees them.
    fn to_value(&self) -> Value {
        let mut options = json!({"kind": "DeleteOptions", "apiVersion": "meta.k8s.io/v1"});
        let mut put = |field: &str, value: Option<Value>| {
            if let Some(value) = value {
                options[field] = value;
            }
        };
        put("gracePeriodSeconds", self.grace.map(Value::from));
        let preconditions = [("uid", &self.uid), ("resourceVersion", &self.revision)];
        let preconditions: serde_json::Map<_, _> = preconditions
            .into_iter()
            .filter_map(|(field, given)| Some((field.to_owned(), json!(given.as_ref()?))))
            .collect();
        put("preconditions", (!preconditions.is_empty()).then_some(Value::Object(preconditions)));
        put("orphanDependents", self.orphan.map(Value::from));
        put("propagationPolicy", self.policy.clone().map(Value::from));
        put("dryRun", (!self.dry_run.is_empty()).then(|| json!(self.dry_run)));
        options
    }

    fn dry_run(&self) -> bool {
        !self.dry_run.is_empty()
    }

    fn merge(&mut self, body: &Value) {
        let text =
            |pointer: &str| body.pointer(pointer).and_then(Value::as_str).filter(|s| !s.is_empty()).map(str::to_owned);
        self.grace = body.get("gracePeriodSeconds").and_then(Value::as_i64).or(self.grace);
        self.policy = text("/propagationPolicy").or(self.policy.take());
        self.orphan = body.get("orphanDependents").and_then(Value::as_bool).or(self.orphan);
        self.uid = text("/preconditions/uid");
        self.revision = text("/preconditions/resourceVersion");
        let dry_run = body.get("dryRun").and_then(Value::as_array);
        self.dry_run.extend(dry_run.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned));
    }

    /// Preconditions name the kind rather than the resource.
    fn check(&self, target: &Target<'_>, live: &Object) -> Result<(), Refusal> {
        let resource = target.resource;
        let refuse = |why: String| Err(Status::conflict(&resource.group, &resource.kind, target.name, &why).into());
        let uid = meta::text(&live.value, "uid");
        if let Some(wanted) = self.uid.as_deref().filter(|w| *w != uid) {
            return refuse(format!(
                "the UID in the precondition ({wanted}) does not match the UID in record ({uid}). The object might have been deleted and then recreated"
            ));
        }
        let revision = live.revision.to_string();
        if let Some(wanted) = self.revision.as_deref().filter(|w| *w != revision) {
            return refuse(format!(
                "the ResourceVersion in the precondition ({wanted}) does not match the ResourceVersion in record ({revision}). The object might have been modified"
            ));
        }
        Ok(())
    }
}
