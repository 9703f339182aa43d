//! Who asked for what, and what was decided: the request log, and the record that every in-process answer carries.

use std::sync::Arc;

use parking_lot::Mutex;
use proofmark_rbac::{Decision, Explanation, Policy, UserInfo};

use crate::authz;
use crate::request::RequestInfo;

/// How many requests the log keeps.
const KEPT: usize = 10_000;

/// One request as the server saw it. In-process answers carry it in their extensions.
#[derive(Debug, Clone, Default)]
pub struct Audit {
    /// The authenticated caller.
    pub user: UserInfo,
    /// Whom it impersonated, if anybody.
    pub impersonated: Option<UserInfo>,
    /// The verb, as authorization saw it.
    pub verb: String,
    /// The path.
    pub path: String,
    /// The API group; empty for the core group and for other paths.
    pub group: String,
    /// The resource, with its subresource (`pods/log`); empty for other paths.
    pub resource: String,
    /// The namespace; empty outside namespaces.
    pub namespace: String,
    /// The object's name; empty for collections.
    pub name: String,
    /// What authorization decided; none if the request did not get that far.
    pub decision: Option<Decision>,
    /// The HTTP status of the answer.
    pub status: u16,
    /// What admission noted: webhooks' and policies' audit annotations, by their keys.
    pub annotations: std::collections::BTreeMap<String, String>,
    seen: Option<Seen>,
}

/// What an explanation needs: the policy as it was, and the request.
#[derive(Clone)]
struct Seen {
    policy: Arc<Policy>,
    user: UserInfo,
    info: RequestInfo,
}

impl std::fmt::Debug for Seen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seen")
    }
}

impl Audit {
    pub(crate) fn new(info: &RequestInfo) -> Self {
        let resource = match info.subresource.as_str() {
            "" => info.resource.clone(),
            sub => format!("{}/{sub}", info.resource),
        };
        Self {
            verb: info.verb.clone(),
            path: info.path.clone(),
            group: info.group.clone(),
            resource,
            namespace: info.namespace.clone(),
            name: info.name.clone(),
            ..Self::default()
        }
    }

    pub(crate) fn decide(&mut self, user: &UserInfo, decision: &Decision, policy: impl FnOnce() -> Arc<Policy>) {
        self.decision = Some(decision.clone());
        if !decision.allowed {
            let info = RequestInfo {
                verb: self.verb.clone(),
                path: self.path.clone(),
                group: self.group.clone(),
                resource: self.resource.split('/').next().unwrap_or_default().to_owned(),
                subresource: self.resource.split_once('/').map(|(_, s)| s.to_owned()).unwrap_or_default(),
                namespace: self.namespace.clone(),
                name: self.name.clone(),
                is_resource: !self.resource.is_empty(),
                ..RequestInfo::default()
            };
            self.seen = Some(Seen { policy: policy(), user: user.clone(), info });
        }
    }

    /// Why the request was refused, and what would have allowed it. None for requests that were allowed.
    pub fn explain(&self) -> Option<Explanation> {
        let seen = self.seen.as_ref()?;
        Some(proofmark_rbac::explain(&*seen.policy, &authz::attributes(&seen.user, &seen.info)))
    }
}

/// The last requests of a server, oldest first.
#[derive(Debug, Default)]
pub struct RequestLog(Mutex<std::collections::VecDeque<Audit>>);

impl RequestLog {
    pub(crate) fn push(&self, audit: Audit) {
        let mut log = self.0.lock();
        if log.len() == KEPT {
            log.pop_front();
        }
        log.push_back(audit);
    }

    /// The requests kept, oldest first.
    pub fn all(&self) -> Vec<Audit> {
        self.0.lock().iter().cloned().collect()
    }

    /// Forgets what was logged.
    pub fn clear(&self) {
        self.0.lock().clear();
    }
}
