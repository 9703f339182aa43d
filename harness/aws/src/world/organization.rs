//! Organisations: the tree of accounts, and the policies that limit them.

use super::{AccountId, Document};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// The service control policy that AWS attaches everywhere: it allows everything.
pub const FULL_ACCESS: &str = "p-FullAWSAccess";

/// An organisation.
#[derive(Debug, Clone)]
pub struct Organization {
    /// `o-exampleorgid`
    pub id: String,
    /// `r-abcd`
    pub root_id: String,
    /// Its own account, which no policy of the organisation limits.
    pub management_account: AccountId,
    /// By id: `ou-abcd-12345678`
    pub units: BTreeMap<String, OrganizationalUnit>,
    /// Where each account hangs, the management account included.
    pub members: BTreeMap<AccountId, Parent>,
    /// When each account joined, and the address that it was made with.
    pub joined: BTreeMap<AccountId, (Timestamp, String)>,
    /// By id: `p-12345678`
    pub policies: BTreeMap<String, OrganizationPolicy>,
    /// The kinds of policies that count.
    pub enabled: BTreeSet<PolicyType>,
    /// Ids of policies by what they are attached to: the root's id, a unit's or an account's.
    pub attachments: BTreeMap<String, BTreeSet<String>>,
}

/// A policy of an organisation.
#[derive(Debug, Clone)]
pub struct OrganizationPolicy {
    /// Its name.
    pub name: String,
    /// Words about it.
    pub description: String,
    /// What it limits.
    pub kind: PolicyType,
    /// What it says.
    pub document: Document,
}

/// What a policy of an organisation limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PolicyType {
    /// The principals of accounts.
    ServiceControl,
    /// The resources of accounts.
    ResourceControl,
}

impl PolicyType {
    /// Every one.
    pub const ALL: [Self; 2] = [Self::ServiceControl, Self::ResourceControl];

    /// `SERVICE_CONTROL_POLICY`
    pub fn name(self) -> &'static str {
        match self {
            Self::ServiceControl => "SERVICE_CONTROL_POLICY",
            Self::ResourceControl => "RESOURCE_CONTROL_POLICY",
        }
    }
}

/// A branch of the tree.
#[derive(Debug, Clone)]
pub struct OrganizationalUnit {
    /// Its name.
    pub name: String,
    /// What it hangs from.
    pub parent: Parent,
}

/// What an account or a unit hangs from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parent {
    /// The root.
    Root,
    /// A unit, by id.
    Unit(String),
}

impl Organization {
    /// The ids from the root down to an account; none if it is no member.
    pub fn path(&self, account: &AccountId) -> Option<Vec<&str>> {
        let mut parent = self.members.get(account)?;
        let mut path = vec![];
        // A unit that hangs from itself cannot be made; the length bounds the walk all the same.
        while let (Parent::Unit(id), true) = (parent, path.len() <= self.units.len()) {
            path.push(id.as_str());
            parent = &self.units.get(id)?.parent;
        }
        path.push(&self.root_id);
        path.reverse();
        Some(path)
    }

    /// The path as `aws:PrincipalOrgPaths` writes it: `o-1/r-1/ou-1/`.
    pub fn path_text(&self, account: &AccountId) -> Option<String> {
        Some(format!("{}/{}/", self.id, self.path(account)?.join("/")))
    }

    /// The policies of a kind that are attached to a root, unit or account, with their ids; none while their kind does not count.
    pub fn attached(&self, target: &str, kind: PolicyType) -> impl Iterator<Item = (&str, &OrganizationPolicy)> {
        let ids = self.attachments.get(target).into_iter().flatten().filter(move |_| self.enabled.contains(&kind));
        let policies = ids.filter_map(|id| Some((id.as_str(), self.policies.get(id)?)));
        policies.filter(move |(_, policy)| policy.kind == kind)
    }
}
