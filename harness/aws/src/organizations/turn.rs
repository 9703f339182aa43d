//! One call's turn: what every action of Organizations works with.

use super::faults;
use crate::authorize::{Ask, Call};
use crate::world::{AccountId, Organization, Parent, World};
use crate::{Cloud, Fault};
use proofmark_json::{Value, json};

pub(super) type Answer = Result<Value, Fault>;

pub(super) struct Turn<'a> {
    pub(super) cloud: &'a Cloud,
    pub(super) world: &'a mut World,
    pub(super) call: &'a Call,
    pub(super) body: &'a Value,
    pub(super) account: AccountId,
}

impl Turn<'_> {
    pub(super) fn allow(&self, action: &str) -> Result<(), Fault> {
        let ask = Ask { action, resource: "*", owner: self.account.as_str(), ..Ask::default() };
        self.cloud
            .authorize(self.world, self.call, &ask)
            .map_err(|refusal| Fault::new(400, "AccessDeniedException", refusal.message()))
    }

    pub(super) fn text(&self, member: &str) -> Option<&str> {
        self.body[member].as_str()
    }

    /// A member that must be there.
    pub(super) fn need(&self, member: &str) -> Result<&str, Fault> {
        self.text(member)
            .ok_or_else(|| faults::invalid(format!("You specified an invalid value: {member} is missing.")))
    }

    /// The caller's organisation, for its members.
    pub(super) fn organization(&self) -> Result<&Organization, Fault> {
        let organization = self.world.organization.as_ref();
        organization
            .filter(|organization| organization.members.contains_key(&self.account))
            .ok_or_else(faults::not_in_use)
    }

    /// The same, for its management account alone.
    pub(super) fn managed(&self) -> Result<&Organization, Fault> {
        let organization = self.organization()?;
        if organization.management_account == self.account { Ok(organization) } else { Err(faults::not_management()) }
    }

    pub(super) fn managed_mut(&mut self) -> Result<&mut Organization, Fault> {
        self.managed()?;
        self.world.organization.as_mut().ok_or_else(faults::not_in_use)
    }
}

/// An ARN of an organisation: `account/o-1/111111111111`.
pub(super) fn arn(organization: &Organization, kind: &str, id: &str) -> String {
    let (owner, organization) = (&organization.management_account, &organization.id);
    format!("arn:aws:organizations::{owner}:{kind}/{organization}/{id}")
}

/// What a parent's id means.
pub(super) fn parent(organization: &Organization, id: &str) -> Result<Parent, Fault> {
    if id == organization.root_id {
        Ok(Parent::Root)
    } else if organization.units.contains_key(id) {
        Ok(Parent::Unit(id.to_owned()))
    } else {
        Err(faults::no_parent())
    }
}

/// A parent's id and type.
pub(super) fn shown(organization: &Organization, parent: &Parent) -> Value {
    match parent {
        Parent::Root => json!({"Id": organization.root_id, "Type": "ROOT"}),
        Parent::Unit(id) => json!({"Id": id, "Type": "ORGANIZATIONAL_UNIT"}),
    }
}

/// Lists come whole: `NextToken` is never needed.
pub(super) fn list(name: &str, entries: impl IntoIterator<Item = Value>) -> Answer {
    let entries: Vec<Value> = entries.into_iter().collect();
    Ok(json!({ name: entries }))
}
