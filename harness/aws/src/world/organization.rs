//! Organisations: the tree of accounts, and the policies that limit them.

use super::{AccountId, Document};
use std::collections::BTreeMap;

/// An organisation.
#[derive(Debug, Clone)]
pub struct Organization {
    /// `o-exampleorgid`
    pub id: String,
    /// `r-abcd`
    pub root_id: String,
    /// Its own account, which no service control policy limits.
    pub management_account: AccountId,
    /// By id: `ou-abcd-12345678`
    pub units: BTreeMap<String, OrganizationalUnit>,
    /// Where each member account hangs.
    pub members: BTreeMap<AccountId, Parent>,
    /// Service control policies by id, with their names.
    pub service_control: BTreeMap<String, (String, Document)>,
    /// Resource control policies by id, with their names.
    pub resource_control: BTreeMap<String, (String, Document)>,
    /// Ids of policies by what they are attached to: the root's id, a unit's or an account's.
    pub attachments: BTreeMap<String, Vec<String>>,
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
}
