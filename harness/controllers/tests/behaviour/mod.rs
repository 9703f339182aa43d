//! What the controllers are to bring about, on whatever API server they run.
//!
//! Each function is given a cluster with running controllers and uses namespaces of its own.

mod garbage;
mod namespaces;

use std::time::Duration;

use kube::Client;
use proofmark_controllers::kit::{Api, Reason as _, Resource, object};
use proofmark_json::{Value, json};

pub(crate) use garbage::*;
pub(crate) use namespaces::*;

pub(crate) const CONFIG_MAPS: Resource = Resource::namespaced("", "v1", "configmaps", "ConfigMap");
pub(crate) const NAMESPACES: Resource = Resource::cluster("", "v1", "namespaces", "Namespace");
pub(crate) const CRDS: Resource =
    Resource::cluster("apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition");
pub(crate) const WIDGETS: Resource = Resource::namespaced("example.com", "v1", "widgets", "Widget");

/// How long a change may take to come about, on the runtime's clock.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long nothing may happen before it counts as never.
const CALM: Duration = Duration::from_millis(500);

/// A cluster as a user sees it.
pub(crate) struct Cluster {
    pub(crate) api: Api,
}

impl Cluster {
    pub(crate) fn new(client: Client) -> Self {
        Self { api: Api::new(client, "kubectl") }
    }

    /// A new namespace, once its service account is there.
    async fn namespace(&self, name: &str) {
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
        self.create(&NAMESPACES, namespace).await;
        let account = Resource::namespaced("", "v1", "serviceaccounts", "ServiceAccount");
        self.until("the default service account", async || self.find(&account, name, "default").await).await;
    }

    async fn create(&self, of: &Resource, object: Value) -> Value {
        self.api.create(of, &object).await.unwrap_or_else(|error| panic!("{object}: {error}"))
    }

    /// A ConfigMap with these owner references.
    async fn config_map(&self, namespace: &str, name: &str, owners: &[Value]) -> Value {
        let metadata = json!({"name": name, "namespace": namespace, "ownerReferences": owners});
        self.create(&CONFIG_MAPS, json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata})).await
    }

    async fn find(&self, of: &Resource, namespace: &str, name: &str) -> Option<Value> {
        match self.api.get(of, namespace, name).await {
            Err(error) if error.is_not_found() => None,
            found => Some(found.expect("readable")),
        }
    }

    /// Waits until something is there.
    async fn until<T>(&self, what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            if let Some(found) = look().await {
                return found;
            }
            assert!(tokio::time::Instant::now() < deadline, "did not come about: {what}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn gone(&self, of: &Resource, namespace: &str, name: &str) {
        let what = format!("{} {namespace}/{name} is gone", of.kind);
        self.until(&what, async || self.find(of, namespace, name).await.is_none().then_some(())).await;
    }

    /// Waits until an object of a ConfigMap has these finalizers and owners (by name).
    async fn owned_by(&self, namespace: &str, name: &str, owners: &[&str]) {
        let what = format!("ConfigMap {namespace}/{name} is owned by {owners:?}");
        self.until(&what, async || {
            let found = self.find(&CONFIG_MAPS, namespace, name).await?;
            let names: Vec<&str> = object::list(&found, "/metadata/ownerReferences")
                .iter()
                .map(|owner| object::text(owner, "/name"))
                .collect();
            (names == owners).then_some(())
        })
        .await;
    }

    /// The object is there now and still there after everything has calmed down.
    async fn stays(&self, of: &Resource, namespace: &str, name: &str) {
        tokio::time::sleep(CALM).await;
        assert!(self.find(of, namespace, name).await.is_some(), "{} {namespace}/{name} went", of.kind);
    }

    async fn delete(&self, of: &Resource, object: &Value, policy: &str) {
        let options = json!({"propagationPolicy": policy});
        self.api.delete(of, object::namespace(object), object::name(object), &options).await.expect("deletable");
    }

    /// Takes every finalizer off.
    async fn release(&self, of: &Resource, namespace: &str, name: &str) {
        self.api
            .merge_patch(of, namespace, name, &json!({"metadata": {"finalizers": null}}))
            .await
            .expect("changeable");
    }

    /// Defines Widgets, and waits until they can be made.
    async fn define_widgets(&self) -> Value {
        let schema = json!({"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}});
        let definition = json!({
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": "widgets.example.com"},
            "spec": {
                "group": "example.com", "scope": "Namespaced", "names": {"plural": "widgets", "kind": "Widget"},
                "versions": [{"name": "v1", "served": true, "storage": true, "schema": schema}],
            },
        });
        let definition = self.create(&CRDS, definition).await;
        self.until("widgets are served", async || {
            self.api.list(&WIDGETS, "default", &[], proofmark_controllers::kit::View::Whole).await.ok()
        })
        .await;
        definition
    }

    async fn widget(&self, namespace: &str, name: &str) -> Value {
        let metadata = json!({"name": name, "namespace": namespace});
        self.create(&WIDGETS, json!({"apiVersion": "example.com/v1", "kind": "Widget", "metadata": metadata})).await
    }
}

/// A reference to an object; `more` are its further fields.
fn owner(object: &Value, more: Value) -> Value {
    let mut owner = json!({
        "apiVersion": object["apiVersion"], "kind": object["kind"], "name": object["metadata"]["name"], "uid": object["metadata"]["uid"],
    });
    if let (Some(owner), Some(more)) = (owner.as_object_mut(), more.as_object()) {
        owner.extend(more.clone());
    }
    owner
}
