//! What the server does for each verb.
//!
//! Every write walks `body -> manage fields -> admit (mutate) -> prepare -> validate -> admit (validate) -> store`:
//! [`create`], [`update`], [`patch`] and [`delete`] say in which order, the rooms say how.

mod binding;
mod body;
mod chunk;
mod components;
mod create;
mod delete;
mod delete_options;
mod eviction;
mod log;
mod managed;
mod options;
mod owners;
mod patch;
mod read;
mod reply;
mod reviews;
mod scale;
mod subresource;
mod tokens;
mod update;
mod watch;
mod write;

use std::sync::Arc;

use proofmark_registry::content;
use proofmark_status::Status;

pub(crate) use body::complete;
pub(crate) use delete::mark_held;
pub(crate) use managed::by_server as managed_by_server;
pub(crate) use managed::status_applied_by_server;
pub(crate) use managed::status_by_server as managed_status_by_server;
pub(crate) use options::WriteOptions;
pub(crate) use reply::{Content, List, Reply};
pub(crate) use reviews::user_info;
pub(crate) use subresource::subresource;
pub(crate) use watch::{Event, Watch, bookmark};
pub(crate) use write::{remove, write};

use crate::encode::Negotiated;
use crate::refusal::Refusal;
use crate::resource::{self, Resource};
use crate::server::Call;
use crate::store::Object;

/// What a request is about: a resource, and a place in it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Target<'a> {
    pub(crate) resource: &'a Arc<Resource>,
    /// Empty across namespaces and for cluster-scoped resources.
    pub(crate) namespace: &'a str,
    /// Empty for collections.
    pub(crate) name: &'a str,
}

impl Target<'_> {
    /// Where the object is stored.
    pub(crate) fn place(&self) -> String {
        self.resource.place(self.namespace, self.name)
    }

    /// With what the places of the collection's objects begin.
    fn under(&self) -> String {
        if self.resource.namespaced && !self.namespace.is_empty() {
            format!("{}/", self.namespace)
        } else {
            String::new()
        }
    }

    /// The object as it is stored now.
    pub(crate) fn stored(&self, call: &Call<'_>) -> Option<Arc<Object>> {
        call.server.store.snapshot().get(&self.resource.prefix, &self.place()).cloned()
    }

    /// The object as it is now, in the version of the resource, for whoever is about to change it.
    pub(crate) async fn live(&self, call: &Call<'_>) -> Result<Option<Arc<Object>>, Refusal> {
        match self.stored(call) {
            Some(stored) => resource::live(call.server, self.resource, &stored).await.map(Some),
            None => Ok(None),
        }
    }

    /// Refuses a place that no object can have: what it says would not fit into a path.
    pub(crate) fn check_place(&self) -> Result<(), Refusal> {
        let Self { resource, namespace, name } = *self;
        if resource.namespaced && matches!(namespace, "." | "..") {
            let of = if resource.custom().is_some() { format!("{}/", resource.group) } else { String::new() };
            let key = format!("/{of}{}/{}", resource.plural, [namespace, name].join("/").trim_end_matches('/'));
            return Err(Refusal::untyped(500, format!("invalid key: {}", proofmark_status::quote(&key))));
        }
        if resource.namespaced && namespace.is_empty() && !name.is_empty() {
            return Err(bad_request("Namespace parameter required."));
        }
        let complaints = content::path_segment(self.name);
        if complaints.is_empty() {
            return Ok(());
        }
        let name = proofmark_status::quote(self.name);
        Err(bad_request(format!("Name parameter invalid: {name}: {}", complaints.join(";"))))
    }

    /// 404 of the object.
    pub(crate) fn not_found(&self) -> Refusal {
        Status::not_found(&self.resource.group, &self.resource.plural, self.name).into()
    }
}

/// 400
pub(crate) fn bad_request(message: impl Into<String>) -> Refusal {
    Status::bad_request(message).into()
}

/// 415 for a patch of a form that the resource does not take.
pub(crate) fn patchable(call: &Call<'_>, resource: &Resource) -> Result<(), Refusal> {
    patch::form(call, resource).map(drop)
}

/// Answers a request on an object or a collection.
pub(crate) async fn handle(call: &Call<'_>, target: &Target<'_>, verb: &str) -> Result<Reply, Refusal> {
    acceptable(call, target)?;
    let of_version = target.resource.custom().and_then(|custom| custom.deprecated.as_deref());
    call.warn(target.resource.strategy.deprecated.or(of_version).map(str::to_owned).into_iter().collect());
    if let Some(review) = reviews::review(call, target) {
        return review;
    }
    if target.resource.group.is_empty() && target.resource.plural == "bindings" {
        return binding::bind_named(call, target).await;
    }
    if components::is_here(target.resource) {
        return if verb == "get" { components::get(target) } else { components::list(call, target) };
    }
    // What replaces an object is read first.
    if !matches!(verb, "create" | "update") {
        target.check_place()?;
    }
    match verb {
        "get" if call.exchange.info.verb == "watch" => watch::watch(call, target).await,
        "get" => read::get(call, target).await,
        "list" if call.exchange.info.verb == "watch" => watch::watch(call, target).await,
        "list" => read::list(call, target).await,
        // Each is large, and a request is only one of them.
        "create" => Box::pin(create::create(call, target)).await,
        "update" => Box::pin(update::update(call, target)).await,
        "patch" => Box::pin(patch::patch(call, target)).await,
        "delete" => Box::pin(delete::delete(call, target)).await,
        "deletecollection" => Box::pin(delete::delete_collection(call, target)).await,
        _ => Err(Refusal::method_not_allowed()),
    }
}

/// 406 comes before anything is looked up. A collection that can be watched has the forms of its events, too.
fn acceptable(call: &Call<'_>, target: &Target<'_>) -> Result<(), Refusal> {
    let info = call.exchange.info;
    let watchable = target.resource.verbs.iter().any(|verb| verb == "watch");
    let streams = info.verb == "watch" || (info.verb == "list" && watchable);
    Negotiated::of(call.exchange.headers)
        .refuses_object(target.resource.custom().is_some(), streams)
        .map_or(Ok(()), Err)
}
