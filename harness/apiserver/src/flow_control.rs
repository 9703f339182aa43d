//! Priority and fairness, as far as clients see it in objects: every flow schema says whether its priority level exists.
//!
//! On a real cluster a part of the server writes it a moment later. Requests are not queued here. Source:
//! `k8s.io/apiserver/pkg/util/flowcontrol`, release 1.35.

use std::sync::Arc;

use proofmark_json::{Value, json};
use proofmark_registry::flow_control::{GROUP, objects};
use proofmark_registry::meta;

use crate::resource::Resource;
use crate::server::Inner;
use crate::store::{Object, Precondition, Snapshot};
use crate::{bootstrap, handlers};

const LEVELS: &str = "prioritylevelconfigurations";
const SCHEMAS: &str = "flowschemas";
/// Who makes the objects that every server begins with.
const PRODUCER: &str = "api-priority-and-fairness-config-producer-v1";
/// Who says what has become of them.
const CONSUMER: &str = "api-priority-and-fairness-config-consumer-v1";

/// Makes the objects that every server begins with, unless they are there.
pub(crate) fn provide(server: &Arc<Inner>) {
    for object in objects() {
        let levels = object.get("kind").and_then(Value::as_str) == Some("PriorityLevelConfiguration");
        let plural = if levels { LEVELS } else { SCHEMAS };
        let at = ("", meta::text(object, "name"));
        bootstrap::provide_as(server, PRODUCER, (GROUP, "v1", plural), at, || object.clone());
    }
    follow_all(server);
}

/// After an object was written or deleted: levels decide about all schemas, a schema about itself.
pub(crate) fn follow(server: &Arc<Inner>, resource: &Resource, object: &Value) {
    if resource.group != GROUP {
        return;
    }
    if resource.plural == LEVELS {
        return follow_all(server);
    }
    let Some(schemas) = server.catalog.find(GROUP, "v1", SCHEMAS) else { return };
    let snapshot = server.store.snapshot();
    if let Some(stored) = snapshot.get(&schemas.prefix, meta::text(object, "name")) {
        tell(server, &schemas, stored, &snapshot);
    }
}

/// Looks at every schema.
fn follow_all(server: &Arc<Inner>) {
    let Some(schemas) = server.catalog.find(GROUP, "v1", SCHEMAS) else { return };
    let snapshot = server.store.snapshot();
    for (_, stored) in snapshot.list(&schemas.prefix, "", None) {
        tell(server, &schemas, stored, &snapshot);
    }
}

fn tell(server: &Arc<Inner>, schemas: &Arc<Resource>, stored: &Arc<Object>, snapshot: &Snapshot) {
    let schema = &stored.value;
    let Some(levels) = server.catalog.find(GROUP, "v1", LEVELS) else { return };
    let level = schema.pointer("/spec/priorityLevelConfiguration/name").and_then(Value::as_str).unwrap_or_default();
    let found = snapshot.get(&levels.prefix, level).is_some();
    let (status, reason, end) =
        if found { ("False", "Found", "and it exists") } else { ("True", "NotFound", "but there is no such object") };
    let quoted = proofmark_status::quote(level);
    let message = format!("This FlowSchema references the PriorityLevelConfiguration object named {quoted} {end}");
    let known = schema.pointer("/status/conditions").and_then(Value::as_array).into_iter().flatten();
    let same = |c: &&Value| c["type"] == "Dangling" && c["status"] == status && c["message"] == message.as_str();
    if known.into_iter().any(|condition| same(&condition)) {
        return;
    }
    let name = meta::text(schema, "name");
    let applied = json!({
        "kind": "FlowSchema", "apiVersion": schemas.group_version(), "metadata": {"name": name},
        "status": {"conditions": [{
            "type": "Dangling", "status": status, "lastTransitionTime": server.clock.stamp(),
            "reason": reason, "message": message,
        }]},
    });
    let after = handlers::status_applied_by_server(server, schemas, schema, &applied, CONSUMER);
    if let Some(after) = after {
        // Whoever changed the schema meanwhile has it looked at again.
        let _ = handlers::write(server, schemas, name, after, Precondition::Revision(stored.revision));
    }
}
