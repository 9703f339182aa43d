//! The way from a request's host name to a pod.
//!
//! ```text
//! request -> route (Ingress by host and path, or the name of a Service) -> a ready endpoint -> the process that listens on the pod's port
//! ```
//!
//! | module | what it is |
//! |---|---|
//! | `gateway` | [`Gateway`]: what there is at present, and requests on their way |
//! | [`route`] | which backend a request means, and which endpoints that has: decided from objects alone |
//! | [`policy`] | whether Istio's AuthorizationPolicies let a request pass: likewise |
//! | `external` | providers that a policy leaves the decision to: login in front of the gateway |
//! | `sidecar` | where the gateway and sidecars have all that from, and [`Caller`]: requests from inside of the mesh |
//!
//! There are no connections: a pod's port is a function, and the gateway calls it. Answers that a gateway gives by itself are Envoy's.

mod external;
mod gateway;
pub mod policy;
pub mod route;
mod sidecar;

pub use gateway::Gateway;
pub use sidecar::Caller;
