//! Kubernetes role-based access control (`rbac.authorization.k8s.io/v1`), decided and explained, as release 1.35 does it.
//!
//! Pure: callers bring the policy ([`PolicySource`]; [`Policy`] is one in memory) and the request ([`Attributes`]).
//!
//! | question | answer |
//! |---|---|
//! | may this user do this? | [`authorize`] |
//! | why, or what would have allowed it? | [`explain()`] |
//! | what may this user do here? | [`rules_for`], [`effective`], [`diff()`] |
//! | may this user grant that? | [`covers`], [`confirm_no_escalation`], [`confirm_role`], [`confirm_binding`] |
//! | what does an aggregated role hold? | [`aggregate`], [`Policy::resolve_aggregation`] |
//! | is this role or binding well formed? | [`validate`] |
//! | how is a refusal worded? | [`forbidden_message`], [`forbidden`] |
//! | what does an access review answer? | [`review`] |
//! | what does a new cluster come with? | [`bootstrap`] |
//!
//! The group `system:masters` is not RBAC: the API server lets its members pass before it asks (see [`SYSTEM_MASTERS`]).

mod aggregate;
mod attributes;
mod authorize;
pub mod bootstrap;
mod diff;
mod escalation;
pub mod explain;
mod forbidden;
mod matching;
mod model;
mod object;
mod policy;
pub mod review;
mod rules;
mod selector;
mod source;
pub mod validate;

pub use aggregate::{aggregate, resolve_aggregation};
pub use attributes::{Attributes, Requested, SelectorRequirement};
pub use authorize::{Decision, Grant, authorize, join_errors};
pub use diff::{Access, Ask, Diff, Permissions, Target, access_table, diff, effective};
pub use escalation::{EscalationRefused, compact, confirm_binding, confirm_no_escalation, confirm_role, covers};
pub use explain::{Explanation, explain};
pub use forbidden::{forbidden, forbidden_message};
pub use matching::rule_allows;
pub use model::{
    AggregationRule, Binding, LabelSelector, LabelSelectorRequirement, PolicyRule, Role, RoleRef, Subject, UserInfo,
};
pub use object::ObjectError;
pub use policy::Policy;
pub use rules::{Rules, rules_for};
pub use source::{PolicyCatalog, PolicySource};

/// The API group of roles and bindings.
pub const GROUP: &str = "rbac.authorization.k8s.io";

/// The group whose members may do everything. A server checks it before RBAC, and gives no reason when it allows.
pub const SYSTEM_MASTERS: &str = "system:masters";
