//! Where services lead: Endpoints and EndpointSlices.
//!
//! * [`endpoints`]: one Endpoints object per Service with a selector (`pkg/controller/endpoint`).
//! * [`slices`]: EndpointSlices per Service with a selector (`pkg/controller/endpointslice`).
//! * [`mirroring`]: EndpointSlices of Endpoints that somebody wrote by hand (`pkg/controller/endpointslicemirroring`).
//!
//! What they share: [`backends`] (pods behind a service), [`trigger`] (since when there is something new), [`packing`] (endpoints into slices).

mod backends;
mod endpoints;
mod mirroring;
mod packing;
mod slices;
mod trigger;

use crate::context::Context;
use crate::kit::Resource;

const SERVICES: Resource = Resource::namespaced("", "v1", "services", "Service");
const ENDPOINTS: Resource = Resource::namespaced("", "v1", "endpoints", "Endpoints");
const SLICES: Resource = Resource::namespaced("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice");
/// The label of a slice that says whose endpoints it has.
const SERVICE_NAME: &str = "kubernetes.io/service-name";
/// The label of a slice that says who writes it.
const MANAGED_BY: &str = "endpointslice.kubernetes.io/managed-by";
/// The label of what belongs to a service without an address.
const HEADLESS: &str = "service.kubernetes.io/headless";

pub(crate) fn start(context: &mut Context) {
    endpoints::start(context);
    slices::start(context);
    mirroring::start(context);
}
