//! Finds, in a distribution's manifests, the kinds that its users' roles forgot.
//!
//! Kubeflow binds the people of a profile to three ClusterRoles that collect the rules of others by label (`kubeflow-admin`, `-edit`, `-view`).
//! A component that brings kinds for users therefore brings a pair of roles that name them, one for editing and one for viewing. A kind that
//! comes later is easily left out of the pair, and then everybody is answered 403, the profile's owner included (kserve/kserve#4224).
//!
//! What is read: CustomResourceDefinitions, roles, cluster role bindings. What is found:
//!
//! | id | when |
//! |---|---|
//! | `missing-permission` | a component's pair keeps an API group, and names not one verb on a kind of that group |
//! | `misspelt-resource` | the same, and the role has a name there that is almost the kind's |
//! | `unknown-resource` | a role names a resource that no definition in its group has, and nobody is hurt by it, or nobody that can be seen here |
//!
//! No list of releases and no list of kinds is known here, so the judgement must come from what the manifests say themselves:
//!
//! * Only a kind that is namespaced and served counts; what users do at cluster scope is another matter.
//! * Any grant is a decision. A kind that users may only read, only by name, or only as administrators is left alone: somebody thought of it.
//! * A component *keeps* a group if it has both an editing and a viewing role that share a kind there. A role that picks a few kinds of somebody
//!   else's group (workflows, Knative services, Ray jobs) has no such pair, or its labels say that it belongs to another application.
//! * Where several components keep one group, a kind belongs to the one whose application label it carries, or else to nobody.
//! * A group whose rules use verbs that Kubernetes does not have (`archive`, `terminate`) is used by some other service to authorize its own
//!   requests; its names need no definition.

mod component;
mod gap;
mod kinds;
mod report;
mod spelling;
mod stray;
mod users;

pub(crate) use gap::{Gap, Grade, gaps};
pub(crate) use kinds::Kinds;
pub(crate) use report::{describe_gap, describe_stray};
pub(crate) use stray::strays;
