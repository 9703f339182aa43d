//! When long-term access keys were used last.
//!
//! Source: IAM API Reference, "AccessKeyLastUsed". AWS notes a use some minutes late; here it is there at once.

use super::Caller;
use crate::Service;
use jiff::Timestamp;
use parking_lot::Mutex;
use proofmark_aws_policy::Principal;
use std::collections::BTreeMap;

/// A use of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeyUse {
    /// When.
    pub(crate) at: Timestamp,
    /// `s3`
    pub(crate) service: &'static str,
    /// `us-east-1`
    pub(crate) region: String,
}

/// The last use of every key of a user, by key id.
#[derive(Debug, Default)]
pub(crate) struct KeyUses(Mutex<BTreeMap<String, KeyUse>>);

impl KeyUses {
    /// Notes that a caller is there, whatever it may do. `region` is that of requests that name none.
    pub(crate) fn note(&self, caller: &Caller, service: Service, region: &str, at: Timestamp) {
        // Users who call by a session have another key, which is nobody's for long.
        let (Principal::User { .. }, None, Some(id)) = (&caller.principal, &caller.session, &caller.access_key_id)
        else {
            return;
        };
        let (service, region) = (service.signing_name(), caller.signed.region().unwrap_or(region));
        let mut uses = self.0.lock();
        match uses.get_mut(id) {
            Some(known) if known.region == region => (known.at, known.service) = (at, service),
            Some(known) => *known = KeyUse { at, service, region: region.to_owned() },
            None => drop(uses.insert(id.clone(), KeyUse { at, service, region: region.to_owned() })),
        }
    }

    /// The last use of a key, if there was any.
    pub(crate) fn last(&self, id: &str) -> Option<KeyUse> {
        self.0.lock().get(id).cloned()
    }

    /// Forgets a key.
    pub(crate) fn forget(&self, id: &str) {
        self.0.lock().remove(id);
    }
}
