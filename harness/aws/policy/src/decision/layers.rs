//! What each layer of policies says, by itself.

use super::{Policies, Request};
use crate::document::{Effect, Grade, Match, Policy, Statement};

/// A policy under the name that it has where it is attached.
#[derive(Debug, Clone, Copy)]
pub struct Attached<'a> {
    /// For people: `role/reader: inline policy read`, `bucket policy of models`.
    pub name: &'a str,
    /// The document.
    pub policy: &'a Policy,
}

/// A kind of policies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layer {
    /// Of the user or role, and of its groups.
    Identity,
    /// The permissions boundary.
    Boundary,
    /// Given when the session was made.
    Session,
    /// Of the bucket, key or role that is asked for.
    Resource,
    /// Service control policies.
    ServiceControl,
    /// Resource control policies.
    ResourceControl,
}

/// The statement that a layer's answer rests on.
#[derive(Debug, Clone, Copy)]
pub struct Cited<'a> {
    /// The policy's name.
    pub policy: &'a str,
    /// The statement's place in the policy, from 0.
    pub index: usize,
    /// The statement.
    pub statement: &'a Statement,
}

/// What a layer says of a request.
#[derive(Debug, Clone, Copy)]
pub enum Said<'a> {
    /// There is no such layer for this principal.
    NotAsked,
    /// No statement applies.
    Nothing,
    /// It allows.
    Allows(Cited<'a>),
    /// It denies.
    Denies(Cited<'a>),
}

impl Said<'_> {
    /// Whether it allows.
    pub fn allows(&self) -> bool {
        matches!(self, Self::Allows(_))
    }

    /// Whether it does not stand in the way: it allows, or there is none.
    pub(super) fn permits(&self) -> bool {
        matches!(self, Self::Allows(_) | Self::NotAsked)
    }
}

/// What every layer says.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layers<'a> {
    pub(super) identity: Said<'a>,
    pub(super) boundary: Said<'a>,
    pub(super) session: Said<'a>,
    pub(super) resource: Said<'a>,
    pub(super) service_control: Said<'a>,
    pub(super) resource_control: Said<'a>,
}

impl<'a> Layers<'a> {
    pub(super) fn said(&self, layer: Layer) -> Said<'a> {
        match layer {
            Layer::Identity => self.identity,
            Layer::Boundary => self.boundary,
            Layer::Session => self.session,
            Layer::Resource => self.resource,
            Layer::ServiceControl => self.service_control,
            Layer::ResourceControl => self.resource_control,
        }
    }

    /// Boundary and session policies grant nothing, but what they do not allow is refused.
    pub(super) fn limits(&self) -> Option<Layer> {
        if !self.boundary.permits() {
            return Some(Layer::Boundary);
        }
        (!self.session.permits()).then_some(Layer::Session)
    }
}

/// A layer whose policies add up: one that allows is enough, one that denies decides.
pub(super) fn evaluate<'a>(request: &Request<'_>, policies: &[Attached<'a>]) -> Said<'a> {
    let mut said = Said::Nothing;
    for Attached { name, policy } in policies {
        for (index, statement) in policy.statements.iter().enumerate() {
            if said.allows() && statement.effect == Effect::Allow {
                continue;
            }
            if statement.applies(request.action, request.resource, request.context) {
                let cited = Cited { policy: name, index, statement };
                match statement.effect {
                    Effect::Deny => return Said::Denies(cited),
                    Effect::Allow => said = Said::Allows(cited),
                }
            }
        }
    }
    said
}

/// Layers of which each must allow: the levels of an organisation.
pub(super) fn evaluate_levels<'a>(request: &Request<'_>, levels: &[&[Attached<'a>]]) -> Said<'a> {
    let mut all = Said::NotAsked;
    for level in levels {
        match evaluate(request, level) {
            Said::Denies(cited) => return Said::Denies(cited),
            Said::Allows(cited) if !matches!(all, Said::Nothing) => all = Said::Allows(cited),
            Said::Allows(_) => {}
            Said::Nothing | Said::NotAsked => all = Said::Nothing,
        }
    }
    all
}

/// The resource's own policy, and how directly it names the principal where it allows.
pub(super) fn evaluate_resource<'a>(request: &Request<'_>, policies: &Policies<'a>) -> (Said<'a>, Option<Grade>) {
    let Some(Attached { name, policy }) = policies.resource else { return (Said::Nothing, None) };
    let mut best: Option<(Grade, Cited<'a>)> = None;
    for (index, statement) in policy.statements.iter().enumerate() {
        let Some(principals) = &statement.principals else { continue };
        let Match::Yes(grade) = principals.matches(request.principal, policies.boundary.is_some()) else { continue };
        if statement.applies(request.action, request.resource, request.context) {
            let cited = Cited { policy: name, index, statement };
            match statement.effect {
                Effect::Deny => return (Said::Denies(cited), None),
                Effect::Allow if best.as_ref().is_none_or(|(b, _)| *b < grade) => best = Some((grade, cited)),
                Effect::Allow => {}
            }
        }
    }
    match best {
        Some((grade, cited)) => (Said::Allows(cited), Some(grade)),
        None => (Said::Nothing, None),
    }
}

/// Resource control policies, which allow everything that they do not deny.
pub(super) fn evaluate_control<'a>(request: &Request<'_>, policies: &Policies<'a>) -> Said<'a> {
    for Attached { name, policy } in policies.resource_control {
        for (index, statement) in policy.statements.iter().enumerate() {
            let meant = statement.principals.as_ref().is_some_and(|principals| {
                principals.matches(request.principal, policies.boundary.is_some()) != Match::No
            });
            let denies = statement.effect == Effect::Deny;
            if denies && meant && statement.applies(request.action, request.resource, request.context) {
                return Said::Denies(Cited { policy: name, index, statement });
            }
        }
    }
    Said::NotAsked
}
