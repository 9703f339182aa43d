//! Managed policies, their versions, and what they are attached to.

use super::aws_managed;
use super::holder::Holder;
use super::page::page;
use super::turn::{Answer, Turn, date, resource_tags};
use super::write::{tags as write_tags, url_encoded};
use super::{faults, params};
use crate::Fault;
use crate::protocol::{Checks, Xml};
use crate::world::{Account, ManagedPolicy, PolicyVersion};
use proofmark_aws_policy::Context;
use std::collections::BTreeMap;

/// As many versions as a policy may have, attached policies a user, group or role, and characters a document.
const MOST_VERSIONS: usize = 5;
const MOST_ATTACHED: usize = 10;
const MOST_SIZE: usize = 6144;

/// A policy that the account can use: its own or AWS'.
pub(super) fn find<'a>(account: &'a Account, arn: &str) -> Option<&'a ManagedPolicy> {
    account.policies.get(arn).or_else(|| aws_managed::get(arn))
}

fn named(turn: &Turn<'_>) -> Result<String, Fault> {
    let mut checks = Checks::of(turn.form);
    let arn = checks.need("PolicyArn", params::ARN).to_owned();
    checks.done()?;
    if proofmark_aws_policy::Arn::parse(&arn).is_none_or(|parsed| !parsed.resource.starts_with("policy/")) {
        return Err(faults::invalid_input(format!("ARN {arn} is not valid.")));
    }
    Ok(arn)
}

/// The permissions boundary that a request sets; its key goes with the request.
pub(super) fn boundary_of(turn: &Turn<'_>, keys: &mut Context) -> Result<Option<String>, Fault> {
    let Some(arn) = turn.form.get("PermissionsBoundary") else { return Ok(None) };
    keys.set("iam:PermissionsBoundary", arn);
    if find(turn.account()?, arn).is_none() {
        return Err(faults::no_such_entity(format!("Scope ARN: {arn} does not exist or is not attachable.")));
    }
    Ok(Some(arn.to_owned()))
}

pub(super) fn put_boundary(turn: &mut Turn<'_>, holder: Holder) -> Answer {
    let name = holder.named(turn)?.to_owned();
    let mut keys = Context::default();
    let set = boundary_of(turn, &mut keys)?;
    let set = Some(set.ok_or_else(|| turn.form.need("PermissionsBoundary").err().unwrap_or_else(no_boundary))?);
    holder.allow(turn, &name, keys)?;
    if let Some(boundary) = holder.held(turn.account_mut()?, &name)?.boundary {
        *boundary = set;
    }
    Ok(None)
}

pub(super) fn delete_boundary(turn: &mut Turn<'_>, holder: Holder) -> Answer {
    let name = holder.named(turn)?.to_owned();
    holder.allow(turn, &name, Context::default())?;
    let held = holder.held(turn.account_mut()?, &name)?;
    held.boundary.and_then(Option::take).map(|_| None).ok_or_else(no_boundary)
}

fn no_boundary() -> Fault {
    faults::no_such_entity("There is no permissions boundary.")
}

pub(super) fn create(turn: &mut Turn<'_>) -> Answer {
    let name = params::name(turn.form, "PolicyName", 128)?.to_owned();
    let path = params::path(turn.form)?;
    let tags = params::tags(turn.form)?;
    let mut keys = Context::default();
    params::request_tags(&tags, &mut keys);
    let arn = turn.arn("policy", &path, &name);
    turn.allow(&arn, keys)?;
    let document = document(turn)?;
    let created = turn.now();
    let policy = ManagedPolicy {
        name: name.clone(),
        path,
        id: turn.fresh_id("ANPA"),
        created,
        description: turn.form.get("Description").unwrap_or_default().to_owned(),
        tags,
        versions: BTreeMap::from([(1, PolicyVersion { document, created })]),
        default_version: 1,
        last_version: 1,
    };
    let account = turn.account_mut()?;
    if account.policies.values().any(|other| other.name.eq_ignore_ascii_case(&name)) {
        return Err(faults::already_exists(format!(
            "A policy called {name} already exists. Duplicate names are not allowed."
        )));
    }
    let mut xml = Xml::default();
    xml.element("Policy", |xml| write(xml, account, &arn, &policy, true));
    account.policies.insert(arn, policy);
    Ok(Some(xml))
}

