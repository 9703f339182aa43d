//! The ConfigMaps and Secrets that a pod refers to, with the words that a kubelet has when they are missing.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use k8s_openapi::ByteString;
use proofmark_controllers::kit::{Api, Reason as _, Resource};
use proofmark_json::Value;

use crate::kinds::{CONFIG_MAPS, SECRETS};

/// Which kind of object holds the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    ConfigMap,
    Secret,
}

impl Kind {
    fn resource(self) -> &'static Resource {
        match self {
            Self::ConfigMap => &CONFIG_MAPS,
            Self::Secret => &SECRETS,
        }
    }

    /// As messages name the kind.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::ConfigMap => "ConfigMap",
            Self::Secret => "Secret",
        }
    }
}

/// The data of one object by key.
pub(super) type Data = BTreeMap<String, Bytes>;

/// Reads objects of one namespace, each once.
pub(super) struct Objects<'a> {
    api: &'a Api,
    namespace: &'a str,
    known: BTreeMap<(Kind, String), Option<Arc<Data>>>,
}

impl<'a> Objects<'a> {
    pub(super) fn new(api: &'a Api, namespace: &'a str) -> Self {
        Self { api, namespace, known: BTreeMap::new() }
    }

    /// An object's data; none if it does not exist and that is allowed.
    pub(super) async fn get(&mut self, kind: Kind, name: &str, optional: bool) -> Result<Option<Arc<Data>>, String> {
        let key = (kind, name.to_owned());
        if !self.known.contains_key(&key) {
            let data = match self.api.get(kind.resource(), self.namespace, name).await {
                Ok(object) => Some(Arc::new(data(&object))),
                Err(error) if error.is_not_found() => None,
                Err(error) => return Err(error.to_string()),
            };
            self.known.insert(key.clone(), data);
        }
        match self.known.get(&key).cloned().flatten() {
            Some(data) => Ok(Some(data)),
            None if optional => Ok(None),
            // Kubelets name the kind in the singular.
            None => Err(format!("{} \"{name}\" not found", kind.name().to_lowercase())),
        }
    }
}

fn data(object: &Value) -> Data {
    let section = |name: &str| object.get(name).and_then(Value::as_object).into_iter().flatten();
    let secret = object.get("kind").and_then(Value::as_str) == Some("Secret");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let decoded = |value: &Value| {
        let bytes: Result<ByteString, _> = proofmark_json::from_value(value.clone());
        Bytes::from(bytes.map(|bytes| bytes.0).unwrap_or_default())
    };
    let plain = section("data").map(|(key, value)| {
        let bytes = if secret { decoded(value) } else { Bytes::from(text(value)) };
        (key.to_string(), bytes)
    });
    plain.chain(section("binaryData").map(|(key, value)| (key.to_string(), decoded(value)))).collect()
}
