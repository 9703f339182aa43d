//! Member accounts.

use super::faults;
use super::turn::{Answer, Turn, arn, parent};
use crate::Fault;
use crate::world::{Account, AccountId, Document, FULL_ACCESS, Organization, Parent, Role, World};
use proofmark_aws_policy::Kind;
use proofmark_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Makes an account, with the role by which the management account gets into it. Creation is done at once.
pub(super) fn create(turn: &mut Turn<'_>) -> Answer {
    let name = turn.need("AccountName")?.to_owned();
    let email = turn.need("Email")?.to_owned();
    let role = turn.text("RoleName").unwrap_or("OrganizationAccountAccessRole").to_owned();
    let organization = turn.managed()?;
    let request = format!("car-{}", turn.cloud.random().lower(32));
    if organization.joined.values().any(|(_, other)| *other == email) {
        let status = status(&request, &name, Err("EMAIL_ALREADY_EXISTS"), turn);
        return Ok(json!({"CreateAccountStatus": status}));
    }
    let id = loop {
        let digits = turn.cloud.random().digits(12);
        match AccountId::parse(&digits) {
            Some(id) if !turn.world.accounts.contains_key(&id) => break id,
            _ => {}
        }
    };
    join(turn, &id, &name, email, &role)?;
    Ok(json!({"CreateAccountStatus": status(&format!("{request}-{id}"), &name, Ok(&id), turn)}))
}

fn status(request: &str, name: &str, outcome: Result<&AccountId, &str>, turn: &Turn<'_>) -> Value {
    let now = turn.cloud.now().as_second();
    let mut status = json!({"Id": request, "AccountName": name, "RequestedTimestamp": now, "CompletedTimestamp": now});
    match outcome {
        Ok(id) => (status["State"], status["AccountId"]) = (json!("SUCCEEDED"), json!(id.as_str())),
        Err(why) => (status["State"], status["FailureReason"]) = (json!("FAILED"), json!(why)),
    }
    status
}

/// Puts an account into the organisation, below its root.
pub(super) fn join(turn: &mut Turn<'_>, id: &AccountId, name: &str, email: String, role: &str) -> Result<(), Fault> {
    let management = turn.managed()?.management_account.clone();
    let now = turn.cloud.now();
    let access = access_role(turn, &management, role)?;
    let account = turn.world.accounts.entry(id.clone()).or_insert_with(|| Account::new(id.clone()));
    name.clone_into(&mut account.name);
    account.roles.insert(role.to_owned(), access);
    let organization = turn.managed_mut()?;
    organization.members.insert(id.clone(), Parent::Root);
    organization.joined.insert(id.clone(), (now, email));
    organization.attachments.insert(id.to_string(), BTreeSet::from([FULL_ACCESS.to_owned()]));
    Ok(())
}

fn access_role(turn: &Turn<'_>, management: &AccountId, name: &str) -> Result<Role, Fault> {
    let trust = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"AWS": format!("arn:aws:iam::{management}:root")}, "Action": "sts:AssumeRole",
    }]});
    Ok(Role {
        name: name.to_owned(),
        path: "/".to_owned(),
        id: turn.cloud.random().unique_id("AROA"),
        created: turn.cloud.now(),
        trust: Document::parse(&trust.to_string(), Kind::Trust).map_err(|error| faults::invalid(error.to_string()))?,
        description: String::new(),
        max_session_seconds: 3600,
        tags: BTreeMap::new(),
        inline: BTreeMap::new(),
        attached: BTreeSet::from(["arn:aws:iam::aws:policy/AdministratorAccess".to_owned()]),
        boundary: None,
    })
}

/// Accounts are there at once, so the id of a request tells its account.
pub(super) fn describe_status(turn: &mut Turn<'_>) -> Answer {
    turn.managed()?;
    let request = turn.need("CreateAccountRequestId")?;
    let id = request.rsplit('-').next().and_then(AccountId::parse);
    let account = id.as_ref().and_then(|id| turn.world.accounts.get(id));
    let missing = || faults::missing("CreateAccountStatusNotFoundException", "a create account request");
    let account = account.ok_or_else(missing)?;
    Ok(json!({"CreateAccountStatus": status(request, &account.name, Ok(&account.id), turn)}))
}

fn shown(world: &World, organization: &Organization, id: &AccountId) -> Value {
    let (joined, email) = match organization.joined.get(id) {
        Some((at, email)) => (at.as_second(), email.as_str()),
        None => (0, ""),
    };
    let own = *id == organization.management_account;
    json!({
        "Id": id.as_str(), "Arn": arn(organization, "account", id.as_str()), "Email": email,
        "Name": world.accounts.get(id).map(|account| account.name.as_str()).unwrap_or_default(),
        "Status": "ACTIVE", "State": "ACTIVE", "JoinedMethod": if own { "INVITED" } else { "CREATED" }, "JoinedTimestamp": joined,
    })
}

pub(super) fn describe(turn: &mut Turn<'_>) -> Answer {
    let organization = turn.managed()?;
    let id = member(turn, organization)?;
    Ok(json!({"Account": shown(turn.world, organization, &id)}))
}

fn member(turn: &Turn<'_>, organization: &Organization) -> Result<AccountId, Fault> {
    let id = AccountId::parse(turn.need("AccountId")?).filter(|id| organization.members.contains_key(id));
    id.ok_or_else(faults::no_account)
}

pub(super) fn list(turn: &mut Turn<'_>) -> Answer {
    let organization = turn.managed()?;
    list_of(turn, organization, |_| true)
}

pub(super) fn list_for_parent(turn: &mut Turn<'_>) -> Answer {
    let organization = turn.managed()?;
    let parent = parent(organization, turn.need("ParentId")?)?;
    list_of(turn, organization, |of| *of == parent)
}

fn list_of(turn: &Turn<'_>, organization: &Organization, wanted: impl Fn(&Parent) -> bool) -> Answer {
    let members = organization.members.iter().filter(|(_, parent)| wanted(parent));
    super::turn::list("Accounts", members.map(|(id, _)| shown(turn.world, organization, id)))
}

pub(super) fn move_to(turn: &mut Turn<'_>) -> Answer {
    let organization = turn.managed()?;
    let id = member(turn, organization)?;
    let from = parent(organization, turn.need("SourceParentId")?)
        .map_err(|_| faults::missing("SourceParentNotFoundException", "a source root or OU"))?;
    let to = parent(organization, turn.need("DestinationParentId")?)
        .map_err(|_| faults::missing("DestinationParentNotFoundException", "a destination root or OU"))?;
    if organization.members.get(&id) != Some(&from) {
        return Err(faults::missing("SourceParentNotFoundException", "a source root or OU"));
    }
    turn.managed_mut()?.members.insert(id, to);
    Ok(json!({}))
}

pub(super) fn remove(turn: &mut Turn<'_>) -> Answer {
    let organization = turn.managed()?;
    let id = member(turn, organization)?;
    if id == organization.management_account {
        return Err(Fault::new(
            400,
            "MasterCannotLeaveOrganizationException",
            "You can't remove a management account from an organization.",
        ));
    }
    let organization = turn.managed_mut()?;
    organization.members.remove(&id);
    organization.joined.remove(&id);
    organization.attachments.remove(id.as_str());
    Ok(json!({}))
}