fn document(turn: &Turn<'_>) -> Result<crate::world::Document, Fault> {
    let document = params::identity_policy(turn.form)?;
    if params::size(&document.text) > MOST_SIZE {
        return Err(faults::quota("PolicySize", MOST_SIZE));
    }
    Ok(document)
}

fn write(xml: &mut Xml, account: &Account, arn: &str, policy: &ManagedPolicy, whole: bool) {
    let users = || account.users.values();
    let roles = || account.roles.values();
    let attached = users().filter(|user| user.attached.contains(arn)).count()
        + account.groups.values().filter(|group| group.attached.contains(arn)).count()
        + roles().filter(|role| role.attached.contains(arn)).count();
    let bounded = |boundary: &Option<String>| boundary.as_deref() == Some(arn);
    let boundaries =
        users().filter(|user| bounded(&user.boundary)).count() + roles().filter(|role| bounded(&role.boundary)).count();
    xml.text("PolicyName", &policy.name).text("PolicyId", &policy.id).text("Arn", arn).text("Path", &policy.path);
    xml.text("DefaultVersionId", version_id(policy.default_version)).text("AttachmentCount", attached.to_string());
    xml.text("PermissionsBoundaryUsageCount", boundaries.to_string()).text("IsAttachable", "true");
    xml.text("CreateDate", date(policy.created));
    let updated = policy.versions.values().map(|version| version.created).max().unwrap_or(policy.created);
    xml.text("UpdateDate", date(updated));
    if whole {
        if !policy.description.is_empty() {
            xml.text("Description", &policy.description);
        }
        write_tags(xml, &policy.tags);
    }
}

fn version_id(number: u32) -> String {
    format!("v{number}")
}

pub(super) fn get(turn: &mut Turn<'_>) -> Answer {
    let arn = named(turn)?;
    let account = turn.account()?;
    let policy = find(account, &arn);
    turn.allow(&arn, policy.map(|policy| resource_tags(&policy.tags)).unwrap_or_default())?;
    let policy = policy.ok_or_else(|| faults::policy_not_found(&arn))?;
    let mut xml = Xml::default();
    xml.element("Policy", |xml| write(xml, account, &arn, policy, true));
    Ok(Some(xml))
}

pub(super) fn list(turn: &mut Turn<'_>) -> Answer {
    let mut checks = Checks::of(turn.form);
    let scope = checks.one_of("Scope", &["All", "AWS", "Local"]).unwrap_or("All");
    checks.done()?;
    let prefix = turn.form.get("PathPrefix").unwrap_or("/");
    let only_attached = turn.form.get("OnlyAttached") == Some("true");
    turn.allow(&turn.arn("policy", prefix, ""), Context::default())?;
    let account = turn.account()?;
    let own = account.policies.iter().filter(|_| scope != "AWS");
    let of_aws = aws_managed::all().filter(|_| scope != "Local");
    let is_attached = |arn: &str| attachments(account, arn).next().is_some();
    let mut all: Vec<(&String, &ManagedPolicy)> = own
        .chain(of_aws)
        .filter(|(arn, policy)| policy.path.starts_with(prefix) && (!only_attached || is_attached(arn)))
        .collect();
    all.sort_by_key(|(arn, _)| *arn);
    let page = page(turn.form, all.into_iter().map(|(arn, policy)| (arn.clone(), (arn, policy))))?;
    Ok(Some(page.write("Policies", |xml, (arn, policy)| write(xml, account, arn, policy, false))))
}

/// Everything that a policy is attached to, as kind, name and id.
fn attachments<'a>(account: &'a Account, arn: &'a str) -> impl Iterator<Item = (Holder, &'a str, &'a str)> {
    let users = account.users.values().filter(move |user| user.attached.contains(arn));
    let groups = account.groups.values().filter(move |group| group.attached.contains(arn));
    let roles = account.roles.values().filter(move |role| role.attached.contains(arn));
    users
        .map(|user| (Holder::User, user.name.as_str(), user.id.as_str()))
        .chain(groups.map(|group| (Holder::Group, group.name.as_str(), group.id.as_str())))
        .chain(roles.map(|role| (Holder::Role, role.name.as_str(), role.id.as_str())))
}

