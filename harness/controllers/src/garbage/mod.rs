//! The garbage collector (`pkg/controller/garbagecollector`): objects go when all their owners are gone.
//!
//! Three ways for an owner to go: in the *background* (it goes at once, dependents follow), in the *foreground* (it keeps the finalizer
//! `foregroundDeletion` until every dependent that blocks it is gone) and *orphaning* them (it keeps the finalizer `orphan` until no dependent
//! refers to it). [`graph`] is the picture of who owns whom, [`collector`] acts on it. An owner of a kind that the server does not have is
//! neither there nor gone: its dependents wait until discovery changes.
//!
//! Unlike upstream there is no cache of owners that were found absent, and no event for an owner in another namespace.

mod collector;
mod graph;

use std::collections::BTreeSet;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::context::Context;
use crate::kit::{object, queue};
use crate::monitors::Heard;
use collector::Collector;
use graph::{Graph, Identity, Work};

pub(crate) fn start(context: &mut Context) {
    let monitors = context.monitors();
    let (queue, worker) = queue::new();
    let graph = Arc::new(Mutex::new(Graph::default()));
    let parked: Arc<Mutex<BTreeSet<Work>>> = Arc::default();
    let collector = Collector {
        api: context.api("generic-garbage-collector"),
        monitors: monitors.clone(),
        graph: Arc::clone(&graph),
        queue: queue.clone(),
        parked: Arc::clone(&parked),
    };
    monitors.listen(move |heard| {
        let work = match heard {
            Heard::Changed(of, change) => {
                let latest = change.latest();
                let identity = Identity {
                    kind: of.kind.to_string(),
                    api_version: of.api_version(),
                    namespace: object::namespace(latest).to_owned(),
                    name: object::name(latest).to_owned(),
                    uid: object::uid(latest).to_owned(),
                };
                match &change.new {
                    Some(new) => graph.lock().observe(identity, change.old.as_deref(), new),
                    None => graph.lock().gone(&identity.uid),
                }
            }
            Heard::Gone { group, kind } => graph.lock().kind_gone(group, kind),
            Heard::Discovered => std::mem::take(&mut *parked.lock()).into_iter().collect(),
            Heard::Listed => return,
        };
        for work in work {
            queue.add(work);
        }
    });
    context.spawn(async move {
        monitors.ready().await;
        worker.run(collector).await;
    });
}
