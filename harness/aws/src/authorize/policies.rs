//! Which policies bear on a call.

use super::{Ask, Call};
use crate::iam::managed;
use crate::world::{Account, AccountId, Document, Organization, PolicyType, World};
use proofmark_aws_policy::{Attached, Principal};
use std::collections::{BTreeMap, BTreeSet};

/// Named policies, borrowed from the world.
type Named<'a> = Vec<(String, &'a Document)>;

pub(super) struct Collected<'a> {
    identity: Named<'a>,
    boundary: Option<(String, &'a Document)>,
    session: Option<Named<'a>>,
    service_control: Vec<Named<'a>>,
    resource_control: Named<'a>,
}

fn attach<'s>(named: &'s [(String, &Document)]) -> Vec<Attached<'s>> {
    named.iter().map(|(name, document)| Attached { name, policy: &document.policy }).collect()
}

impl Collected<'_> {
    pub(super) fn identity(&self) -> Vec<Attached<'_>> {
        attach(&self.identity)
    }

    pub(super) fn boundary(&self) -> Option<Attached<'_>> {
        self.boundary.as_ref().map(|(name, document)| Attached { name, policy: &document.policy })
    }

    pub(super) fn session(&self) -> Option<Vec<Attached<'_>>> {
        self.session.as_deref().map(attach)
    }

    pub(super) fn service_control(&self) -> Vec<Vec<Attached<'_>>> {
        self.service_control.iter().map(|level| attach(level)).collect()
    }

    pub(super) fn resource_control(&self) -> Vec<Attached<'_>> {
        attach(&self.resource_control)
    }
}

pub(super) fn collect<'a>(world: &'a World, call: &'a Call, ask: &Ask<'_>) -> Collected<'a> {
    let principal = &call.caller.principal;
    let account = principal.account().and_then(|id| world.account(id));
    let mut identity = vec![];
    let mut boundary = None;
    // Whom a user vouches for has the user's policies.
    let holder = match principal {
        Principal::FederatedUser { by, .. } => by,
        principal => principal,
    };
    match (holder, account) {
        (Principal::User { name, id, .. }, Some(account)) => {
            // A user or role that was deleted and made again is another one: sessions of the old one have no policies.
            if let Some(user) = account.users.get(name).filter(|user| user.id == *id) {
                own(&format!("user/{name}"), &user.inline, &user.attached, account, &mut identity);
                for group in user.groups.iter().filter_map(|group| account.groups.get(group)) {
                    own(&format!("group/{}", group.name), &group.inline, &group.attached, account, &mut identity);
                }
                boundary = user.boundary.as_deref();
            }
        }
        (Principal::Session { role, id, .. }, Some(account)) => {
            if let Some(role) = account.roles.get(role).filter(|role| role.id == *id) {
                own(&format!("role/{}", role.name), &role.inline, &role.attached, account, &mut identity);
                boundary = role.boundary.as_deref();
            }
        }
        _ => {}
    }
    let boundary =
        boundary.zip(account).and_then(|(arn, account)| Some((format!("boundary {arn}"), managed(account, arn)?)));
    let session = call.caller.session.as_ref().and_then(|session| session.policies.as_ref());
    let session = session.map(|policies| policies.iter().map(|(name, document)| (name.clone(), document)).collect());
    let organization = world.organization.as_ref();
    Collected {
        identity,
        boundary,
        session,
        service_control: organization
            .zip(account)
            .map(|(organization, account)| service_control(organization, &account.id, principal))
            .unwrap_or_default(),
        resource_control: organization
            .zip(AccountId::parse(ask.owner))
            .filter(|_| is_resource_controlled(ask.action, principal))
            .map(|(organization, owner)| resource_control(organization, &owner))
            .unwrap_or_default(),
    }
}

fn own<'a>(
    whose: &str,
    inline: &'a BTreeMap<String, Document>,
    attached: &BTreeSet<String>,
    account: &'a Account,
    into: &mut Named<'a>,
) {
    into.extend(inline.iter().map(|(name, document)| (format!("{whose}: inline policy {name}"), document)));
    into.extend(attached.iter().filter_map(|arn| Some((format!("{whose}: {arn}"), managed(account, arn)?))));
}

/// Resource control policies reach these services, and not what AWS' own roles do. Source: AWS Organizations User Guide, "Resource control
/// policies (RCPs)".
fn is_resource_controlled(action: &str, principal: &Principal) -> bool {
    let service = action.split_once(':').map_or("", |(service, _)| service);
    ["s3", "sts", "kms"].contains(&service) && !is_service_linked(principal)
}

fn is_service_linked(principal: &Principal) -> bool {
    matches!(principal, Principal::Session { path, .. } if path.starts_with("/aws-service-role/"))
}

/// Every level from the root down; none for the management account, which they do not limit.
fn service_control<'a>(organization: &'a Organization, account: &AccountId, principal: &Principal) -> Vec<Named<'a>> {
    let counts = organization.enabled.contains(&PolicyType::ServiceControl);
    if *account == organization.management_account || is_service_linked(principal) || !counts {
        return vec![];
    }
    levels(organization, account, PolicyType::ServiceControl)
}

/// Of all levels together: they only deny.
fn resource_control<'a>(organization: &'a Organization, owner: &AccountId) -> Named<'a> {
    if *owner == organization.management_account {
        return vec![];
    }
    levels(organization, owner, PolicyType::ResourceControl).into_iter().flatten().collect()
}

fn levels<'a>(organization: &'a Organization, account: &AccountId, kind: PolicyType) -> Vec<Named<'a>> {
    let Some(path) = organization.path(account) else { return vec![] };
    let named = |target: &str| {
        let attached = organization.attached(target, kind);
        attached.map(|(id, policy)| (format!("{} ({id}) on {target}", policy.name), &policy.document)).collect()
    };
    path.into_iter().chain([account.as_str()]).map(named).collect()
}

/// Whether a caller belongs to the owner's account, or to its organisation.
pub(super) fn same_account_or_organization(world: &World, call: &Call, owner: &str) -> bool {
    let Some(account) = call.caller.principal.account() else { return false };
    let member = |id: &str| {
        let organization = world.organization.as_ref()?;
        organization.path(&AccountId::parse(id)?)
    };
    account == owner || (member(account).is_some() && member(owner).is_some())
}
