//! KServe's controllers. Each reads what it needs from the API server, works out its objects in pure functions, and writes those that differ.
//!
//! * [`inferenceservice`]: what serves models.
//! * [`trainedmodel`]: models that join a running server.
//! * [`graph`]: routers in front of several services.
//! * [`localmodel`]: models that are kept on nodes.
//!
//! `children` writes objects; `watch` tells whose work a change is; `scheme` says whether Knative's kinds are known.

mod children;
mod graph;
mod inferenceservice;
mod localmodel;
mod scheme;
mod trainedmodel;
mod watch;

use crate::control_plane::Context;

pub(crate) use watch::definition;

/// Starts all of them.
pub(crate) fn start(context: &mut Context) {
    let scheme = scheme::Scheme::of(context);
    inferenceservice::start(context, &scheme);
    trainedmodel::start(context);
    graph::start(context, &scheme);
    localmodel::start(context);
}
