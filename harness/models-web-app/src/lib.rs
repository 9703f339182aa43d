//! KServe's Models Web App: InferenceServices over HTTP, for browsers behind Kubeflow's gateway.
//!
//! [`App`] answers requests with the rights of a Kubernetes client, after asking that cluster by SubjectAccessReview whether the user, whom
//! a header names, may do the same. It has the routes, bodies and words of a released backend, mistakes included, or of [`Release::Proofmark`],
//! which does the safe thing where the released ones are defective. Everything that differs stands in one table: `release.rs`.
//!
//! | room | what it does |
//! |---|---|
//! | [`Release`], [`Settings`] | what it was asked to be: a release, and the environment variables of its Deployment |
//! | `app` | the order of checks: user, token against forged requests, route, body, rights, call |
//! | `route` | paths and methods |
//! | `incoming`, `outgoing`, `failure` | requests, answers, and what went wrong, as Flask and the shared `crud_backend` library word it |
//! | `handlers` | what each route does |
//! | `stream` | server-sent events |
//! | `cluster` | calls to the API server |
//! | `page` | the application for browsers: files, index page, its cookie |
//! | `python`, `yaml` | JSON as Python reads and writes it; bodies in YAML, which no released backend takes |
//! | `metrics` | `/metrics` |
//!
//! Source: kserve/models-web-app v0.14.0 and v1.0.1, `kubeflow.kubeflow.crud_backend` at the commits that these tags pin.

mod app;
mod cluster;
mod failure;
mod handlers;
mod incoming;
mod metrics;
mod mode;
mod outgoing;
mod page;
mod python;
mod release;
mod route;
mod settings;
mod stream;
mod yaml;

pub use app::App;
pub use outgoing::Body;
pub use page::{Assets, Tokens};
pub use release::{Release, UnknownRelease};
pub use settings::{Grafana, SameSite, Settings, SettingsError};
