//! Settings: the environment variables of the app's Deployment.

use crate::release::Release;

/// What the app is told by its environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Whose behaviour it has.
    pub release: Release,
    /// Where browsers find it (`APP_PREFIX`): the base of the index page and the path of its cookie. Routes do not move.
    pub prefix: String,
    /// Whether users are asked for and their rights reviewed (not `APP_DISABLE_AUTH`, not in development).
    pub authorize: bool,
    /// Whether the cookie is for HTTPS only (`APP_SECURE_COOKIES`).
    pub secure_cookies: bool,
    /// The cookie's attribute (`CSRF_SAMESITE`).
    pub same_site: SameSite,
    /// The header that names the user (`USERID_HEADER`).
    pub user_header: String,
    /// What is taken off the user's name (`USERID_PREFIX`).
    pub user_prefix: String,
    /// Whether JSON is indented and mistakes in it are explained (`BACKEND_MODE`).
    pub development: bool,
    /// A label of its metrics (`APP_NAME`).
    pub name: String,
    /// Whether there is `/metrics` (`METRICS`).
    pub metrics: bool,
    /// Where the application looks for graphs.
    pub grafana: Grafana,
    /// Which namespaces `/api/config/namespaces` offers, if they exist; all of them when empty (`ALLOWED_NAMESPACES`).
    pub namespaces: Vec<String>,
    /// Bytes of a header, with its name (`--limit-request-field_size` of `GUNICORN_CMD_ARGS`); 0 sets no limit.
    pub header_limit: usize,
    /// Bytes of the request line (`--limit-request-line` of `GUNICORN_CMD_ARGS`); 0 sets no limit.
    pub line_limit: usize,
}

/// `SameSite` of the cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SameSite {
    /// Never sent from other sites.
    Strict,
    /// Sent when a link of another site is followed.
    Lax,
    /// Always sent.
    None,
}

/// Where the application looks for graphs; the backend itself never calls Grafana.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grafana {
    /// Its path on the same origin (`GRAFANA_PREFIX`).
    pub prefix: String,
    /// The dashboard of processors and memory (`GRAFANA_CPU_MEMORY_DB`).
    pub cpu_memory: String,
    /// The dashboard of requests (`GRAFANA_HTTP_REQUESTS_DB`).
    pub http_requests: String,
}

/// An environment with which the real one does not start.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// `BACKEND_MODE` is none of the known ones.
    #[error("BACKEND_MODE is {0:?}; it must be prod, production, dev or development")]
    Mode(String),
    /// There is only one version of the app.
    #[error("APP_VERSION is {0:?}; there is no such app, only v1beta1")]
    Version(String),
}

impl Settings {
    /// Reads the variables of an environment; the release's defaults for those that are not set.
    ///
    /// # Errors
    /// When the real one would not start.
    pub fn read(release: Release, variable: impl Fn(&str) -> Option<String>) -> Result<Self, SettingsError> {
        let text = |name: &str, default: &str| variable(name).unwrap_or_else(|| default.to_owned());
        let flag = |name: &str, default: bool| variable(name).map_or(default, |value| value.to_lowercase() == "true");
        let development = match text("BACKEND_MODE", "production").as_str() {
            "prod" | "production" => false,
            "dev" | "development" => true,
            other => return Err(SettingsError::Mode(other.to_owned())),
        };
        let version = text("APP_VERSION", "v1beta1");
        if version != "v1beta1" {
            return Err(SettingsError::Version(version));
        }
        let same_site = match variable("CSRF_SAMESITE").as_deref() {
            Some("Lax") => SameSite::Lax,
            Some("None") => SameSite::None,
            _ => SameSite::Strict,
        };
        let server = text("GUNICORN_CMD_ARGS", "");
        let namespaces = text("ALLOWED_NAMESPACES", "");
        Ok(Self {
            release,
            prefix: text("APP_PREFIX", "/"),
            authorize: !development && !flag("APP_DISABLE_AUTH", false),
            secure_cookies: flag("APP_SECURE_COOKIES", true),
            same_site,
            user_header: text("USERID_HEADER", "kubeflow-userid"),
            user_prefix: text("USERID_PREFIX", release.behaviour().user_prefix),
            development,
            name: text("APP_NAME", "Models Web App"),
            metrics: variable("METRICS").is_none_or(|value| !value.is_empty()),
            grafana: Grafana {
                prefix: text("GRAFANA_PREFIX", "/grafana"),
                cpu_memory: text("GRAFANA_CPU_MEMORY_DB", "db/knative-serving-revision-cpu-and-memory-usage"),
                http_requests: text("GRAFANA_HTTP_REQUESTS_DB", "db/knative-serving-revision-http-requests"),
            },
            namespaces: namespaces
                .split(',')
                .map(str::trim)
                .filter(|name| !name.is_empty())
                .map(str::to_owned)
                .collect(),
            header_limit: option(&server, "--limit-request-field_size").unwrap_or(8190),
            line_limit: option(&server, "--limit-request-line").unwrap_or(4094),
        })
    }

    /// The defaults of a release.
    pub fn of(release: Release) -> Self {
        match Self::read(release, |_| None) {
            Ok(settings) => settings,
            Err(_) => unreachable!("the defaults are known"),
        }
    }
}

impl SameSite {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Strict => "Strict",
            Self::Lax => "Lax",
            Self::None => "None",
        }
    }
}

/// A number among the web server's arguments.
fn option(arguments: &str, name: &str) -> Option<usize> {
    let mut words = arguments.split_whitespace();
    while let Some(word) = words.next() {
        match word.strip_prefix(name) {
            Some("") => return words.next()?.parse().ok(),
            Some(rest) => return rest.strip_prefix('=')?.parse().ok(),
            None => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn with(name: &'static str, value: &'static str) -> Result<Settings, SettingsError> {
        Settings::read(Release::V1_0_1, |asked| (asked == name).then(|| value.to_owned()))
    }

    #[rstest]
    #[case("true", false)]
    #[case("True", false)]
    #[case("1", true)]
    #[case("\"True\"", true)]
    fn only_the_word_true_disables_reviews(#[case] value: &'static str, #[case] authorize: bool) {
        assert_eq!(with("APP_DISABLE_AUTH", value).unwrap().authorize, authorize);
    }

    #[rstest]
    #[case("--limit-request-field_size 32000", 32000)]
    #[case("-w 3 --limit-request-field_size=1", 1)]
    #[case("--limit-request-field_size", 8190)]
    #[case("", 8190)]
    fn limits_are_read_from_arguments(#[case] value: &'static str, #[case] limit: usize) {
        assert_eq!(with("GUNICORN_CMD_ARGS", value).unwrap().header_limit, limit);
    }

    #[test]
    fn what_does_not_start_is_an_error() {
        assert_eq!(with("BACKEND_MODE", "test"), Err(SettingsError::Mode("test".to_owned())));
        assert_eq!(with("APP_VERSION", "v1"), Err(SettingsError::Version("v1".to_owned())));
        assert!(!with("BACKEND_MODE", "dev").unwrap().authorize);
    }
}
