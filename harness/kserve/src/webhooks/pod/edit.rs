//! Changes to pods as JSON: lists grow, and nothing is added twice.

use proofmark_controllers::kit::object;
use proofmark_json::{Value, json};

use crate::config::Container;

/// A container by its name.
pub(super) fn container<'p>(pod: &'p mut Value, name: &str) -> Option<&'p mut Value> {
    let containers = pod.pointer_mut("/spec/containers")?.as_array_mut()?;
    containers.iter_mut().find(|container| object::text(container, "/name") == name)
}

/// Appends to a list that may not be there yet.
pub(super) fn push(to: &mut Value, list: &str, item: Value) {
    match to.get_mut(list).and_then(Value::as_array_mut) {
        Some(items) => items.push(item),
        None => to[list] = json!([item]),
    }
}

/// Appends an item to a list that has none of its name.
pub(super) fn push_named(to: &mut Value, list: &str, item: Value) {
    if !object::list(to, &format!("/{list}")).iter().any(|other| other.get("name") == item.get("name")) {
        push(to, list, item);
    }
}

/// Requests and limits as the configuration states them.
pub(super) fn resources(config: &Container) -> Value {
    json!({
        "limits": {"cpu": config.cpu_limit, "memory": config.memory_limit},
        "requests": {"cpu": config.cpu_request, "memory": config.memory_request},
    })
}
