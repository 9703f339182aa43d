//! The organisation above the accounts.

use super::{ControlSpec, OrganizationSpec, Root, SetupError};
use crate::world::{AccountId, FULL_ACCESS, PolicyType};
use crate::{Cloud, organizations};
use proofmark_json::{Value, json};
use std::collections::BTreeMap;

pub(super) fn make(cloud: &Cloud, spec: &OrganizationSpec) -> Result<(), SetupError> {
    let root = Root::of(cloud, &spec.management)?;
    root.organizations("organization", "CreateOrganization", &json!({}))?;
    let listed = root.organizations("organization", "ListRoots", &json!({}))?;
    let root_id = text(&listed["Roots"][0]["Id"]);
    // Every name that a target or a parent can have, with its id.
    let mut ids = BTreeMap::from([("Root".to_owned(), root_id.clone())]);
    ids.insert(spec.management.clone(), spec.management.clone());
    for unit in &spec.units {
        let thing = format!("unit {}", unit.name);
        let parent = unit.parent.as_ref().map_or(Some(&root_id), |parent| ids.get(parent));
        let body = json!({"Name": unit.name, "ParentId": parent});
        let made = root.organizations(&thing, "CreateOrganizationalUnit", &body)?;
        let id = text(&made["OrganizationalUnit"]["Id"]);
        for account in &unit.accounts {
            join(&root, account, &mut ids)?;
            let body = json!({"AccountId": account, "SourceParentId": root_id, "DestinationParentId": id});
            root.organizations(&format!("{thing}: account {account}"), "MoveAccount", &body)?;
        }
        ids.insert(unit.name.clone(), id);
    }
    for account in &spec.accounts {
        join(&root, account, &mut ids)?;
    }
    if !spec.resource_control.is_empty() {
        let body = json!({"RootId": root_id, "PolicyType": PolicyType::ResourceControl.name()});
        root.organizations("resource control policies", "EnablePolicyType", &body)?;
    }
    for (kind, controls) in
        [(PolicyType::ServiceControl, &spec.service_control), (PolicyType::ResourceControl, &spec.resource_control)]
    {
        for control in controls {
            attach(&root, kind, control, &ids)?;
        }
    }
    Ok(())
}

fn join(root: &Root<'_>, account: &str, ids: &mut BTreeMap<String, String>) -> Result<(), SetupError> {
    let error = root.error(&format!("member {account}"));
    let Some(id) = AccountId::parse(account) else {
        return Err(error(crate::protocol::invalid("an account's id is twelve digits")));
    };
    organizations::join(root.cloud, &root.call, &id).map_err(error)?;
    ids.insert(account.to_owned(), account.to_owned());
    Ok(())
}

fn attach(
    root: &Root<'_>,
    kind: PolicyType,
    control: &ControlSpec,
    ids: &BTreeMap<String, String>,
) -> Result<(), SetupError> {
    let thing = format!("{} {}", kind.name(), control.name);
    let body = json!({
        "Name": control.name, "Description": "", "Type": kind.name(), "Content": control.document.to_string(),
    });
    let made = root.organizations(&thing, "CreatePolicy", &body)?;
    let policy = text(&made["Policy"]["PolicySummary"]["Id"]);
    for target in &control.targets {
        // A target that is unknown goes on as it is, for Organizations to refuse.
        let target = ids.get(target).unwrap_or(target);
        root.organizations(&thing, "AttachPolicy", &json!({"PolicyId": policy, "TargetId": target}))?;
        if control.instead_of_full_access {
            root.organizations(&thing, "DetachPolicy", &json!({"PolicyId": FULL_ACCESS, "TargetId": target}))?;
        }
    }
    Ok(())
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
