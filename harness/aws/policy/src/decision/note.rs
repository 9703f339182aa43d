//! Why layers that do not agree come to the outcome that they come to.
//!
//! Where every layer says the same, or one denies, the clauses of a sentence speak for themselves; elsewhere the rule is named that weighs them.
//! Source: IAM User Guide, "Policy evaluation logic", "Cross-account policy evaluation logic".

use super::{Decision, Denial, Layer, Request, ResourceRule};
use crate::document::Grade;

impl Decision<'_> {
    /// The rule, in words that end a sentence.
    pub(super) fn note(&self, request: &Request<'_>) -> Option<&'static str> {
        match self.denial {
            None => self.note_of_allowed(request),
            Some(Denial::Explicit(_)) => None,
            Some(Denial::Implicit(layer)) => self.note_of_denied(request, layer),
        }
    }

    fn note_of_allowed(&self, request: &Request<'_>) -> Option<&'static str> {
        if request.principal.is_root() {
            return Some("the root user needs no identity-based policy");
        }
        let agree = [Layer::Identity, Layer::Boundary, Layer::Session];
        if self.cross_account || agree.into_iter().all(|layer| self.said(layer).permits()) {
            return None;
        }
        match self.grade {
            Some(Grade::Direct) => Some("in one account a resource-based policy that names the caller is enough"),
            Some(Grade::Role) => Some("in one account a resource-based policy that names the caller's role is enough"),
            Some(Grade::Account) | None => None,
        }
    }

    fn note_of_denied(&self, request: &Request<'_>, layer: Layer) -> Option<&'static str> {
        let caller_allows = request.principal.is_root() || self.said(Layer::Identity).allows();
        let owner_allows = self.said(Layer::Resource).allows();
        match (layer, self.cross_account) {
            (Layer::ServiceControl, _) => {
                Some("every level of the organisation above the caller's account must allow it")
            }
            (Layer::Boundary | Layer::Session, false) if self.grade == Some(Grade::Role) => Some(
                "a resource-based policy that names a role lets its sessions do no more than boundary and session policies do",
            ),
            (Layer::Boundary, _) => Some("a permissions boundary grants nothing and limits everything"),
            (Layer::Session, _) => Some("a session policy grants nothing and limits everything"),
            (_, true) if request.principal.account().is_none() => {
                Some("the caller is of no account that could allow it")
            }
            (_, true) if caller_allows != owner_allows => Some("across accounts both sides must allow it"),
            (Layer::Identity, false) if self.grade == Some(Grade::Account) => {
                Some("a resource-based policy that names an account leaves it to the account's own policies")
            }
            (Layer::Resource, false) if self.rule == ResourceRule::MustAllow => {
                Some("the policy of a key or a role must allow it, whatever other policies allow")
            }
            _ => None,
        }
    }
}
