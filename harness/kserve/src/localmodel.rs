//! Models that are kept on nodes: which LocalModelCache holds the model of a service.

use proofmark_controllers::kit::object;
use serde_json::{Value, json};

use crate::names::{LOCAL_MODEL_LABEL, LOCAL_MODEL_PVC, LOCAL_MODEL_SOURCE};

/// Labels a service whose model a cache holds, and takes the label from one whose model none holds.
pub(crate) fn label(service: &mut Value, caches: &[Value]) {
    let uri = object::text(service, "/spec/predictor/model/storageUri").to_owned();
    let held = caches.iter().find(|cache| {
        let source = object::text(cache, "/spec/sourceModelUri").trim_end_matches('/');
        !source.is_empty() && (uri == source || uri.strip_prefix(source).is_some_and(|rest| rest.starts_with('/')))
    });
    match held {
        Some(cache) => {
            let name = object::name(cache);
            let group = object::strings(cache, "/spec/nodeGroups").next().unwrap_or_default();
            service["metadata"]["labels"][LOCAL_MODEL_LABEL] = json!(name);
            service["metadata"]["annotations"][LOCAL_MODEL_SOURCE] = json!(object::text(cache, "/spec/sourceModelUri"));
            service["metadata"]["annotations"][LOCAL_MODEL_PVC] = json!(format!("{name}-{group}"));
        }
        None => {
            for (part, key) in
                [("labels", LOCAL_MODEL_LABEL), ("annotations", LOCAL_MODEL_SOURCE), ("annotations", LOCAL_MODEL_PVC)]
            {
                if let Some(map) = service["metadata"].get_mut(part).and_then(Value::as_object_mut) {
                    map.shift_remove(key);
                }
            }
        }
    }
}
