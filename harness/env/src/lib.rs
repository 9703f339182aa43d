//! Environments: what a scenario talks to.
//!
//! - [`Identity`] is who asks; every environment speaks as others by impersonation.
//! - [`Cluster`] sends requests and hands out typed clients by identity, and keeps every [`Exchange`] as evidence.
//! - [`Environment`] builds a [`Universe`] for a [`Plan`]: a cluster with the releases and manifests that it asks for.
//!   [`Embedded`] does so in this process, on a simulated clock, without a socket; [`envtest::Envtest`] around a real kube-apiserver,
//!   [`kubeconfig::Kubeconfig`] on a cluster that others use, too; [`kind::Kind`] on one in containers that goes after the run.
//! - [`Web`] sends HTTP requests to what runs in pods.
//! - [`Aws`] is the cloud beside the cluster, if the plan asks for one.
//! - [`install()`] brings objects of any kind and origin into a cluster.
//!
//! Nothing here knows what a scenario is, or what it expects.

mod aws;
mod cluster;
mod control_plane;
mod decision;
mod embedded;
mod environment;
pub mod envtest;
mod error;
mod exchange;
mod ground;
mod identity;
mod install;
pub mod kind;
pub mod kubeconfig;
mod kubelet;
mod limit;
mod plan;
mod recorder;
mod remote;
mod rest;
mod shell;
mod site;
mod transport;
mod web;
mod webhook_server;

pub use aws::{
    AccountToken, Aws, AwsIdentity, AwsRequest, CloudNetwork, CloudPlan, EndpointPlan, ISSUER, Listener, Pause, Paused,
    Present, Published,
};
pub use cluster::Cluster;
pub use control_plane::ControlPlane;
pub use decision::{Decision, Grounds, IamGrounds, PolicyLayer, RbacGrounds, Ruling, Source, Way};
pub use embedded::Embedded;
pub(crate) use environment::real_runtime;
pub use environment::{Environment, Universe, simulated_runtime};
pub use error::EnvError;
pub use exchange::{ApiRequest, ApiResponse, Body, Exchange, PatchFormat};
pub use identity::Identity;
pub use install::{LeftOut, install};
pub use limit::Limit;
pub use plan::Plan;
pub use rest::Rest;
pub use shell::shell_word;
pub use site::Site;
pub use transport::{BoxError, Transport, WireBody, transport};
pub use web::Web;
