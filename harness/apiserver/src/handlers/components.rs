//! ComponentStatuses: what the server finds out about the rest of the control plane at the moment it is asked.
//!
//! Nothing of it is stored. The server asks at fixed addresses of its own machine, where nobody listens here; its store is always well.
//! Source: `pkg/registry/core/componentstatus`, release 1.35.

use std::sync::Arc;

use proofmark_json::{Value, json};
use proofmark_status::{Reason, Status};

use super::read::Selection;
use super::reply::{Content, List};
use super::{Reply, Target};
use crate::refusal::Refusal;
use crate::request::ListOptions;
use crate::resource::Resource;
use crate::server::Call;
use crate::store::Object;

/// The parts of a control plane, and the ports at which they tell how they are; the store needs none.
const COMPONENTS: [(&str, Option<u16>); 3] =
    [("controller-manager", Some(10_257)), ("scheduler", Some(10_259)), ("etcd-0", None)];

/// Whether a resource is this one.
pub(super) fn is_here(resource: &Resource) -> bool {
    resource.group.is_empty() && resource.plural == "componentstatuses"
}

/// One component.
pub(super) fn get(target: &Target<'_>) -> Result<Reply, Refusal> {
    let known = COMPONENTS.into_iter().find(|(name, _)| *name == target.name);
    let (name, port) = known.ok_or_else(|| Status::not_found("", "componentstatus", target.name))?;
    Ok(Reply::object(200, target.resource, Arc::new(Object::unstored(0, component(name, port)))))
}

/// Those that the selectors take.
pub(super) fn list(call: &Call<'_>, target: &Target<'_>) -> Result<Reply, Refusal> {
    let resource = target.resource;
    if call.exchange.info.verb == "watch" {
        let kind = proofmark_status::quote(&resource.plural);
        let message = format!("watch is not supported on resources of kind {kind}");
        let refused = Status::method_not_allowed(&resource.group, &resource.plural);
        return Err(Status { message, reason: Some(Reason::MethodNotAllowed), ..refused }.into());
    }
    let selection = Selection::of(&ListOptions::read(call.exchange.query)?, target)?;
    let all = COMPONENTS.into_iter().map(|(name, port)| component(name, port));
    let items = all.filter(|c| selection.takes(resource, c)).map(|c| Arc::new(Object::unstored(0, c))).collect();
    let list = List { items, revision: 0, next: None, remaining: None };
    Ok(Reply::new(200, Content::List { resource: resource.clone(), list }))
}

fn component(name: &str, port: Option<u16>) -> Value {
    let (status, message) = match port {
        None => ("True", "ok".to_owned()),
        Some(port) => {
            let why = format!("dial tcp 127.0.0.1:{port}: connect: connection refused");
            ("False", format!("Get \"https://127.0.0.1:{port}/healthz\": {why}"))
        }
    };
    json!({
        "kind": "ComponentStatus", "apiVersion": "v1", "metadata": {"name": name},
        "conditions": [{"type": "Healthy", "status": status, "message": message}],
    })
}
