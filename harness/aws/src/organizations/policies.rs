//! Service control policies and resource control policies.

use super::faults;
use super::tree::root;
use super::turn::{Answer, Turn, arn, list as answer_list};
use crate::Fault;
use crate::world::{Document, FULL_ACCESS, Organization, OrganizationPolicy, PolicyType};
use proofmark_aws_policy::Kind;
use proofmark_json::{Value, json};

/// As many policies of a kind as may be attached to one target, and characters as a policy may have. Source: AWS Organizations User Guide,
/// "Quotas and service limits".
const MOST_ATTACHED: usize = 5;
const LONGEST: usize = 5120;

fn kind(turn: &Turn<'_>, member: &str) -> Result<PolicyType, Fault> {
    let name = turn.need(member)?;
    let found = PolicyType::ALL.into_iter().find(|kind| kind.name() == name);
    found.ok_or_else(|| faults::invalid(format!("Policies of the type {name} are not simulated.")))
}

fn document(text: &str, kind: PolicyType) -> Result<Document, Fault> {
    let malformed = |message: String| Fault::new(400, "MalformedPolicyDocumentException", message);
    if text.len() > LONGEST {
        return Err(Fault::new(
            400,
            "ConstraintViolationException",
            format!("You have exceeded the maximum size of {LONGEST} characters for a policy document."),
        ));
    }
    let kind = match kind {
        PolicyType::ServiceControl => Kind::ServiceControl,
        PolicyType::ResourceControl => Kind::ResourceControl,
    };
    Document::parse(text, kind).map_err(|error| malformed(error.to_string()))
}

fn set_type(turn: &mut Turn<'_>, enable: bool) -> Answer {
    let kind = kind(turn, "PolicyType")?;
    let organization = turn.managed()?;
    if turn.need("RootId")? != organization.root_id {
        return Err(faults::missing("RootNotFoundException", "a root"));
    }
    let organization = turn.managed_mut()?;
    let changed = if enable { organization.enabled.insert(kind) } else { organization.enabled.remove(&kind) };
    match (changed, enable) {
        (true, _) => Ok(json!({"Root": root(organization)})),
        (false, true) => Err(Fault::new(
            400,
            "PolicyTypeAlreadyEnabledException",
            "The specified policy type is already enabled in the specified root.",
        )),
        (false, false) => Err(not_enabled()),
    }
}

fn not_enabled() -> Fault {
    Fault::new(400, "PolicyTypeNotEnabledException", "The specified policy type isn't currently enabled in this root.")
}

pub(super) fn enable(turn: &mut Turn<'_>) -> Answer {
    set_type(turn, true)
}

pub(super) fn disable(turn: &mut Turn<'_>) -> Answer {
    set_type(turn, false)
}

fn summary(organization: &Organization, id: &str, policy: &OrganizationPolicy) -> Value {
    let of_aws = id == FULL_ACCESS;
    let part = format!("{}/{id}", policy.kind.name().to_ascii_lowercase());
    json!({
        "Id": id,
        "Arn": if of_aws { format!("arn:aws:organizations::aws:policy/{part}") } else { arn(organization, "policy", &part) },
        "Name": policy.name, "Description": policy.description, "Type": policy.kind.name(), "AwsManaged": of_aws,
    })
}

fn shown(organization: &Organization, id: &str, policy: &OrganizationPolicy) -> Value {
    json!({"Policy": {"PolicySummary": summary(organization, id, policy), "Content": policy.document.text}})
}

pub(super) fn create(turn: &mut Turn<'_>) -> Answer {
    let kind = kind(turn, "Type")?;
    let document = document(turn.need("Content")?, kind)?;
    let name = turn.need("Name")?.to_owned();
    let description = turn.need("Description")?.to_owned();
    let id = format!("p-{}", turn.cloud.random().lower(8));
    let organization = turn.managed_mut()?;
    check_name(organization, &name, kind, None)?;
    let policy = OrganizationPolicy { name, description, kind, document };
    let answer = shown(organization, &id, &policy);
    organization.policies.insert(id, policy);
    Ok(answer)
}

fn check_name(organization: &Organization, name: &str, kind: PolicyType, own: Option<&str>) -> Result<(), Fault> {
    let taken = organization
        .policies
        .iter()
        .any(|(id, policy)| policy.name == name && policy.kind == kind && own != Some(id.as_str()));
    if taken {
        return Err(Fault::new(400, "DuplicatePolicyException", "A policy with the same name already exists."));
    }
    Ok(())
}

/// The id of a policy of one's own, for changes.
fn own(turn: &Turn<'_>) -> Result<String, Fault> {
    let id = turn.need("PolicyId")?;
    if id == FULL_ACCESS {
        return Err(Fault::new(
            400,
            "PolicyChangesNotAllowedException",
            "Changes to AWS managed policies are not allowed.",
        ));
    }
    turn.managed()?.policies.get(id).map(|_| id.to_owned()).ok_or_else(faults::no_policy)
}

