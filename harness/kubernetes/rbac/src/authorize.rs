//! The decision: cluster-wide bindings first, then those of the request's namespace; the first rule that fits allows.
//!
//! Upstream: `pkg/registry/rbac/validation/rule.go` and `plugin/pkg/auth/authorizer/rbac/rbac.go`, release 1.35.

use std::ops::ControlFlow;
use std::sync::Arc;

use proofmark_status::quote;

use crate::matching::is_subject;
use crate::{Attributes, Binding, PolicyRule, PolicySource, Role, RoleRef, Subject, UserInfo, rule_allows};

/// What allowed a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The binding that reaches the user.
    pub binding: Arc<Binding>,
    /// The role that the binding gives.
    pub role: Arc<Role>,
    /// Index of the rule in `role.rules`.
    pub rule: usize,
    /// Index of the subject in `binding.subjects`.
    pub subject: usize,
}

impl Grant {
    /// The rule that allowed.
    pub fn rule(&self) -> Option<&PolicyRule> {
        self.role.rules.get(self.rule)
    }

    /// The subject that the user is.
    pub fn subject(&self) -> Option<&Subject> {
        self.binding.subjects.get(self.subject)
    }
}

/// The answer to one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Whether RBAC allows; otherwise it has no opinion, which a server without another authorizer turns into 403.
    pub allowed: bool,
    /// Kubernetes' text: `RBAC: allowed by ...`; when denied empty, or `RBAC: ` and what could not be resolved.
    pub reason: String,
    /// What allowed.
    pub grant: Option<Grant>,
    /// Roles that could not be resolved on the way.
    pub errors: Vec<String>,
}

/// Decides one request.
pub fn authorize<S: PolicySource + ?Sized>(source: &S, attributes: &Attributes<'_>) -> Decision {
    let mut errors = Vec::new();
    let flow = visit(source, attributes.user, attributes.namespace(), |visited| match visited {
        Visited::Role { binding, subject, role } => {
            match role.rules.iter().position(|rule| rule_allows(rule, attributes)) {
                Some(rule) => ControlFlow::Break(Grant { binding: binding.clone(), role, rule, subject }),
                None => ControlFlow::Continue(()),
            }
        }
        Visited::Unresolved { error, .. } => {
            errors.push(error.to_string());
            ControlFlow::Continue(())
        }
    });
    match flow {
        ControlFlow::Break(grant) => {
            let reason = format!("RBAC: allowed by {}", describe_grant(&grant.binding, grant.subject));
            Decision { allowed: true, reason, grant: Some(grant), errors }
        }
        ControlFlow::Continue(()) => {
            let reason = if errors.is_empty() { String::new() } else { format!("RBAC: {}", join_errors(&errors)) };
            Decision { allowed: false, reason, grant: None, errors }
        }
    }
}

/// One binding that has the user among its subjects.
pub(crate) enum Visited<'a> {
    /// Its role exists.
    Role { binding: &'a Arc<Binding>, subject: usize, role: Arc<Role> },
    /// Its role does not.
    Unresolved { binding: &'a Arc<Binding>, subject: usize, error: Unresolved },
}

/// Walks through the bindings that reach the user in a namespace (none when empty), until the visitor breaks.
pub(crate) fn visit<S: PolicySource + ?Sized, B>(
    source: &S,
    user: &UserInfo,
    namespace: &str,
    mut visitor: impl FnMut(Visited<'_>) -> ControlFlow<B>,
) -> ControlFlow<B> {
    let cluster = source.cluster_role_bindings_of(user);
    let local = if namespace.is_empty() { Vec::new() } else { source.role_bindings_of(namespace, user) };
    let scoped = cluster.iter().map(|b| (b, "")).chain(local.iter().map(|b| (b, namespace)));
    for (binding, own) in scoped {
        let Some(subject) = binding.subjects.iter().position(|s| is_subject(s, user, own)) else {
            continue;
        };
        visitor(match resolve(source, &binding.role_ref, own) {
            Ok(role) => Visited::Role { binding, subject, role },
            Err(error) => Visited::Unresolved { binding, subject, error },
        })?;
    }
    ControlFlow::Continue(())
}

/// Why a binding gives nothing: its role cannot be had. The text is the authorizer's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unresolved {
    #[error("{}.{} {} not found", kind.to_lowercase(), crate::GROUP, quote(name))]
    Missing { kind: &'static str, name: String },
    #[error("unsupported role reference kind: {}", quote(.0))]
    Unsupported(String),
}

/// The role of a binding. `namespace` is the binding's own, empty for a ClusterRoleBinding.
pub(crate) fn resolve<S: PolicySource + ?Sized>(
    source: &S,
    role_ref: &RoleRef,
    namespace: &str,
) -> Result<Arc<Role>, Unresolved> {
    let name = &role_ref.name;
    let (found, kind) = match role_ref.kind.as_str() {
        "Role" => (source.role(namespace, name), "Role"),
        "ClusterRole" => (source.cluster_role(name), "ClusterRole"),
        other => return Err(Unresolved::Unsupported(other.to_owned())),
    };
    found.ok_or_else(|| Unresolved::Missing { kind, name: name.clone() })
}

/// `RoleBinding "admin/team" of ClusterRole "view" to User "x"`: names come before namespaces.
pub(crate) fn describe_grant(binding: &Binding, subject: usize) -> String {
    let given = describe_given(binding);
    match binding.subjects.get(subject) {
        Some(subject) => {
            format!("{given} to {}", describe_subject(subject, binding.namespace.as_deref().unwrap_or_default()))
        }
        None => given,
    }
}

/// `RoleBinding "admin/team" of ClusterRole "view"`
pub(crate) fn describe_given(binding: &Binding) -> String {
    let name = match &binding.namespace {
        Some(namespace) => quote(&format!("{}/{namespace}", binding.name)),
        None => quote(&binding.name),
    };
    format!("{} {name} of {} {}", binding.kind(), binding.role_ref.kind, quote(&binding.role_ref.name))
}

fn describe_subject(subject: &Subject, namespace: &str) -> String {
    if subject.kind != "ServiceAccount" {
        return format!("{} {}", subject.kind, quote(&subject.name));
    }
    let namespace = if subject.namespace.is_empty() { namespace } else { &subject.namespace };
    format!("{} {}", subject.kind, quote(&format!("{}/{namespace}", subject.name)))
}

/// Several errors as one text, as Go's `utilerrors.Aggregate`: one alone as it is, more as `[a, b]`, repeats dropped.
pub fn join_errors(errors: &[String]) -> String {
    let mut seen: Vec<&str> = Vec::with_capacity(errors.len());
    for error in errors {
        if !seen.contains(&error.as_str()) {
            seen.push(error);
        }
    }
    match seen.as_slice() {
        [] => String::new(),
        [one] => (*one).to_owned(),
        many => format!("[{}]", many.join(", ")),
    }
}
