//! Nobody grants what he does not hold: writes to roles need the rights in them (or `escalate`), writes to bindings the rights of
//! the role (or `bind`).
//!
//! Source: `pkg/registry/rbac/*/policybased`, release 1.35.

use proofmark_json::Value;
use proofmark_rbac::{Attributes, Binding, EscalationRefused, Role};

use crate::authz::GROUP;
use crate::handlers::Target;
use crate::refusal::Refusal;
use crate::server::Call;

/// Checks a write to a role or binding.
pub(super) fn check(call: &Call<'_>, target: &Target<'_>, object: &Value, old: Option<&Value>) -> Result<(), Refusal> {
    let resource = target.resource;
    if resource.group != GROUP || call.user.groups.iter().any(|g| g == proofmark_rbac::SYSTEM_MASTERS) {
        return Ok(());
    }
    let policy = call.server.rbac.policy();
    let name = proofmark_registry::meta::text(object, "name");
    let refused = |e: EscalationRefused| Refusal::from(e.status(&resource.plural, name));
    match resource.plural.as_str() {
        "roles" | "clusterroles" => {
            let Ok(role) = Role::from_value(object) else {
                return Ok(());
            };
            let old = old.and_then(|o| Role::from_value(o).ok());
            // Who changes labels only grants nothing new.
            let same =
                old.as_ref().is_some_and(|o| o.rules == role.rules && o.aggregation_rule == role.aggregation_rule);
            if same || may(call, "escalate", &resource.plural, target.namespace, name) {
                return Ok(());
            }
            proofmark_rbac::confirm_role(&*policy, call.user, &role, old.as_ref()).map_err(refused)
        }
        "rolebindings" | "clusterrolebindings" => {
            let Ok(binding) = Binding::from_value(object) else {
                return Ok(());
            };
            let old = old.and_then(|o| Binding::from_value(o).ok());
            let same = old.as_ref().is_some_and(|o| o.role_ref == binding.role_ref && o.subjects == binding.subjects);
            let role = &binding.role_ref;
            let of_role = if role.kind == "Role" { "roles" } else { "clusterroles" };
            if same || may(call, "bind", of_role, target.namespace, &role.name) {
                return Ok(());
            }
            proofmark_rbac::confirm_binding(&*policy, call.user, &binding).map_err(refused)
        }
        _ => Ok(()),
    }
}

fn may(call: &Call<'_>, verb: &str, resource: &str, namespace: &str, name: &str) -> bool {
    let attributes = Attributes::resource(call.user, verb, GROUP, resource).in_namespace(namespace).named(name);
    call.server.decide(&attributes).allowed
}