pub(super) fn entities(turn: &mut Turn<'_>) -> Answer {
    let arn = named(turn)?;
    turn.allow(&arn, Context::default())?;
    let account = turn.account()?;
    find(account, &arn).ok_or_else(|| faults::policy_not_found(&arn))?;
    let mut xml = Xml::default();
    for (list, holder, id_name) in [
        ("PolicyGroups", Holder::Group, "GroupId"),
        ("PolicyUsers", Holder::User, "UserId"),
        ("PolicyRoles", Holder::Role, "RoleId"),
    ] {
        let wanted = turn.form.get("EntityFilter").is_none_or(|filter| filter == holder.title());
        let of_kind = attachments(account, &arn).filter(|(kind, ..)| wanted && *kind == holder);
        xml.members(list, of_kind, |xml, (_, name, id)| {
            xml.text(holder.parameter(), name).text(id_name, id);
        });
    }
    xml.text("IsTruncated", "false");
    Ok(Some(xml))
}

pub(super) fn delete(turn: &mut Turn<'_>) -> Answer {
    let arn = named(turn)?;
    turn.allow(&arn, Context::default())?;
    let account = turn.account_mut()?;
    let policy = account.policies.get(&arn).ok_or_else(|| faults::policy_not_found(&arn))?;
    let bounds = |boundary: &Option<String>| boundary.as_deref() == Some(&arn);
    if attachments(account, &arn).next().is_some()
        || account.users.values().any(|user| bounds(&user.boundary))
        || account.roles.values().any(|role| bounds(&role.boundary))
    {
        return Err(faults::conflict("Cannot delete a policy attached to entities."));
    }
    if policy.versions.len() > 1 {
        return Err(faults::conflict(
            "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.",
        ));
    }
    account.policies.remove(&arn);
    Ok(None)
}

pub(super) fn create_version(turn: &mut Turn<'_>) -> Answer {
    let arn = named(turn)?;
    turn.allow(&arn, Context::default())?;
    let document = document(turn)?;
    let as_default = turn.form.get("SetAsDefault") == Some("true");
    let created = turn.now();
    let policies = &mut turn.account_mut()?.policies;
    let policy = policies.get_mut(&arn).ok_or_else(|| faults::policy_not_found(&arn))?;
    if policy.versions.len() >= MOST_VERSIONS {
        return Err(faults::limit(format!(
            "A managed policy can have up to {MOST_VERSIONS} versions. Before you create a new version, you must delete an existing version."
        )));
    }
    policy.last_version += 1;
    let number = policy.last_version;
    policy.versions.insert(number, PolicyVersion { document, created });
    if as_default {
        policy.default_version = number;
    }
    let mut xml = Xml::default();
    xml.element("PolicyVersion", |xml| {
        xml.text("VersionId", version_id(number)).text("IsDefaultVersion", as_default.to_string());
        xml.text("CreateDate", date(created));
    });
    Ok(Some(xml))
}

/// The number of the version that a request names.
fn version(turn: &Turn<'_>, arn: &str) -> Result<u32, Fault> {
    let id = turn.form.need("VersionId")?;
    let number = id.strip_prefix('v').and_then(|number| number.parse().ok());
    number.ok_or_else(|| no_version(arn, id))
}

fn no_version(arn: &str, id: &str) -> Fault {
    faults::no_such_entity(format!("Policy {arn} version {id} does not exist or is not attachable."))
}

pub(super) fn get_version(turn: &mut Turn<'_>) -> Answer {
    let arn = named(turn)?;
    turn.allow(&arn, Context::default())?;
    let number = version(turn, &arn)?;
    let policy = find(turn.account()?, &arn).ok_or_else(|| faults::policy_not_found(&arn))?;
    let found = policy.versions.get(&number).ok_or_else(|| no_version(&arn, &version_id(number)))?;
    let mut xml = Xml::default();
    xml.element("PolicyVersion", |xml| write_version(xml, policy, number, found, true));
    Ok(Some(xml))
}

