//! What is used of ResourceQuotas (`pkg/controller/resourcequota`). Admission counts what is made; here it is counted again from what there is,
//! when a quota changes or something goes.

use std::collections::BTreeSet;

use proofmark_json::{Map, Value, json};
use proofmark_registry::usage::{self, Amounts};

use crate::context::Context;
use crate::kit::{
    Api, Error, Informer, Next, Objects, Reason as _, Reconcile, Resource, Selection, View, object, queue,
};
use crate::monitors::{Heard, Monitors};
use crate::workloads::pods::{self, is_finished};
use crate::workloads::{Key, children};

const NAME: &str = "resourcequota-controller";
const QUOTAS: Resource = Resource::namespaced("", "v1", "resourcequotas", "ResourceQuota");
/// The kinds whose objects use more than their number.
const MEASURED: [&str; 7] =
    ["pods", "services", "persistentvolumeclaims", "configmaps", "secrets", "replicationcontrollers", "resourcequotas"];

pub(crate) fn start(context: &mut Context) {
    let api = context.account(NAME);
    let quotas = context.objects(&api, Selection::whole(QUOTAS));
    let pods = context.informer(pods::selection());
    let monitors = context.monitors();
    let (queue, worker) = queue::new();
    // Admission writes what is used before the object is there: whoever counted then would not find it.
    let own = queue.clone();
    quotas.on_change(move |change| {
        let limits = |quota: &Value| quota.pointer("/spec/hard").cloned();
        if let Some(new) = &change.new
            && change.old.as_deref().is_none_or(|old| limits(old) != limits(new))
        {
            own.add(children::key(new));
        }
    });
    let (all, gone) = (Informer::clone(&quotas), queue.clone());
    monitors.listen(move |heard| {
        if let Heard::Changed(_, change) = heard
            && change.new.is_none()
        {
            for quota in all.within(object::namespace(change.latest())) {
                gone.add(children::key(&quota));
            }
        }
    });
    let all = Informer::clone(&quotas);
    pods.on_change(move |change| {
        if let (Some(old), Some(new)) = (&change.old, &change.new)
            && is_finished(old) != is_finished(new)
        {
            for quota in all.within(object::namespace(new)) {
                queue.add(children::key(&quota));
            }
        }
    });
    let caches = vec![Informer::clone(&quotas)];
    context.run(worker, caches, Quotas { api, quotas, monitors });
}

struct Quotas {
    api: Api,
    quotas: Objects,
    monitors: Monitors,
}

impl Reconcile for Quotas {
    type Key = Key;
    type Error = Error;

    async fn reconcile(&self, (namespace, name): &Key) -> Result<Next, Error> {
        self.quotas.settled().await;
        let Some(quota) = self.quotas.get(namespace, name) else { return Ok(Next::Done) };
        let hard = usage::amounts(quota.pointer("/spec/hard"));
        let mut used = Amounts::new();
        let limited: BTreeSet<String> = hard.keys().cloned().collect();
        for of in self.kinds(&limited) {
            let concerned = usage::concerned(&of.group, &of.plural, &limited);
            if concerned.is_empty() {
                continue;
            }
            let list = self.api.list(&of, namespace, &[], View::Whole).await?;
            let mut sum = Amounts::new();
            for object in object::list(&list, "/items") {
                if usage::in_scope(&quota, &of.group, &of.plural, object) {
                    usage::add_all(&mut sum, &usage::usage(&of.group, &of.plural, object));
                }
            }
            for resource in concerned {
                let amount = sum.get(&resource).cloned().unwrap_or_else(usage::zero);
                used.insert(resource, amount);
            }
        }
        let list = |amounts: &Amounts| -> Map {
            amounts.iter().map(|(name, amount)| (name.clone(), json!(amount.to_string()))).collect()
        };
        let status = json!({"hard": list(&hard), "used": list(&used)});
        if quota["status"] == status {
            return Ok(Next::Done);
        }
        let mut counted = Value::clone(&quota);
        counted["status"] = status;
        match self.quotas.update_status(&counted).await {
            Err(error) if !error.is_not_found() => Err(error),
            _ => Ok(Next::Done),
        }
    }
}

impl Quotas {
    /// The kinds whose objects a quota may count. Events are not counted.
    fn kinds(&self, limited: &BTreeSet<String>) -> Vec<Resource> {
        let mut names: BTreeSet<(String, String)> =
            MEASURED.iter().map(|plural| (String::new(), (*plural).to_owned())).collect();
        for name in limited.iter().filter_map(|name| name.strip_prefix("count/")) {
            let (plural, group) = name.split_once('.').unwrap_or((name, ""));
            names.insert((group.to_owned(), plural.to_owned()));
        }
        let countable = names.iter().filter(|(_, plural)| plural != "events");
        countable.filter_map(|(group, plural)| self.monitors.of_plural(group, plural)).collect()
    }
}
