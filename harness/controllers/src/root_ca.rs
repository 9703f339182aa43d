//! The ConfigMap `kube-root-ca.crt` in every namespace (`pkg/controller/certificates/rootcacertpublisher`): by it pods trust the API server.

use proofmark_json::{Value, json};

use crate::context::{Context, kinds};
use crate::kit::{Api, Error, Informer, Next, Reason as _, Reconcile, Resource, Selection, object, queue};

const CONFIG_MAPS: Resource = Resource::namespaced("", "v1", "configmaps", "ConfigMap");
const NAME: &str = "kube-root-ca.crt";
const DESCRIPTION_KEY: &str = "kubernetes.io/description";
const DESCRIPTION: &str = "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal \
                           service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.";

pub(crate) fn start(context: &mut Context) {
    let namespaces = context.informer(Selection::whole(kinds::NAMESPACES));
    let published = context.informer(Selection::whole(CONFIG_MAPS).fields("metadata.name=kube-root-ca.crt"));
    let api = context.api("root-ca-cert-publisher");
    let root_ca = context.options().root_ca.clone();
    let (queue, worker) = queue::new();
    let changed = queue.clone();
    namespaces.on_change(move |change| {
        if let Some(namespace) =
            change.new.as_deref().filter(|namespace| object::text(namespace, "/status/phase") == "Active")
        {
            queue.add(object::name(namespace).to_owned());
        }
    });
    published.on_change(move |change| changed.add(object::namespace(change.latest()).to_owned()));
    context.spawn(async move {
        namespaces.synced().await;
        published.synced().await;
        worker.run(Publisher { api, published, root_ca }).await;
    });
}

struct Publisher {
    api: Api,
    published: Informer,
    root_ca: String,
}

impl Reconcile for Publisher {
    /// A namespace.
    type Key = String;
    type Error = Error;

    async fn reconcile(&self, namespace: &String) -> Result<Next, Error> {
        let data = json!({"ca.crt": self.root_ca});
        let done = match self.published.get(namespace, NAME) {
            None => {
                let metadata =
                    json!({"name": NAME, "namespace": namespace, "annotations": {DESCRIPTION_KEY: DESCRIPTION}});
                let wanted = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data});
                self.api.create(&CONFIG_MAPS, &wanted).await
            }
            Some(found)
                if found.get("data") == Some(&data)
                    && object::annotation(&found, DESCRIPTION_KEY).is_some_and(|text| !text.is_empty()) =>
            {
                return Ok(Next::Done);
            }
            Some(found) => self.api.update(&CONFIG_MAPS, &repaired(&found, data)).await,
        };
        match done {
            // Terminating or gone namespaces need none; a conflict brings another change, and with it another look.
            Err(error) if !is_settled(&error) => Err(error),
            _ => Ok(Next::Done),
        }
    }
}

fn is_settled(error: &Error) -> bool {
    error.is_already_exists() || error.is_namespace_terminating() || error.is_not_found() || error.is_conflict()
}

fn repaired(found: &Value, data: Value) -> Value {
    let mut whole = found.clone();
    whole["data"] = data;
    whole["metadata"]["annotations"][DESCRIPTION_KEY] = json!(DESCRIPTION);
    whole
}