fn write_version(xml: &mut Xml, policy: &ManagedPolicy, number: u32, version: &PolicyVersion, whole: bool) {
    if whole {
        xml.text("Document", url_encoded(&version.document.text));
    }
    xml.text("VersionId", version_id(number));
    xml.text("IsDefaultVersion", (policy.default_version == number).to_string());
    xml.text("CreateDate", date(version.created));
}

pub(super) fn list_versions(turn: &mut Turn<'_>) -> Answer {
    let arn = named(turn)?;
    turn.allow(&arn, Context::default())?;
    let policy = find(turn.account()?, &arn).ok_or_else(|| faults::policy_not_found(&arn))?;
    // The newest first.
    let keyed = policy
        .versions
        .iter()
        .rev()
        .map(|(number, version)| (format!("{:010}", u32::MAX - number), (*number, version)));
    let page = page(turn.form, keyed)?;
    Ok(Some(page.write("Versions", |xml, (number, version)| write_version(xml, policy, number, version, false))))
}

pub(super) fn set_default(turn: &mut Turn<'_>) -> Answer {
    let arn = named(turn)?;
    turn.allow(&arn, Context::default())?;
    let number = version(turn, &arn)?;
    let policies = &mut turn.account_mut()?.policies;
    let policy = policies.get_mut(&arn).ok_or_else(|| faults::policy_not_found(&arn))?;
    if !policy.versions.contains_key(&number) {
        return Err(no_version(&arn, &version_id(number)));
    }
    policy.default_version = number;
    Ok(None)
}

pub(super) fn delete_version(turn: &mut Turn<'_>) -> Answer {
    let arn = named(turn)?;
    turn.allow(&arn, Context::default())?;
    let number = version(turn, &arn)?;
    let policies = &mut turn.account_mut()?.policies;
    let policy = policies.get_mut(&arn).ok_or_else(|| faults::policy_not_found(&arn))?;
    if policy.default_version == number {
        return Err(faults::conflict("Cannot delete the default version of a policy."));
    }
    policy.versions.remove(&number).map(|_| None).ok_or_else(|| no_version(&arn, &version_id(number)))
}

pub(super) fn attach(turn: &mut Turn<'_>, holder: Holder) -> Answer {
    let name = holder.named(turn)?.to_owned();
    let arn = named(turn)?;
    holder.allow(turn, &name, Context::default().with("iam:PolicyARN", &arn))?;
    let account = turn.account_mut()?;
    let (_, attached) = holder.policies(account, &name)?;
    let full = attached.len() >= MOST_ATTACHED && !attached.contains(&arn);
    if find(account, &arn).is_none() {
        return Err(faults::not_attachable(&arn));
    }
    if full {
        return Err(faults::quota(&format!("PoliciesPer{}", holder.title()), MOST_ATTACHED));
    }
    holder.held(account, &name)?.attached.insert(arn);
    Ok(None)
}

pub(super) fn detach(turn: &mut Turn<'_>, holder: Holder) -> Answer {
    let name = holder.named(turn)?.to_owned();
    let arn = named(turn)?;
    holder.allow(turn, &name, Context::default().with("iam:PolicyARN", &arn))?;
    let held = holder.held(turn.account_mut()?, &name)?;
    if held.attached.remove(&arn) { Ok(None) } else { Err(faults::policy_not_found(&arn)) }
}

pub(super) fn list_attached(turn: &mut Turn<'_>, holder: Holder) -> Answer {
    let name = holder.named(turn)?;
    holder.allow(turn, name, Context::default())?;
    let account = turn.account()?;
    let (_, attached) = holder.policies(account, name)?;
    let found = attached.iter().filter_map(|arn| find(account, arn).map(|policy| (arn.clone(), (&policy.name, arn))));
    let page = page(turn.form, found)?;
    Ok(Some(page.write("AttachedPolicies", |xml, (name, arn)| {
        xml.text("PolicyName", name).text("PolicyArn", arn);
    })))
}
