//! May this caller do this: members of `system:masters` always; everybody else as RBAC says.
//!
//! The policy holds the store's roles and bindings and follows each write of one.

use std::sync::Arc;

use imbl::OrdMap;
use parking_lot::Mutex;
use proofmark_json::Value;
use proofmark_rbac::{Attributes, Decision, Policy, Requested, SYSTEM_MASTERS, UserInfo};
use proofmark_registry::meta;
use proofmark_status::Status;

use crate::request::RequestInfo;
use crate::resource::Resource;
use crate::server::Inner;
use crate::store::{Object, Store};

/// What is allowed.
#[derive(Default)]
pub(crate) struct Rbac(Mutex<Access>);

/// What is allowed, and by which version of which role or binding. A clone costs nothing that grows with their number.
#[derive(Debug, Clone, Default)]
pub(crate) struct Access {
    policy: Arc<Policy>,
    /// The revisions of what is in the policy, by resource and place.
    seen: OrdMap<(&'static str, String), u64>,
}

/// The kinds that policies are made of, and the prefixes of their objects.
const KINDS: [(&str, &str); 4] = [
    ("clusterroles", "/registry/clusterroles"),
    ("roles", "/registry/roles"),
    ("clusterrolebindings", "/registry/clusterrolebindings"),
    ("rolebindings", "/registry/rolebindings"),
];

/// The API group of roles and bindings.
pub(crate) const GROUP: &str = "rbac.authorization.k8s.io";

impl Rbac {
    /// Begins with what is at hand.
    pub(crate) fn holding(access: Access) -> Self {
        Self(Mutex::new(access))
    }

    /// What there is, for another server to begin with.
    pub(crate) fn access(&self) -> Access {
        self.0.lock().clone()
    }

    /// A role or binding was written or deleted. What is stored now counts, whoever wrote last.
    pub(crate) fn follow(&self, store: &Store, resource: &Resource, object: &Value) {
        let Some((kind, _)) = KINDS.into_iter().find(|(plural, _)| *plural == resource.plural) else { return };
        let place = resource.place(meta::text(object, "namespace"), meta::text(object, "name"));
        let mut access = self.0.lock();
        let stored = store.snapshot().get(&resource.prefix, &place).cloned();
        access.set(kind, &place, stored.as_ref());
    }

    /// Catches up with all that is stored.
    pub(crate) fn catch_up(&self, store: &Store) {
        let mut access = self.0.lock();
        let snapshot = store.snapshot();
        let mut gone = access.seen.clone();
        for (kind, prefix) in KINDS {
            for (place, object) in snapshot.list(&prefix.into(), "", None) {
                if gone.remove(&(kind, place.to_owned())) != Some(object.revision) {
                    access.set(kind, place, Some(object));
                }
            }
        }
        for (kind, place) in gone.keys() {
            access.set(kind, place, None);
        }
    }

    /// The policy as the store has it now.
    pub(crate) fn policy(&self) -> Arc<Policy> {
        self.0.lock().policy.clone()
    }
}

impl Access {
    fn set(&mut self, kind: &'static str, place: &str, stored: Option<&Arc<Object>>) {
        let policy = Arc::make_mut(&mut self.policy);
        let (namespace, name) = match place.split_once('/') {
            Some((namespace, name)) if matches!(kind, "roles" | "rolebindings") => (Some(namespace), name),
            _ => (None, place),
        };
        match kind {
            "clusterroles" | "roles" => policy.remove_role(namespace, name),
            _ => policy.remove_binding(namespace, name),
        };
        let Some(object) = stored else {
            self.seen.remove(&(kind, place.to_owned()));
            return;
        };
        if let Err(error) = policy.insert(&object.value) {
            tracing::warn!(%error, "a stored role or binding does not parse");
        }
        self.seen.insert((kind, place.to_owned()), object.revision);
    }
}

impl Inner {
    /// Decides one request.
    pub(crate) fn authorize(&self, user: &UserInfo, info: &RequestInfo) -> Decision {
        self.decide(&attributes(user, info))
    }

    /// Decides what an access review asks.
    pub(crate) fn decide(&self, attributes: &Attributes<'_>) -> Decision {
        if attributes.user.groups.iter().any(|g| g == SYSTEM_MASTERS) {
            return Decision { allowed: true, reason: String::new(), grant: None, errors: Vec::new() };
        }
        proofmark_rbac::authorize(&*self.rbac.policy(), attributes)
    }
}

/// A request as the authorizer sees it.
pub(crate) fn attributes<'a>(user: &'a UserInfo, info: &'a RequestInfo) -> Attributes<'a> {
    let kind = if info.is_resource {
        Requested::Resource {
            group: &info.group,
            version: &info.version,
            resource: &info.resource,
            subresource: &info.subresource,
            namespace: &info.namespace,
            name: &info.name,
            field_selector: &[],
            label_selector: &[],
        }
    } else {
        Requested::NonResource { path: &info.path }
    };
    Attributes { user, verb: &info.verb, kind }
}

/// The authorizer's 403.
pub(crate) fn forbidden(user: &UserInfo, info: &RequestInfo, reason: &str) -> Status {
    proofmark_rbac::forbidden(&attributes(user, info), reason)
}
