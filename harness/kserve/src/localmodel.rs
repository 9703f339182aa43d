//! Models that are kept on nodes: which LocalModelCache holds the model of a service.

use proofmark_controllers::kit::object;
use proofmark_json::{Value, json};

use crate::behaviour::Behaviour;
use crate::names::{LOCAL_MODEL_LABEL, LOCAL_MODEL_PVC, LOCAL_MODEL_SOURCE, NODE_GROUP, SERVER_CONTAINER};

/// Labels a service whose model a cache holds. Releases after v0.14 take the label from one whose model none holds any more, compare whole parts
/// of a URI, and let a service name the group of nodes it wants.
pub(crate) fn label(service: &mut Value, caches: &[Value], behaviour: Behaviour) {
    let predictor = &service["spec"]["predictor"];
    let uri = match predictor["model"].is_object() {
        true => predictor.pointer("/model/storageUri").and_then(Value::as_str).map(str::to_owned),
        false => uri_of_container(predictor),
    };
    let Some(uri) = uri else { return };
    let wanted = object::annotation(service, NODE_GROUP).filter(|_| behaviour.keda).map(str::to_owned);
    let held = caches.iter().find_map(|cache| {
        let source = object::text(cache, "/spec/sourceModelUri");
        let mut groups = object::strings(cache, "/spec/nodeGroups");
        let group = match &wanted {
            Some(wanted) => groups.find(|group| group == wanted)?,
            None => groups.next().unwrap_or_default(),
        };
        holds(source, &uri, behaviour).then(|| (object::name(cache), source, group))
    });
    match held {
        Some((name, source, group)) => {
            service["metadata"]["labels"][LOCAL_MODEL_LABEL] = json!(name);
            service["metadata"]["annotations"][LOCAL_MODEL_SOURCE] = json!(source);
            service["metadata"]["annotations"][LOCAL_MODEL_PVC] = json!(format!("{name}-{group}"));
        }
        None if behaviour.keda => {
            for (part, key) in
                [("labels", LOCAL_MODEL_LABEL), ("annotations", LOCAL_MODEL_SOURCE), ("annotations", LOCAL_MODEL_PVC)]
            {
                if let Some(map) = service["metadata"].get_mut(part).and_then(Value::as_object_mut) {
                    map.shift_remove(key);
                }
            }
        }
        None => {}
    }
}

/// Whether what lies at `source` holds `uri`.
fn holds(source: &str, uri: &str, behaviour: Behaviour) -> bool {
    if !behaviour.keda {
        return uri.starts_with(source);
    }
    let source = source.trim_end_matches('/');
    uri.strip_prefix(source).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The URI that a predictor's own server names its model by.
pub(crate) fn uri_of_container(predictor: &Value) -> Option<String> {
    let mut containers = object::list(predictor, "/containers").iter();
    let server = containers.find(|container| object::text(container, "/name") == SERVER_CONTAINER)?;
    let variable = object::list(server, "/env").iter().find(|v| object::text(v, "/name") == "STORAGE_URI")?;
    Some(object::text(variable, "/value").to_owned())
}
