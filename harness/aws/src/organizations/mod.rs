//! AWS Organizations: accounts in a tree, and the policies that limit them.
//!
//! Only the management account of an organisation can call most actions. What it refuses: invitations, delegated administrators, policies of
//! other kinds than service control and resource control, closing accounts.
//!
//! Sources: AWS Organizations API Reference; AWS Organizations User Guide, "Service control policies", "Resource control policies".

mod accounts;
mod faults;
mod policies;
mod tree;
mod turn;

use crate::authorize::Call;
use crate::world::AccountId;
use crate::{Cloud, Fault};
use proofmark_json::{Value, json};
use turn::{Answer, Turn};

/// Does an action.
type Act = fn(&mut Turn<'_>) -> Answer;

fn find(action: &str) -> Option<Act> {
    let act: Act = match action {
        "CreateOrganization" => tree::create,
        "DescribeOrganization" => tree::describe,
        "DeleteOrganization" => tree::delete,
        "ListRoots" => tree::list_roots,
        "CreateOrganizationalUnit" => tree::create_unit,
        "DescribeOrganizationalUnit" => tree::describe_unit,
        "DeleteOrganizationalUnit" => tree::delete_unit,
        "ListOrganizationalUnitsForParent" => tree::list_units,
        "ListParents" => tree::list_parents,
        "ListChildren" => tree::list_children,
        "CreateAccount" => accounts::create,
        "DescribeCreateAccountStatus" => accounts::describe_status,
        "DescribeAccount" => accounts::describe,
        "ListAccounts" => accounts::list,
        "ListAccountsForParent" => accounts::list_for_parent,
        "MoveAccount" => accounts::move_to,
        "RemoveAccountFromOrganization" => accounts::remove,
        "EnablePolicyType" => policies::enable,
        "DisablePolicyType" => policies::disable,
        "CreatePolicy" => policies::create,
        "UpdatePolicy" => policies::update,
        "DescribePolicy" => policies::describe,
        "DeletePolicy" => policies::delete,
        "ListPolicies" => policies::list,
        "AttachPolicy" => policies::attach,
        "DetachPolicy" => policies::detach,
        "ListPoliciesForTarget" => policies::list_for_target,
        "ListTargetsForPolicy" => policies::list_targets,
        _ => return None,
    };
    Some(act)
}

/// Makes an account that is known beforehand a member of the caller's organisation, as `CreateAccount` does with a new one.
pub(crate) fn join(cloud: &Cloud, call: &Call, id: &AccountId) -> Result<(), Fault> {
    let account = call.caller.principal.account().and_then(AccountId::parse).ok_or_else(faults::not_in_use)?;
    let mut world = cloud.world().write();
    let name = world.accounts.get(id).map_or_else(|| format!("account-{id}"), |account| account.name.clone());
    let mut turn = Turn { cloud, world: &mut world, call, body: &Value::Null, account };
    accounts::join(&mut turn, id, &name, format!("{id}@example.com"), "OrganizationAccountAccessRole")
}

/// Answers an action.
pub(crate) fn answer(cloud: &Cloud, call: &Call, action: &str, body: &[u8]) -> Result<Value, Fault> {
    let act = find(action)
        .ok_or_else(|| Fault::new(400, "UnknownOperationException", format!("The operation {action} is not known")))?;
    let account = call.caller.principal.account().and_then(AccountId::parse).ok_or_else(|| {
        Fault::new(400, "MissingAuthenticationTokenException", "Request is missing Authentication Token")
    })?;
    let no_json = |_| Fault::new(400, "SerializationException", "The request body is no JSON.");
    let body: Value = if body.is_empty() { json!({}) } else { proofmark_json::from_slice(body).map_err(no_json)? };
    let mut world = cloud.world().write();
    let mut turn = Turn { cloud, world: &mut world, call, body: &body, account };
    turn.allow(&format!("organizations:{action}"))?;
    act(&mut turn)
}
