//! From a path to the handler that answers it.
//!
//! Built-in groups answer unknown versions, resources and methods with a Status; everything under a custom group that no
//! definition serves is the plain page `404 page not found`, as in a real server, where the two come from different muxes.

use http::Method;

use crate::handlers::{self, Reply};
use crate::refusal::Refusal;
use crate::resource::{Catalog, Resource};
use crate::server::Call;
use crate::{discovery, handlers::Target};

/// Finds who answers a request, and has it answered.
pub(crate) async fn route(call: &Call<'_>) -> Result<Reply, Refusal> {
    let info = call.exchange.info;
    if !info.is_resource {
        return discovery::answer(call);
    }
    // The group without a name has no place under /apis.
    if info.path.starts_with("//") || (info.group.is_empty() && info.path.starts_with("/apis/")) {
        return Err(Refusal::NoSuchPage);
    }
    let found = call.server.catalog.find(&info.group, &info.version, &info.resource);
    if Catalog::is_builtin_group(&info.group) {
        builtin(call, found.ok_or_else(Refusal::no_such_resource)?).await
    } else {
        custom(call, found.ok_or(Refusal::NoSuchPage)?).await
    }
}

async fn builtin(call: &Call<'_>, resource: std::sync::Arc<Resource>) -> Result<Reply, Refusal> {
    let info = call.exchange.info;
    // A part may be empty: `namespaces//pods` goes through the namespace without a name.
    let namespaced_path = info.scoped && info.resource != "namespaces";
    // What follows a proxy is the path behind it.
    // The old way to proxies is closed.
    if info.verb == "proxy" {
        return Err(Refusal::no_such_resource());
    }
    let deepest = if info.verb_first { 2 } else { 3 };
    let below = info.parts.len() > deepest && info.parts.get(2).is_none_or(|sub| sub != "proxy");
    if below || (namespaced_path && !resource.namespaced) {
        return Err(Refusal::no_such_resource());
    }
    let named = info.parts.len() > 1;
    if named && resource.namespaced && !namespaced_path {
        return Err(Refusal::no_such_resource());
    }
    // Namespaces are not inside of namespaces; one by itself is in its own.
    let inside = info.resource == "namespaces" && !info.namespace.is_empty();
    if inside && info.parts.get(1).is_none_or(|name| *name != info.namespace) {
        return Err(Refusal::no_such_resource());
    }
    let method = call.exchange.method;
    let target = Target { resource: &resource, namespace: &info.namespace, name: info.parts.get(1).map_or("", |n| n) };
    if let Some(sub) = info.parts.get(2) {
        let subresource = resource.subresource(sub).ok_or_else(Refusal::no_such_resource)?;
        let wanted = if *method == Method::POST { Some("create") } else { verb_of(method, true) };
        let passed_on = sub == "proxy" && matches!(*method, Method::HEAD | Method::OPTIONS);
        let allowed = passed_on || wanted.is_some_and(|verb| subresource.verbs.iter().any(|v| v == verb));
        if !allowed {
            return Err(Refusal::method_not_allowed());
        }
        return handlers::subresource(call, &target, subresource).await;
    }
    // The old paths of watches take nothing else.
    if info.verb_first && *method != Method::GET {
        return Err(Refusal::method_not_allowed());
    }
    let offered = |v: &str| resource.verbs.iter().any(|o| o == v);
    // A path exists when any method of it does; across namespaces only lists exist.
    let methods: &[&str] =
        if named { &["get", "update", "patch", "delete"] } else { &["list", "create", "deletecollection"] };
    if !methods.iter().any(|m| offered(m)) {
        return Err(Refusal::no_such_resource());
    }
    let verb = verb_of(method, named).ok_or_else(Refusal::method_not_allowed)?;
    let across = !named && resource.namespaced && !namespaced_path;
    if !offered(verb) || (across && verb != "list") {
        return Err(Refusal::method_not_allowed());
    }
    handlers::handle(call, &target, verb).await
}

async fn custom(call: &Call<'_>, resource: std::sync::Arc<Resource>) -> Result<Reply, Refusal> {
    let info = call.exchange.info;
    let namespaced_path = !info.namespace.is_empty();
    let named = info.parts.len() > 1;
    if (namespaced_path && !resource.namespaced) || (named && resource.namespaced && !namespaced_path) {
        return Err(Refusal::NoSuchPage);
    }
    let method = call.exchange.method;
    let target = Target { resource: &resource, namespace: &info.namespace, name: info.parts.get(1).map_or("", |n| n) };
    let kind = proofmark_status::qualified(&resource.plural, &resource.group);
    let not_supported = |verb: &str| -> Refusal {
        proofmark_status::Status {
            message: format!("{verb} is not supported on resources of kind {}", proofmark_status::quote(&kind)),
            ..proofmark_status::Status::method_not_allowed(&resource.group, &resource.plural)
        }
        .into()
    };
    if let Some(sub) = info.parts.get(2) {
        let Some(subresource) = resource.subresource(sub) else {
            return Err(proofmark_status::Status::not_found(&resource.group, &resource.plural, target.name).into());
        };
        return match info.verb.as_str() {
            "get" | "update" | "patch" => handlers::subresource(call, &target, subresource).await,
            _ => Err(not_supported(&info.verb)),
        };
    }
    // Across namespaces only lists exist.
    if !named && resource.namespaced && !namespaced_path && *method != Method::GET {
        return Err(Refusal::NoSuchPage);
    }
    match (verb_of(method, named), method) {
        (Some(verb), _) => handlers::handle(call, &target, verb).await,
        (None, &Method::POST) => handlers::handle(call, &target, "create").await,
        (None, &Method::PUT | &Method::PATCH) => {
            if *method == Method::PATCH {
                handlers::patchable(call, &resource)?;
            }
            Err(handlers::bad_request("name must be provided"))
        }
        _ => Err(not_supported(&info.verb)),
    }
}

/// The verb of a method on a collection or on a named object.
fn verb_of(method: &Method, named: bool) -> Option<&'static str> {
    Some(match (method, named) {
        (&Method::GET, false) => "list",
        (&Method::POST, false) => "create",
        (&Method::DELETE, false) => "deletecollection",
        (&Method::GET, true) => "get",
        (&Method::PUT, true) => "update",
        (&Method::PATCH, true) => "patch",
        (&Method::DELETE, true) => "delete",
        _ => return None,
    })
}
