//! Namespace deletion (`pkg/controller/namespace`): a namespace that is being deleted is emptied, and goes when nothing is left in it.
//!
//! Every round deletes what it finds (Pods first; while some remain, nothing else), writes into the status what remains and why, and lets the
//! namespace go when nothing remains. Rounds follow the events of the namespace and of the objects in it, and the end of Pods' grace periods.
//! Upstream looks again every few seconds instead, and lets five seconds pass before the first round, for caches of several API servers.

mod conditions;
mod content;

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use proofmark_json::{Value, json};

use crate::context::{Context, kinds};
use crate::controllers::Clock;
use crate::discovery::Kinds;
use crate::kit::{Api, Error, Next, Reason as _, Reconcile, Selection, object, queue};
use crate::monitors::Heard;
use conditions::Findings;

/// The finalizer in `spec` that this controller answers for.
const FINALIZER: &str = "kubernetes";

#[derive(Debug, thiserror::Error)]
enum DeletionError {
    #[error("request failed: {0}")]
    Request(#[from] Error),
    #[error("{0}")]
    Discovery(String),
    #[error("{0}")]
    Content(String),
}

pub(crate) fn start(context: &mut Context) {
    let (namespaces, monitors) = (context.informer(Selection::whole(kinds::NAMESPACES)), context.monitors());
    let (queue, worker) = queue::new();
    let (all, inside) = (namespaces.clone(), queue.clone());
    monitors.listen(move |heard| match heard {
        Heard::Changed(_, change) => {
            let namespace = object::namespace(change.latest());
            if all.get("", namespace).is_some_and(|namespace| object::is_being_deleted(&namespace)) {
                inside.add(namespace.to_owned());
            }
        }
        // Objects of this kind may have gone unseen before it was watched.
        Heard::Listed => {
            for namespace in all.all().iter().filter(|namespace| object::is_being_deleted(namespace)) {
                inside.add(object::name(namespace).to_owned());
            }
        }
        Heard::Gone { .. } | Heard::Discovered => {}
    });
    namespaces.on_change(move |change| {
        if let Some(namespace) = change.new.as_deref().filter(|namespace| object::is_being_deleted(namespace)) {
            queue.add(object::name(namespace).to_owned());
        }
    });
    let deleter = Deleter {
        api: context.api("namespace-controller"),
        clock: Arc::clone(&context.options().clock),
        discovered: Mutex::default(),
    };
    context.spawn(async move {
        namespaces.synced().await;
        worker.run(deleter).await;
    });
}

struct Deleter {
    api: Api,
    clock: Clock,
    /// What discovery last said, for when it fails.
    discovered: Mutex<Kinds>,
}

impl Reconcile for Deleter {
    /// A namespace.
    type Key = String;
    type Error = DeletionError;

    async fn reconcile(&self, name: &String) -> Result<Next, DeletionError> {
        let found = match self.api.get(&kinds::NAMESPACES, "", name).await {
            Err(error) if error.is_not_found() => return Ok(Next::Done),
            found => found?,
        };
        if !object::is_being_deleted(&found) || object::list(&found, "/spec/finalizers").is_empty() {
            return Ok(Next::Done);
        }
        match self.empty(found).await {
            Err(DeletionError::Request(error)) if error.is_not_found() => Ok(Next::Done),
            done => done,
        }
    }
}

impl Deleter {
    async fn empty(&self, found: Value) -> Result<Next, DeletionError> {
        let mut namespace = found;
        if object::text(&namespace, "/status/phase") != "Terminating" {
            namespace["status"]["phase"] = json!("Terminating");
            namespace = self.api.update_subresource(&kinds::NAMESPACES, &namespace, "status").await?;
        }
        let mut findings = Findings::default();
        let kinds = match Kinds::discover(&self.api).await {
            Ok(kinds) => {
                findings.discovery = kinds.failure();
                self.discovered.lock().clone_from(&kinds);
                kinds
            }
            Err(error) => {
                findings.discovery = Some(error.to_string());
                self.discovered.lock().clone()
            }
        };
        let now = (self.clock)();
        content::delete(&self.api, &kinds, &namespace, now, &mut findings).await;
        if findings.write(&mut namespace, now) {
            namespace = self.api.update_subresource(&kinds::NAMESPACES, &namespace, "status").await?;
        }
        match findings {
            Findings { discovery: Some(why), .. } => Err(DeletionError::Discovery(why)),
            Findings { failures, .. } if !failures.is_empty() => Err(DeletionError::Content(failures.join(", "))),
            // Pods that outlive their grace period bring no event of that.
            Findings { remaining, grace, .. } if !remaining.is_empty() && grace > 0 => {
                Ok(Next::After(Duration::from_secs(grace / 2 + 1)))
            }
            Findings { remaining, .. } if !remaining.is_empty() => Ok(Next::Done),
            _ => {
                self.finalize(&namespace).await?;
                Ok(Next::Done)
            }
        }
    }

    /// Takes the controller's own finalizer off, so that the namespace goes unless it has others.
    async fn finalize(&self, namespace: &Value) -> Result<(), Error> {
        let mut finalizers: Vec<&str> =
            object::strings(namespace, "/spec/finalizers").filter(|f| *f != FINALIZER).collect();
        finalizers.sort_unstable();
        let mut finalized = json!({
            "apiVersion": "v1", "kind": "Namespace", "metadata": namespace["metadata"], "spec": namespace["spec"],
        });
        finalized["spec"]["finalizers"] = json!(finalizers);
        self.api.update_subresource(&kinds::NAMESPACES, &finalized, "finalize").await?;
        Ok(())
    }
}
