//! KServe's controllers. Each reads what it needs from the API server, works out its objects in pure functions, and writes those that differ.
//!
//! * [`inferenceservice`]: what serves models.
//! * [`trainedmodel`]: models that join a running server.
//! * [`graph`]: routers in front of several services.
//! * [`localmodel`]: models that are kept on nodes.
//!
//! `children` writes objects; `watch` tells whose work a change is.

mod children;
mod graph;
mod inferenceservice;
mod localmodel;
mod trainedmodel;
mod watch;

use crate::control_plane::Context;

/// Starts all of them.
pub(crate) fn start(context: &mut Context) {
    inferenceservice::start(context);
    trainedmodel::start(context);
    graph::start(context);
    localmodel::start(context);
}
