//! May this caller do this: members of `system:masters` always; everybody else as RBAC says.
//!
//! The policy is read from the store's roles and bindings, and read anew only after one of them changed.

use std::sync::Arc;

use parking_lot::Mutex;
use proofmark_rbac::{Attributes, Decision, Policy, Requested, SYSTEM_MASTERS, UserInfo};
use proofmark_status::Status;

use crate::request::RequestInfo;
use crate::server::Inner;
use crate::store::Store;

/// The policy as of a revision.
#[derive(Default)]
pub(crate) struct Rbac(Mutex<Cached>);

#[derive(Default)]
struct Cached {
    /// Raised by every write to a role or binding.
    wanted: u64,
    held: u64,
    policy: Arc<Policy>,
}

/// The API group of roles and bindings.
pub(crate) const GROUP: &str = "rbac.authorization.k8s.io";

impl Rbac {
    /// A role or binding changed.
    pub(crate) fn changed(&self) {
        self.0.lock().wanted += 1;
    }

    /// The policy as the store has it now.
    pub(crate) fn policy(&self, store: &Store) -> Arc<Policy> {
        let mut cached = self.0.lock();
        if cached.held != cached.wanted {
            let snapshot = store.snapshot();
            let resources = ["clusterroles", "roles", "clusterrolebindings", "rolebindings"];
            let mut policy = Policy::default();
            for resource in resources {
                let prefix: Arc<str> = format!("/registry/{resource}").into();
                for (_, object) in snapshot.list(&prefix, "", None) {
                    if let Err(error) = policy.insert(&object.value) {
                        tracing::warn!(%error, "a stored role or binding does not parse");
                    }
                }
            }
            cached.policy = Arc::new(policy);
            cached.held = cached.wanted;
        }
        cached.policy.clone()
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
        proofmark_rbac::authorize(&*self.rbac.policy(&self.store), attributes)
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
