//! Since when there is something new about a service: clients measure by it how long news take to reach them.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use parking_lot::Mutex;
use proofmark_json::Value;

use crate::kit::object;
use crate::workloads::Key;

/// The annotation that says so.
pub(super) const ANNOTATION: &str = "endpoints.kubernetes.io/last-change-trigger-time";

/// What was known of services when they were last looked at.
#[derive(Default)]
pub(super) struct Triggers(Mutex<BTreeMap<Key, Known>>);

#[derive(Default)]
struct Known {
    service: Option<Timestamp>,
    /// When pods became ready, or no longer were, by name.
    pods: BTreeMap<String, Timestamp>,
}

impl Triggers {
    /// The earliest change since the last look; none where nothing tells when it happened.
    pub(super) fn since(&self, key: &Key, service: &Value, pods: &[Arc<Value>]) -> Option<Timestamp> {
        let mut all = self.0.lock();
        let known = all.entry(key.clone()).or_default();
        let changed = |pod: &Arc<Value>| {
            let at = object::time(object::condition(pod, "Ready")?, "/lastTransitionTime")?;
            Some((object::name(pod).to_owned(), at))
        };
        let now: BTreeMap<String, Timestamp> = pods.iter().filter_map(changed).collect();
        let news = now.iter().filter(|(name, at)| known.pods.get(*name).is_none_or(|before| *at > before));
        let news = news.map(|(_, at)| *at).min();
        let created = object::time(service, "/metadata/creationTimestamp");
        let new_service = created.filter(|_| created > known.service);
        *known = Known { service: created, pods: now };
        news.into_iter().chain(new_service).min()
    }

    /// Forgets a service that is gone.
    pub(super) fn forget(&self, key: &Key) {
        self.0.lock().remove(key);
    }
}
