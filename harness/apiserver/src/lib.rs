//! An embedded Kubernetes API server.
//!
//! It serves the Kubernetes REST API from memory, in process (as a [`tower::Service`], no socket) or over HTTPS, and answers as
//! kube-apiserver 1.35 does: the same statuses, the same words. It knows nothing of KServe, of scenarios or of AWS.
//!
//! A request walks through small rooms in one direction:
//!
//! ```text
//! decode -> authenticate -> authorize -> route -> admit (mutate) -> validate -> admit (validate) -> store -> encode
//! ```
//!
//! | room | what it does |
//! |---|---|
//! | `request` | path, query, selectors |
//! | `authn` | who is asking; impersonation |
//! | `authz` | may they; [`Audit`] says why |
//! | `route` | which handler answers |
//! | `handlers` | the verbs: create, get, list, watch, update, patch, delete, reviews, tokens |
//! | `admit` | what other objects require |
//! | `resource` | what is served: built-in tables and CustomResourceDefinitions |
//! | `kubelet` | what is asked of the nodes that run pods |
//! | [`faults`] | what goes wrong on purpose |
//! | `store` | objects, revisions, watches |
//! | `world` | all of it at one moment, in a file |
//! | `encode` | JSON, YAML, protobuf, Tables, partial metadata |
//! | `discovery`, `openapi` | everything outside the resource paths |
//! | `webhook` | outgoing calls to the webhooks of others |
//! | `transport` | HTTPS |
//!
//! ```
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! use proofmark_apiserver::ApiServer;
//! let server = ApiServer::builder().seed(1).build().unwrap();
//! let client = kube::Client::new(server.service(), "default");
//! let namespaces: kube::Api<k8s_openapi::api::core::v1::Namespace> = kube::Api::all(client);
//! assert_eq!(namespaces.list(&Default::default()).await.unwrap().items.len(), 4);
//! # });
//! ```

mod admit;
mod audit;
mod authn;
mod authz;
mod body;
mod bootstrap;
mod builder;
mod decode;
mod discovery;
mod encode;
pub mod faults;
mod flow_control;
mod handlers;
mod kubelet;
mod openapi;
mod random;
mod refusal;
mod request;
mod resource;
mod route;
mod server;
mod service;
mod store;
pub mod transport;
mod value;
mod webhook;
mod world;

pub use audit::{Audit, RequestLog};
pub use body::Body;
pub use builder::{BuildError, Builder, ISSUER};
pub use kubelet::{Kubelet, KubeletError, LogOptions, LogStream, LogStreams};
pub use proofmark_clock::{Clock, SIMULATED_ORIGIN};
pub use server::{ApiServer, VERSION};
pub use service::Service;
pub use webhook::{Endpoint, Webhook, Webhooks};
pub use world::{World, WorldError};
