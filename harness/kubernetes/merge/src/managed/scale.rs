//! Ownership through the scale subresource: the owners of an object's replicas field are the owners of the Scale's `spec.replicas`.

use std::collections::BTreeMap;

use proofmark_json::Value;

use super::entries::{self, EntriesError, Managers, Owned};
use crate::fieldset::{FieldSet, Path};

/// Carries managedFields between an object and its Scale.
#[derive(Debug, Clone)]
pub struct ScaleEntries<'a> {
    /// The version of the object that the request goes to, as `apps/v1`.
    pub api_version: &'a str,
    /// Where each version keeps its replicas; `None` for versions without a scale subresource.
    pub replicas: BTreeMap<String, Option<Path>>,
}

const SCALE_VERSION: &str = "autoscaling/v1";

fn replicas_in_scale() -> Path {
    Path::fields(&["spec", "replicas"])
}

impl ScaleEntries<'_> {
    /// The entries of the Scale, from those of the object.
    ///
    /// # Errors
    /// The entries cannot be read.
    pub fn to_scale(&self, parent: &Value) -> Result<Value, EntriesError> {
        let mut out = Managers::new();
        for (id, owned) in entries::decode(parent)? {
            if let Some(Some(path)) = self.replicas.get(&owned.api_version)
                && owned.set.has(path)
            {
                let mut set = FieldSet::new();
                set.insert(&replicas_in_scale());
                out.insert(id, Owned { set, api_version: SCALE_VERSION.into(), time: owned.time });
            }
        }
        Ok(Value::Array(entries::encode(&out)))
    }

    /// The entries of the object, from its own before the write and those of the Scale after it.
    ///
    /// # Errors
    /// Either list cannot be read.
    pub fn to_parent(&self, parent: &Value, scale: &Value) -> Result<Value, EntriesError> {
        let mut of_scale = entries::decode(scale)?;
        let before = entries::decode(parent)?;
        let mut out = Managers::new();
        for (id, owned) in &before {
            let Some(path) = self.replicas.get(&owned.api_version) else {
                continue;
            };
            let mut owned = owned.clone();
            if let Some(path) = path.as_ref().filter(|path| owned.set.has(path))
                && of_scale.remove(id).is_none()
            {
                let mut replicas = FieldSet::new();
                replicas.insert(path);
                owned.set = owned.set.difference(&replicas);
            }
            if !owned.set.is_empty() {
                out.insert(id.clone(), owned);
            }
        }
        for (id, owned) in of_scale {
            let Some(Some(path)) = self.replicas.get(self.api_version).filter(|_| owned.set.has(&replicas_in_scale()))
            else {
                continue;
            };
            let mut set = FieldSet::new();
            set.insert(path);
            let time = before.get(&id).and_then(|owned| owned.time.clone());
            out.insert(id, Owned { set, api_version: self.api_version.to_owned(), time });
        }
        Ok(Value::Array(entries::encode(&out)))
    }
}
