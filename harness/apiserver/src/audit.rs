//! Who asked for what, and what was decided: the request log, and the record that every in-process answer carries.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use jiff::Timestamp;
use parking_lot::Mutex;
use proofmark_rbac::{Decision, Explanation, Policy, UserInfo};

use serde::{Serialize, Serializer};

use crate::authz;
use crate::request::RequestInfo;

/// How many requests the log keeps.
const KEPT: usize = 10_000;

/// One request as the server saw it. In-process answers carry it in their extensions. Serialized it is one flat object, for logs.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Audit {
    /// When it came.
    pub time: Timestamp,
    /// How long it took until the answer began; a watch goes on after that. Serialized in whole microseconds.
    #[serde(rename = "durationMicroseconds", serialize_with = "microseconds")]
    pub duration: Duration,
    /// The authenticated caller.
    pub user: UserInfo,
    /// Whom it impersonated, if anybody.
    #[serde(skip_serializing_if = "Option::is_none")]
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
    /// What authorization decided; none if the request did not get that far. Serialized without its grant, which the reason names.
    #[serde(serialize_with = "decision", skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decision>,
    /// The HTTP status of the answer; 0 if the connection was reset instead.
    pub status: u16,
    /// The faults that struck it, as text.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<String>,
    /// What admission noted: webhooks' and policies' audit annotations, by their keys.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
    #[serde(skip)]
    seen: Option<Seen>,
}

fn microseconds<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX))
}

fn decision<S: Serializer>(decision: &Option<Decision>, serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Decided<'a> {
        allowed: bool,
        reason: &'a str,
    }
    decision.as_ref().map(|d| Decided { allowed: d.allowed, reason: &d.reason }).serialize(serializer)
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
    pub(crate) fn new(info: &RequestInfo, time: Timestamp) -> Self {
        let resource = match info.subresource.as_str() {
            "" => info.resource.clone(),
            sub => format!("{}/{sub}", info.resource),
        };
        Self {
            time,
            duration: Duration::ZERO,
            user: UserInfo::default(),
            impersonated: None,
            verb: info.verb.clone(),
            path: info.path.clone(),
            group: info.group.clone(),
            resource,
            namespace: info.namespace.clone(),
            name: info.name.clone(),
            decision: None,
            status: 0,
            faults: Vec::new(),
            annotations: BTreeMap::new(),
            seen: None,
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
#[derive(Default)]
pub struct RequestLog {
    kept: Mutex<VecDeque<Arc<Audit>>>,
    follower: OnceLock<Follower>,
}

/// Who learns of every request.
type Follower = Box<dyn Fn(&Audit) + Send + Sync>;

impl RequestLog {
    pub(crate) fn push(&self, audit: Arc<Audit>) {
        if let Some(follower) = self.follower.get() {
            follower(&audit);
        }
        let mut kept = self.kept.lock();
        if kept.len() == KEPT {
            kept.pop_front();
        }
        kept.push_back(audit);
    }

    /// The requests kept, oldest first.
    pub fn all(&self) -> Vec<Audit> {
        self.kept.lock().iter().map(|audit| Audit::clone(audit)).collect()
    }

    /// Forgets what was logged.
    pub fn clear(&self) {
        self.kept.lock().clear();
    }

    /// Has this told of every request from now on, when its answer begins. It is called by whoever answers, so it should be quick. There is one
    /// follower at most: false says that there already is another.
    pub fn follow(&self, follower: impl Fn(&Audit) + Send + Sync + 'static) -> bool {
        self.follower.set(Box::new(follower)).is_ok()
    }
}

impl std::fmt::Debug for RequestLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RequestLog").field("kept", &self.kept.lock().len()).finish_non_exhaustive()
    }
}
