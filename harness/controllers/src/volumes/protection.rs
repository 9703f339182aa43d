//! Claims that pods use, and volumes that are bound, stay until they no longer are (`pkg/controller/volume/{pvc,pv}protection`): a finalizer
//! holds them, which is put on whatever lacks it and comes off what may go.

use proofmark_json::{Value, json};

use super::{CLAIMS, VOLUMES};
use crate::context::Context;
use crate::kit::{Error, Informer, Next, Objects, Reason as _, Reconcile, Resource, Selection, object, queue};
use crate::workloads::pods::{self, is_finished};
use crate::workloads::{Key, children};

pub(super) fn start(context: &mut Context) {
    let pods = context.informer(pods::selection());
    let of_claims =
        Protection { name: "pvc-protection-controller", finalizer: "kubernetes.io/pvc-protection", pods: Some(pods) };
    let of_volumes =
        Protection { name: "pv-protection-controller", finalizer: "kubernetes.io/pv-protection", pods: None };
    protect(context, CLAIMS, of_claims);
    protect(context, VOLUMES, of_volumes);
}

/// How one kind is protected.
struct Protection {
    name: &'static str,
    finalizer: &'static str,
    /// Where claims are in use; volumes are in use while they are bound.
    pods: Option<Informer>,
}

fn protect(context: &mut Context, kind: Resource, protection: Protection) {
    let api = context.account(protection.name);
    let objects = context.objects(&api, Selection::whole(kind));
    let (queue, worker) = queue::new();
    let changed = queue.clone();
    let finalizer = protection.finalizer;
    objects.on_change(move |change| {
        let Some(new) = &change.new else { return };
        if object::is_being_deleted(new) == object::has_finalizer(new, finalizer) {
            changed.add(children::key(new));
        }
    });
    let mut caches = vec![Informer::clone(&objects)];
    if let Some(pods) = &protection.pods {
        pods.on_change(move |change| {
            let ended = change.new.as_deref().is_none_or(is_finished);
            let pod = change.latest();
            for claim in claims_of(pod).filter(|_| ended) {
                queue.add((object::namespace(pod).to_owned(), claim));
            }
        });
        caches.push(pods.clone());
    }
    context.run(worker, caches, Protector { objects, protection });
}

/// The claims that a pod uses, those among them that are made for it alone.
fn claims_of(pod: &Value) -> impl Iterator<Item = String> {
    object::list(pod, "/spec/volumes").iter().filter_map(|volume| {
        if volume["ephemeral"].is_object() {
            return Some(format!("{}-{}", object::name(pod), object::text(volume, "/name")));
        }
        volume["persistentVolumeClaim"]["claimName"].as_str().map(str::to_owned)
    })
}

struct Protector {
    objects: Objects,
    protection: Protection,
}

impl Protector {
    fn is_used(&self, object: &Value) -> bool {
        match &self.protection.pods {
            None => object["status"]["phase"] == "Bound",
            Some(pods) => pods.within(object::namespace(object)).iter().any(|pod| {
                // A pod that no node runs yet may still be taken away from the claim.
                let runs = !object::text(pod, "/spec/nodeName").is_empty() && !is_finished(pod);
                runs && claims_of(pod).any(|claim| claim == object::name(object))
            }),
        }
    }
}

impl Reconcile for Protector {
    type Key = Key;
    type Error = Error;

    async fn reconcile(&self, (namespace, name): &Key) -> Result<Next, Error> {
        self.objects.settled().await;
        let Some(found) = self.objects.get(namespace, name) else { return Ok(Next::Done) };
        let finalizer = self.protection.finalizer;
        let has = object::has_finalizer(&found, finalizer);
        let mut finalizers: Vec<&str> = object::finalizers(&found).collect();
        match (object::is_being_deleted(&found), has) {
            (true, true) if !self.is_used(&found) => finalizers.retain(|of| *of != finalizer),
            (false, false) => finalizers.push(finalizer),
            _ => return Ok(Next::Done),
        }
        let mut changed = Value::clone(&found);
        changed["metadata"]["finalizers"] = json!(finalizers);
        match self.objects.update(&changed).await {
            Err(error) if !error.is_not_found() => Err(error),
            _ => Ok(Next::Done),
        }
    }
}
