//! The Models Web App: `web`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

/// `proofmark web`
///
/// Options that the real app has as environment variables can be given as these.
#[derive(Debug, Args)]
pub(crate) struct WebArgs {
    /// The cluster; unless told, what KUBECONFIG names, or the one in which this runs
    #[arg(long, value_name = "FILE")]
    pub(crate) kubeconfig: Option<PathBuf>,
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:5000")]
    pub(crate) listen: SocketAddr,
    /// Do what the backend of this release does, flaws included: 0.14.0, 1.0.1; proofmark has none of them
    #[arg(long, value_name = "RELEASE", default_value = "proofmark")]
    pub(crate) release: proofmark_models_web_app::Release,
    /// Files for browsers instead of Proofmark's own; index.html is among them
    #[arg(long = "static", value_name = "DIR")]
    pub(crate) files: Option<PathBuf>,
    /// Who asks where no header says so: for a browser without a gateway in front
    #[arg(long, value_name = "USER")]
    pub(crate) user: Option<String>,
    /// The header in which the gateway names the user [default: kubeflow-userid]
    #[arg(long, value_name = "NAME", env = "USERID_HEADER", hide_env_values = true)]
    pub(crate) user_header: Option<String>,
    /// What is taken off the user's name
    #[arg(long, value_name = "TEXT", env = "USERID_PREFIX", hide_env_values = true)]
    pub(crate) user_prefix: Option<String>,
    /// True: ask for no user and review no rights
    #[arg(long, value_name = "BOOL", env = "APP_DISABLE_AUTH", hide_env_values = true)]
    pub(crate) disable_auth: Option<String>,
    /// The path under which browsers find the app [default: /]
    #[arg(long, value_name = "PATH", env = "APP_PREFIX", hide_env_values = true)]
    pub(crate) prefix: Option<String>,
    /// Whether the cookie is for HTTPS only [default: true]
    #[arg(long, value_name = "BOOL", env = "APP_SECURE_COOKIES", hide_env_values = true)]
    pub(crate) secure_cookies: Option<String>,
    /// SameSite of the cookie: Strict, Lax or None [default: Strict]
    #[arg(long, value_name = "WHEN", env = "CSRF_SAMESITE", hide_env_values = true)]
    pub(crate) same_site: Option<String>,
    /// Which namespaces to offer, with commas between them; all unless told
    #[arg(long, value_name = "NAMES", env = "ALLOWED_NAMESPACES", hide_env_values = true)]
    pub(crate) namespaces: Option<String>,
    /// production or development
    #[arg(long, value_name = "MODE", env = "BACKEND_MODE", hide_env_values = true)]
    pub(crate) mode: Option<String>,
    /// Where Grafana is, for the page [default: /grafana]
    #[arg(long, value_name = "PATH", env = "GRAFANA_PREFIX", hide_env_values = true)]
    pub(crate) grafana: Option<String>,
    #[arg(long, hide = true, env = "GRAFANA_CPU_MEMORY_DB")]
    pub(crate) grafana_cpu_memory: Option<String>,
    #[arg(long, hide = true, env = "GRAFANA_HTTP_REQUESTS_DB")]
    pub(crate) grafana_http_requests: Option<String>,
    #[arg(long, hide = true, env = "APP_VERSION")]
    pub(crate) app_version: Option<String>,
    #[arg(long, hide = true, env = "APP_NAME")]
    pub(crate) app_name: Option<String>,
    #[arg(long, hide = true, env = "METRICS")]
    pub(crate) metrics: Option<String>,
    #[arg(long, hide = true, env = "GUNICORN_CMD_ARGS")]
    pub(crate) server_arguments: Option<String>,
    /// Say nothing but warnings
    #[arg(long, short)]
    pub(crate) quiet: bool,
}
