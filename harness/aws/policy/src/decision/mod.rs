//! The decision over every policy that bears on a request.
//!
//! 1. An explicit deny anywhere ends it.
//! 2. Service control policies: every level of the organisation above the principal's account must allow.
//! 3. In one account a resource policy that names the principal itself is enough; one that names its role is limited by boundary and session
//!    policies; one that names its account only lets the identity policies decide. Otherwise identity, boundary and session must all allow.
//! 4. Across accounts both sides must allow: the principal's account by identity, boundary and session, the resource's by its policy.
//! 5. Key policies and trust policies must allow by themselves, also in one account.
//!
//! Source: IAM User Guide, "Policy evaluation logic", "Cross-account policy evaluation logic", "Permissions boundaries".

mod explain;
mod layers;
mod note;

pub use explain::{Clause, Ruling};
pub use layers::{Attached, Cited, Layer, Said};

use crate::document::Grade;
use crate::{Context, Principal};
use layers::{Layers, evaluate, evaluate_levels};

/// Who asks for what.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// Who asks.
    pub principal: &'a Principal,
    /// `s3:GetObject`
    pub action: &'a str,
    /// The ARN of what is asked for, or `*` for actions that have no resource.
    pub resource: &'a str,
    /// The account that owns it.
    pub owner: &'a str,
    /// The keys of the request, those of [`Principal::keys`] included.
    pub context: &'a Context,
}

/// What a resource's own policy means in its account.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ResourceRule {
    /// It can grant; without it, identity policies decide alone: buckets.
    #[default]
    MayGrant,
    /// Nothing is allowed unless it allows: keys, and roles with their trust policies.
    MustAllow,
}

/// Every policy that bears on a request.
#[derive(Debug, Clone, Copy, Default)]
pub struct Policies<'a> {
    /// Of the principal: its own and its groups'.
    pub identity: &'a [Attached<'a>],
    /// The principal's permissions boundary.
    pub boundary: Option<Attached<'a>>,
    /// The session's own policies; none if the session has none.
    pub session: Option<&'a [Attached<'a>]>,
    /// The resource's policy.
    pub resource: Option<Attached<'a>>,
    /// What the resource's policy means.
    pub resource_rule: ResourceRule,
    /// Service control policies by level: root, organisational units, account. Empty for accounts that have none above them.
    pub service_control: &'a [&'a [Attached<'a>]],
    /// Resource control policies of every level. They only deny.
    pub resource_control: &'a [Attached<'a>],
}

/// Why a request is denied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denial {
    /// A statement denies it.
    Explicit(Layer),
    /// A layer that has to allow it does not.
    Implicit(Layer),
}

/// The outcome, and what every layer said.
#[derive(Debug, Clone)]
pub struct Decision<'a> {
    /// Why it is denied; none if it is allowed.
    pub denial: Option<Denial>,
    layers: Layers<'a>,
    cross_account: bool,
    /// How directly the resource's policy names the principal.
    grade: Option<Grade>,
    rule: ResourceRule,
}

impl<'a> Decision<'a> {
    /// Whether the request is allowed.
    pub fn is_allowed(&self) -> bool {
        self.denial.is_none()
    }

    /// What a layer said.
    pub fn said(&self, layer: Layer) -> Said<'a> {
        self.layers.said(layer)
    }

    /// Whether principal and resource belong to different accounts.
    pub fn is_cross_account(&self) -> bool {
        self.cross_account
    }
}

/// Decides.
pub fn decide<'a>(request: &Request<'_>, policies: &Policies<'a>) -> Decision<'a> {
    let account = request.principal.account();
    let cross_account = account != Some(request.owner);
    let (resource, grade) = layers::evaluate_resource(request, policies);
    let layers = Layers {
        // Only members of an account have identity policies.
        identity: match request.principal {
            principal if principal.is_root() => Said::NotAsked,
            Principal::User { .. } | Principal::Session { .. } | Principal::FederatedUser { .. } => {
                evaluate(request, policies.identity)
            }
            Principal::Root { .. } | Principal::Anonymous | Principal::Federated { .. } | Principal::Service { .. } => {
                Said::NotAsked
            }
        },
        boundary: policies.boundary.as_ref().map_or(Said::NotAsked, |b| evaluate(request, std::slice::from_ref(b))),
        session: policies.session.map_or(Said::NotAsked, |session| evaluate(request, session)),
        resource,
        service_control: evaluate_levels(request, policies.service_control),
        resource_control: layers::evaluate_control(request, policies),
    };
    let denial = explicit(&layers).or_else(|| {
        let implicit = if cross_account {
            across(request, &layers)
        } else {
            within(request, &layers, grade, policies.resource_rule)
        };
        implicit.map(Denial::Implicit)
    });
    Decision { denial, layers, cross_account, grade, rule: policies.resource_rule }
}

/// The layer that denies explicitly. When several do, AWS names one; this is the order of its flow chart.
fn explicit(layers: &Layers<'_>) -> Option<Denial> {
    let order = [
        Layer::ResourceControl,
        Layer::ServiceControl,
        Layer::Resource,
        Layer::Identity,
        Layer::Boundary,
        Layer::Session,
    ];
    order.into_iter().find(|layer| matches!(layers.said(*layer), Said::Denies(_))).map(Denial::Explicit)
}

/// The first layer that has to allow and does not, with principal and resource in one account.
fn within(request: &Request<'_>, layers: &Layers<'_>, grade: Option<Grade>, rule: ResourceRule) -> Option<Layer> {
    if !layers.service_control.permits() {
        return Some(Layer::ServiceControl);
    }
    let limits = || layers.limits();
    match (grade, rule) {
        (Some(Grade::Direct), _) => None,
        (Some(Grade::Role), _) => limits(),
        (None, ResourceRule::MustAllow) => Some(Layer::Resource),
        (Some(Grade::Account) | None, _) => identity(request, layers).or_else(limits),
    }
}

/// The same with principal and resource in two accounts, or with a principal that belongs to none.
fn across(request: &Request<'_>, layers: &Layers<'_>) -> Option<Layer> {
    if !layers.service_control.permits() {
        return Some(Layer::ServiceControl);
    }
    let caller_side = match request.principal.account() {
        Some(_) => identity(request, layers).or_else(|| layers.limits()),
        None => None,
    };
    caller_side.or_else(|| (!layers.resource.allows()).then_some(Layer::Resource))
}

/// Identity policies have to allow; the root user needs none.
fn identity(request: &Request<'_>, layers: &Layers<'_>) -> Option<Layer> {
    (!request.principal.is_root() && !layers.identity.allows()).then_some(Layer::Identity)
}
