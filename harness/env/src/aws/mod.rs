//! The cloud of a universe: accounts of AWS beside the cluster, on the same clock.
//!
//! | module | what it is |
//! |---|---|
//! | [`Aws`] | the way in: signed requests by identity, each kept as an exchange with the decisions behind it |
//! | [`AwsIdentity`] | who asks: root users, users, sessions of roles, service accounts with their tokens |
//! | [`AwsRequest`] | a request to one of the services, not signed yet |
//! | [`CloudPlan`] | what a cloud shall hold |
//! | [`CloudNetwork`] | connections to the cloud for programs that speak HTTP themselves, with TLS and by the names of AWS |
//! | `issuer` | the cluster's own API server as the issuer of tokens that the cloud verifies |
//! | `iam` | the part of IAM that Kubeflow's profile controller changes |
//! | [`Pause`] | a program that waits for its answer until somebody else has done something |
//! | `record` | what is kept of a request, whoever sent it |

mod client;
mod iam;
mod identity;
mod issuer;
mod network;
mod pause;
mod plan;
mod record;
mod request;

pub use client::{Aws, Present};
pub use identity::{AccountToken, AwsIdentity};
pub use issuer::{ISSUER, Published};
pub use network::CloudNetwork;
pub use pause::{Pause, Paused};
pub use plan::{CloudPlan, EndpointPlan, Listener};
pub use request::AwsRequest;

pub(crate) use iam::RoleEditor;
