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
//!
//! There are no connections: a pod's port is a function, and the gateway calls it. Answers that a gateway gives by itself are Envoy's.

mod gateway;
pub mod policy;
pub mod route;

pub use gateway::Gateway;
