//! Failures around KServe's Models Web App, played as the requests that its page or a script sends.
//!
//! The app runs in a pod as Kubeflow deploys it: the backend of a release, settings in a ConfigMap, the rights of its ServiceAccount.
//!
//! | module | what goes wrong |
//! |---|---|
//! | `not_authorized` | KServe's roles are not installed, and nobody may list anything |
//! | `header_user` | rights of a group do not count |
//! | `user_prefix` | users of a login with a prefix are unknown |
//! | `auth_disabled` | the app's own manifests let everybody do everything |
//! | `csrf` | a script without the token against forged requests is refused |
//! | `namespace_override` | a service for another namespace is refused, or lands here |
//! | `foreground_deletion` | a service is deleted, and stays |
//! | `missing_component` | a component without logs |
//! | `dot_name` | a dot as name deletes everything |
//! | `custom_runtime` | one service that the page does not understand hides all others |
//! | `grafana_link` | graphs of a namespace that is called `undefined` |
//!
//! What they share: [`app`] is the app in the cluster, [`people`] who uses it, [`requests`] what they send, [`page`] what pages of old releases make of answers.

mod app;
mod auth_disabled;
mod csrf;
mod custom_runtime;
mod dot_name;
mod foreground_deletion;
mod grafana_link;
mod header_user;
mod missing_component;
mod namespace_override;
mod not_authorized;
mod page;
mod people;
mod requests;
mod user_prefix;

use proofmark_replay::{Level, Link, Profile, Scenario};
use proofmark_scenarios_serving::universe::affected;

/// The scenarios of this family.
pub fn scenarios() -> Vec<Scenario> {
    vec![
        not_authorized::scenario(),
        custom_runtime::scenario(),
        header_user::scenario(),
        namespace_override::scenario(),
        auth_disabled::scenario(),
        csrf::scenario(),
        missing_component::scenario(),
        foreground_deletion::scenario(),
        grafana_link::scenario(),
        user_prefix::scenario(),
        dot_name::scenario(),
    ]
}

/// A scenario of this family that every release has, before its story is told.
fn begin(id: &str, title: &str) -> Scenario {
    told(Scenario::new(id, title, affected("every release", None, |_| true)))
}

/// What all scenarios of this family have.
fn told(scenario: Scenario) -> Scenario {
    scenario.family("web-app").profile(Profile::ModelsWebApp, Level::Core).universe(app::universe)
}

/// A file of the app's backend.
fn source(title: &str, file: &str) -> Link {
    Link {
        title: title.to_owned(),
        url: format!("https://github.com/kserve/models-web-app/blob/v1.0.1/backend/{file}"),
    }
}

/// A file of the library that Kubeflow's web apps share.
fn library(title: &str, file: &str) -> Link {
    let folder = "components/crud-web-apps/common/backend/kubeflow/kubeflow/crud_backend";
    Link { title: title.to_owned(), url: format!("https://github.com/kubeflow/kubeflow/blob/v1.9.2/{folder}/{file}") }
}
