//! Services whose runtime changes are looked at again, unless they are ready and told to stay as they are; and those whose pods are initialized.

use proofmark_controllers::kit::{Change, Informer, Queue, Selection, object};
use proofmark_json::Value;

use crate::behaviour::Behaviour;
use crate::conditions::{self, READY};
use crate::control_plane::Context;
use crate::controllers::watch::Key;
use crate::names::{DISABLE_AUTO_UPDATE, SERVICE_LABEL, kinds};

/// Informers of both kinds of runtimes. `services` has whole InferenceServices, whose status names what serves them.
pub(super) fn runtimes(context: &mut Context, services: &Informer, queue: &Queue<Key>) -> [Informer; 2] {
    let behaviour = context.behaviour;
    [(kinds::RUNTIMES, true), (kinds::CLUSTER_RUNTIMES, false)].map(|(of, of_namespace)| {
        let informer = context.informer(Selection::whole(of));
        let (services, queue) = (services.clone(), queue.clone());
        informer.on_change(move |change| {
            for key in followers(&services, of_namespace, change, behaviour) {
                queue.add(key);
            }
        });
        informer
    })
}

/// An informer of the pods of services, which are looked at again when something becomes of their init containers.
pub(super) fn initializers(context: &mut Context, queue: &Queue<Key>) -> Informer {
    let (informer, queue) = (context.informer(Selection::whole(kinds::PODS)), queue.clone());
    informer.on_change(move |change| {
        let (Some(old), Some(new)) = (&change.old, &change.new) else { return };
        let became = |pod: &Value| pod.pointer("/status/initContainerStatuses").cloned();
        if let Some(service) = object::labels(new).and_then(|labels| labels.get(SERVICE_LABEL)?.as_str())
            && became(old) != became(new)
        {
            queue.add((object::namespace(new).to_owned(), service.to_owned()));
        }
    });
    informer
}

/// The services that follow a changed runtime. What is made or taken away changes none.
fn followers(services: &Informer, of_namespace: bool, change: &Change, behaviour: Behaviour) -> Vec<Key> {
    let (Some(old), Some(new)) = (&change.old, &change.new) else { return Vec::new() };
    if old["spec"] == new["spec"] {
        return Vec::new();
    }
    let (candidates, field) = match of_namespace {
        true => (services.within(object::namespace(new)), Some("/status/servingRuntimeName")),
        false => (
            services.all(),
            Some("/status/clusterServingRuntimeName").filter(|_| behaviour.follows_own_cluster_runtime),
        ),
    };
    let follows = |service: &Value| {
        let stays = object::annotation(service, DISABLE_AUTO_UPDATE) == Some("true")
            && conditions::is_true(&service["status"], READY);
        !stays && field.is_none_or(|field| object::text(service, field) == object::name(new))
    };
    let following = candidates.iter().filter(|service| follows(service));
    following.map(|service| (object::namespace(service).to_owned(), object::name(service).to_owned())).collect()
}
