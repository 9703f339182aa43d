//! Calls to the API server, as the original's Kubernetes client makes them: the same paths, the same order.

mod call;
mod kinds;
mod path;
mod review;

pub(crate) use call::{Cluster, items};
pub(crate) use kinds::{Child, EVENTS, GRAPHS, Kind, NAMESPACES, RUNTIMES, Resource, SERVICES, TRAINED_MODELS};
pub(crate) use path::{escape, events_of};