pub(super) fn update(turn: &mut Turn<'_>) -> Answer {
    let id = own(turn)?;
    let organization = turn.managed()?;
    let old = organization.policies.get(&id).ok_or_else(faults::no_policy)?;
    let name = turn.text("Name").unwrap_or(&old.name).to_owned();
    check_name(organization, &name, old.kind, Some(&id))?;
    let changed = OrganizationPolicy {
        name,
        description: turn.text("Description").unwrap_or(&old.description).to_owned(),
        kind: old.kind,
        document: match turn.text("Content") {
            Some(text) => document(text, old.kind)?,
            None => old.document.clone(),
        },
    };
    let answer = shown(organization, &id, &changed);
    turn.managed_mut()?.policies.insert(id, changed);
    Ok(answer)
}

pub(super) fn describe(turn: &mut Turn<'_>) -> Answer {
    let organization = turn.managed()?;
    let id = turn.need("PolicyId")?;
    let policy = organization.policies.get(id).ok_or_else(faults::no_policy)?;
    Ok(shown(organization, id, policy))
}

pub(super) fn delete(turn: &mut Turn<'_>) -> Answer {
    let id = own(turn)?;
    let organization = turn.managed_mut()?;
    if organization.attachments.values().any(|ids| ids.contains(&id)) {
        return Err(Fault::new(400, "PolicyInUseException", "The policy is attached to one or more entities."));
    }
    organization.policies.remove(&id);
    Ok(json!({}))
}

pub(super) fn list(turn: &mut Turn<'_>) -> Answer {
    let kind = kind(turn, "Filter")?;
    let organization = turn.managed()?;
    let policies = organization.policies.iter().filter(|(_, policy)| policy.kind == kind);
    answer_list("Policies", policies.map(|(id, policy)| summary(organization, id, policy)))
}

/// The root, unit or account that a request names.
fn target(turn: &Turn<'_>) -> Result<String, Fault> {
    let organization = turn.managed()?;
    let id = turn.need("TargetId")?;
    let there =
        id == organization.root_id || organization.units.contains_key(id) || organization.members.contains_key(id);
    if there { Ok(id.to_owned()) } else { Err(faults::no_target()) }
}

pub(super) fn attach(turn: &mut Turn<'_>) -> Answer {
    let target = target(turn)?;
    let id = turn.need("PolicyId")?.to_owned();
    let organization = turn.managed_mut()?;
    let kind = organization.policies.get(&id).ok_or_else(faults::no_policy)?.kind;
    if !organization.enabled.contains(&kind) {
        return Err(not_enabled());
    }
    let count = organization.attached(&target, kind).count();
    let attached = organization.attachments.entry(target).or_default();
    if attached.contains(&id) {
        return Err(Fault::new(
            400,
            "DuplicatePolicyAttachmentException",
            "The selected policy is already attached to the specified target.",
        ));
    }
    if count >= MOST_ATTACHED {
        return Err(Fault::new(
            400,
            "ConstraintViolationException",
            "You have attached the maximum number of policies to the specified target.",
        ));
    }
    attached.insert(id);
    Ok(json!({}))
}

pub(super) fn detach(turn: &mut Turn<'_>) -> Answer {
    let target = target(turn)?;
    let id = turn.need("PolicyId")?.to_owned();
    let organization = turn.managed_mut()?;
    let kind = organization.policies.get(&id).ok_or_else(faults::no_policy)?.kind;
    // Every target keeps one service control policy: without any, nothing would be allowed there.
    let last = kind == PolicyType::ServiceControl && organization.attached(&target, kind).count() == 1;
    let attached = organization.attachments.entry(target).or_default();
    if !attached.contains(&id) {
        return Err(Fault::new(
            400,
            "PolicyNotAttachedException",
            "The policy isn't attached to the specified target in the specified root.",
        ));
    }
    if last {
        return Err(Fault::new(
            400,
            "ConstraintViolationException",
            "You cannot remove the last policy attached to the specified target. You should have at least one at any time.",
        ));
    }
    attached.remove(&id);
    Ok(json!({}))
}

pub(super) fn list_for_target(turn: &mut Turn<'_>) -> Answer {
    let kind = kind(turn, "Filter")?;
    let target = target(turn)?;
    let organization = turn.managed()?;
    let attached = organization.attached(&target, kind);
    answer_list("Policies", attached.map(|(id, policy)| summary(organization, id, policy)))
}

pub(super) fn list_targets(turn: &mut Turn<'_>) -> Answer {
    let organization = turn.managed()?;
    let id = turn.need("PolicyId")?;
    if !organization.policies.contains_key(id) {
        return Err(faults::no_policy());
    }
    let targets = organization.attachments.iter().filter(|(_, ids)| ids.contains(id)).map(|(target, _)| {
        let (kind, word, name) = match organization.units.get(target) {
            Some(unit) => ("ORGANIZATIONAL_UNIT", "ou", unit.name.clone()),
            None if *target == organization.root_id => ("ROOT", "root", "Root".to_owned()),
            None => {
                let name = turn.world.account(target).map(|account| account.name.clone());
                ("ACCOUNT", "account", name.unwrap_or_default())
            }
        };
        json!({"TargetId": target, "Arn": arn(organization, word, target), "Name": name, "Type": kind})
    });
    answer_list("Targets", targets)
}
