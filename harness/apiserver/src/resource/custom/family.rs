//! All versions of a custom resource, and how an object of one becomes an object of another.
//!
//! An object is stored at the storage version. A reader gets it decoded at the version at which it was stored (pruned and defaulted by
//! that version's schema as it is now), converted, and pruned by the schema of the version that was asked for. A writer's object goes
//! the other way and comes back as a reader would get it.
//!
//! Source: `crdConversionRESTOptionsGetter` of `k8s.io/apiextensions-apiserver/pkg/apiserver`, `pkg/apiserver/conversion`, release 1.35.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use proofmark_json::Value;

use super::Shape;
use super::conversion::{Conversion, ConversionError};
use crate::server::Inner;
use crate::store::Object;

/// The versions of a custom resource. Versions are named `group/version` here.
#[derive(Debug)]
pub(crate) struct Family {
    /// Tells it from every other family of this process: servers may share objects.
    pub(crate) id: u64,
    /// The definition's revision when things came to be as they are here.
    pub(crate) since: u64,
    /// What of the definition matters here, to know another state of it that changes nothing.
    pub(crate) source: Value,
    /// The version at which objects are stored.
    pub(crate) storage: String,
    /// The versions that the definition lists, served or not.
    pub(crate) shapes: BTreeMap<String, Arc<Shape>>,
    /// The versions that are served.
    pub(crate) served: Vec<String>,
    pub(crate) conversion: Conversion,
}

impl Family {
    /// An id that no family has had.
    pub(crate) fn next_id() -> u64 {
        static LAST: AtomicU64 = AtomicU64::new(0);
        LAST.fetch_add(1, Ordering::Relaxed)
    }

    /// Whether somebody else converts, who may fail and takes time.
    pub(crate) fn asks_webhook(&self) -> bool {
        matches!(self.conversion, Conversion::Webhook(_))
    }

    /// A stored object at a version.
    pub(crate) async fn read(
        &self,
        server: &Arc<Inner>,
        object: &Arc<Object>,
        version: &str,
    ) -> Result<Arc<Object>, ConversionError> {
        if self.is_as_written(object, version) {
            return Ok(object.clone());
        }
        let mut value = Value::clone(&object.value);
        if let Some(shape) = self.shapes.get(api_version(&object.value)) {
            shape.decode_stored(&mut value);
        }
        let value = self.settled(server, value, version).await?;
        Ok(Arc::new(Object::new(object.revision, value)))
    }

    /// The same as it was when somebody first asked (the real server's cache): a failing webhook does not hide what it converted before.
    pub(crate) async fn read_kept(
        &self,
        server: &Arc<Inner>,
        object: &Arc<Object>,
        version: &str,
    ) -> Result<Arc<Object>, ConversionError> {
        if self.is_as_written(object, version) {
            return Ok(object.clone());
        }
        if let Some(view) = object.view(self.id, version) {
            return Ok(view);
        }
        let view = self.read(server, object, version).await?;
        object.keep_view(self.id, version, view.clone());
        Ok(view)
    }

    /// An object at the storage version, as it is to be stored.
    pub(crate) async fn store(&self, server: &Arc<Inner>, object: Value) -> Result<Value, ConversionError> {
        if api_version(&object) == self.storage {
            Ok(object)
        } else {
            self.settled(server, object, &self.storage).await
        }
    }

    /// An object at another version, as the conversion leaves it: no schema has seen it.
    pub(crate) async fn convert(
        &self,
        server: &Arc<Inner>,
        mut object: Value,
        version: &str,
    ) -> Result<Value, ConversionError> {
        let own = api_version(&object);
        if !self.shapes.contains_key(version) {
            return Err(ConversionError(format!("request to convert CR to an invalid group/version: {version}")));
        }
        if !self.shapes.contains_key(own) {
            return Err(ConversionError(format!("request to convert CR from an invalid group/version: {own}")));
        }
        match &self.conversion {
            Conversion::Webhook(webhook) if own != version => Box::pin(webhook.convert(server, &object, version)).await,
            _ => {
                object["apiVersion"] = Value::String(version.to_owned());
                Ok(object)
            }
        }
    }

    /// A converted object in the form of its new version.
    async fn settled(&self, server: &Arc<Inner>, object: Value, version: &str) -> Result<Value, ConversionError> {
        let own = api_version(&object) == version;
        let mut object = self.convert(server, object, version).await?;
        if let Some(shape) = self.shapes.get(version).filter(|_| !own) {
            shape.decode_converted(&mut object).map_err(ConversionError)?;
        }
        Ok(object)
    }

    /// Whether an object shows itself: with one version, what was written since the schema changed has its form.
    fn is_as_written(&self, object: &Object, version: &str) -> bool {
        self.shapes.len() == 1 && object.revision > self.since && api_version(&object.value) == version
    }
}

fn api_version(object: &Value) -> &str {
    object.get("apiVersion").and_then(Value::as_str).unwrap_or_default()
}
