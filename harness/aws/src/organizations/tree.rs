//! The organisation, its root and its units.

use super::faults;
use super::turn::{Answer, Turn, arn, list, parent, shown};
use crate::Fault;
use crate::world::{Document, FULL_ACCESS, Organization, OrganizationPolicy, OrganizationalUnit, Parent, PolicyType};
use proofmark_aws_policy::Kind;
use proofmark_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn create(turn: &mut Turn<'_>) -> Answer {
    if turn.world.organization.is_some() {
        // A cloud has one organisation; a stranger learns as much as a member.
        return Err(Fault::new(
            400,
            "AlreadyInOrganizationException",
            "The AWS account is already a member of an organization.",
        ));
    }
    let all = turn.text("FeatureSet").is_none_or(|set| set == "ALL");
    if !all {
        return Err(faults::invalid("Only organizations with all features are simulated."));
    }
    let allow = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]});
    let document =
        Document::parse(&allow.to_string(), Kind::ServiceControl).map_err(|e| faults::invalid(e.to_string()))?;
    let full = OrganizationPolicy {
        name: "FullAWSAccess".to_owned(),
        description: "Allows access to every operation".to_owned(),
        kind: PolicyType::ServiceControl,
        document,
    };
    let management_account = turn.account.clone();
    let (id, root_id) = (turn.cloud.random().lower(10), turn.cloud.random().lower(4));
    let root_id = format!("r-{root_id}");
    let attached = |target: &str| (target.to_owned(), BTreeSet::from([FULL_ACCESS.to_owned()]));
    let email = format!("{management_account}@example.com");
    let organization = Organization {
        id: format!("o-{id}"),
        units: BTreeMap::new(),
        members: BTreeMap::from([(management_account.clone(), Parent::Root)]),
        joined: BTreeMap::from([(management_account.clone(), (turn.cloud.now(), email))]),
        policies: BTreeMap::from([(FULL_ACCESS.to_owned(), full)]),
        enabled: BTreeSet::from([PolicyType::ServiceControl]),
        attachments: BTreeMap::from([attached(&root_id), attached(management_account.as_str())]),
        root_id,
        management_account,
    };
    turn.world.organization = Some(organization);
    describe(turn)
}

pub(super) fn describe(turn: &mut Turn<'_>) -> Answer {
    let organization = turn.organization()?;
    let owner = &organization.management_account;
    let email = organization.joined.get(owner).map(|(_, email)| email.as_str()).unwrap_or_default();
    Ok(json!({"Organization": {
        "Id": organization.id,
        "Arn": format!("arn:aws:organizations::{owner}:organization/{}", organization.id),
        "FeatureSet": "ALL",
        "MasterAccountArn": arn(organization, "account", owner.as_str()),
        "MasterAccountId": owner.as_str(),
        "MasterAccountEmail": email,
        "AvailablePolicyTypes": types(organization),
    }}))
}

pub(super) fn types(organization: &Organization) -> Vec<Value> {
    organization.enabled.iter().map(|kind| json!({"Type": kind.name(), "Status": "ENABLED"})).collect()
}

pub(super) fn delete(turn: &mut Turn<'_>) -> Answer {
    let organization = turn.managed()?;
    if organization.members.len() > 1 || !organization.units.is_empty() {
        return Err(Fault::new(400, "OrganizationNotEmptyException", "The organization isn't empty."));
    }
    turn.world.organization = None;
    Ok(json!({}))
}

pub(super) fn root(organization: &Organization) -> Value {
    json!({
        "Id": organization.root_id, "Arn": arn(organization, "root", &organization.root_id), "Name": "Root",
        "PolicyTypes": types(organization),
    })
}

pub(super) fn list_roots(turn: &mut Turn<'_>) -> Answer {
    list("Roots", [root(turn.managed()?)])
}

fn unit(organization: &Organization, id: &str, unit: &OrganizationalUnit) -> Value {
    json!({"Id": id, "Arn": arn(organization, "ou", id), "Name": unit.name})
}

pub(super) fn create_unit(turn: &mut Turn<'_>) -> Answer {
    let name = turn.need("Name")?.to_owned();
    let organization = turn.managed()?;
    let parent = parent(organization, turn.need("ParentId")?)?;
    if organization.units.values().any(|unit| unit.parent == parent && unit.name == name) {
        return Err(Fault::new(
            400,
            "DuplicateOrganizationalUnitException",
            "An OU with the same name already exists.",
        ));
    }
    let root = organization.root_id.trim_start_matches("r-");
    let id = format!("ou-{root}-{}", turn.cloud.random().lower(8));
    let made = OrganizationalUnit { name, parent };
    let organization = turn.managed_mut()?;
    organization.attachments.insert(id.clone(), BTreeSet::from([FULL_ACCESS.to_owned()]));
    let shown = unit(organization, &id, &made);
    organization.units.insert(id, made);
    Ok(json!({"OrganizationalUnit": shown}))
}

fn no_unit() -> Fault {
    faults::missing("OrganizationalUnitNotFoundException", "an OU")
}

pub(super) fn describe_unit(turn: &mut Turn<'_>) -> Answer {
    let organization = turn.managed()?;
    let id = turn.need("OrganizationalUnitId")?;
    let found = organization.units.get(id).ok_or_else(no_unit)?;
    Ok(json!({"OrganizationalUnit": unit(organization, id, found)}))
}

pub(super) fn delete_unit(turn: &mut Turn<'_>) -> Answer {
    let id = turn.need("OrganizationalUnitId")?.to_owned();
    let organization = turn.managed_mut()?;
    let parent = Parent::Unit(id.clone());
    let used = organization.units.values().any(|unit| unit.parent == parent)
        || organization.members.values().any(|member| *member == parent);
    if used {
        return Err(Fault::new(400, "OrganizationalUnitNotEmptyException", "The specified OU is not empty."));
    }
    organization.units.remove(&id).ok_or_else(no_unit)?;
    organization.attachments.remove(&id);
    Ok(json!({}))
}

pub(super) fn list_units(turn: &mut Turn<'_>) -> Answer {
    let organization = turn.managed()?;
    let parent = parent(organization, turn.need("ParentId")?)?;
    let units = organization.units.iter().filter(|(_, unit)| unit.parent == parent);
    list("OrganizationalUnits", units.map(|(id, found)| unit(organization, id, found)))
}

pub(super) fn list_parents(turn: &mut Turn<'_>) -> Answer {
    let organization = turn.managed()?;
    let child = turn.need("ChildId")?;
    let of_unit = organization.units.get(child).map(|unit| &unit.parent);
    let parent = of_unit.or_else(|| organization.members.get(child));
    let parent = parent.ok_or_else(|| faults::missing("ChildNotFoundException", "a child"))?;
    list("Parents", [shown(organization, parent)])
}

pub(super) fn list_children(turn: &mut Turn<'_>) -> Answer {
    let organization = turn.managed()?;
    let parent = parent(organization, turn.need("ParentId")?)?;
    let kind = turn.need("ChildType")?;
    let ids: Vec<&str> = match kind {
        "ACCOUNT" => organization.members.iter().filter(|(_, of)| **of == parent).map(|(id, _)| id.as_str()).collect(),
        "ORGANIZATIONAL_UNIT" => {
            organization.units.iter().filter(|(_, unit)| unit.parent == parent).map(|(id, _)| id.as_str()).collect()
        }
        _ => return Err(faults::invalid("You specified an invalid value: ChildType.")),
    };
    list("Children", ids.into_iter().map(|id| json!({"Id": id, "Type": kind})))
}
