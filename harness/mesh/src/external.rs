//! Decisions that a policy leaves to somebody else: providers of external authorisation, over HTTP.
//!
//! A provider is asked with the request's own method, path and host and without its body. 200 lets the request pass, with headers of the provider's in place of
//! the client's; any other answer is the client's answer. A provider that cannot be asked refuses, unless it is configured to fail open.
//! (Istio: `MeshConfig.ExtensionProvider.EnvoyExternalAuthorizationHttpProvider`; Envoy: HTTP filter `ext_authz`.)
//!
//! Not there: providers over gRPC, bodies in checks, and `*` in names of headers elsewhere than at an end.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, Request, Response, StatusCode, header};
use proofmark_json::Value;

/// What clients are always told of a refusal.
const ALWAYS_TOLD: [HeaderName; 3] = [header::LOCATION, header::WWW_AUTHENTICATE, header::CONTENT_TYPE];
/// What a provider is always told of a request.
const ALWAYS_ASKED: [HeaderName; 2] = [header::HOST, header::AUTHORIZATION];

/// A provider of external authorisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Provider {
    /// The host name of its Service.
    pub(crate) service: String,
    /// The Service's port.
    pub(crate) port: u16,
    path_prefix: String,
    fails_open: bool,
    asked: Vec<String>,
    passed_on: Vec<String>,
    told: Vec<String>,
}

/// A provider by its name in the mesh's configuration, which is YAML.
pub(crate) fn provider(config: &str, name: &str) -> Option<Provider> {
    let config: Value = serde_yaml::from_str(config).ok()?;
    let providers = config["extensionProviders"].as_array()?;
    let http = &providers.iter().find(|provider| provider["name"] == name)?["envoyExtAuthzHttp"];
    let texts = |field: &str| {
        let list = http[field].as_array().into_iter().flatten();
        list.filter_map(Value::as_str).map(str::to_ascii_lowercase).collect()
    };
    Some(Provider {
        service: http["service"].as_str()?.rsplit('/').next()?.to_owned(),
        port: http["port"].as_u64().and_then(|port| u16::try_from(port).ok())?,
        path_prefix: http["pathPrefix"].as_str().unwrap_or_default().to_owned(),
        fails_open: http["failOpen"] == true,
        asked: texts("includeRequestHeadersInCheck"),
        passed_on: texts("headersToUpstreamOnAllow"),
        told: texts("headersToDownstreamOnDeny"),
    })
}

impl Provider {
    /// What it is asked about a request.
    pub(crate) fn check(&self, request: &Request<Bytes>) -> Request<Bytes> {
        let mut check = Request::new(Bytes::new());
        *check.method_mut() = request.method().clone();
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
        *check.uri_mut() = format!("{}{path}", self.path_prefix).parse().unwrap_or_default();
        *check.headers_mut() = chosen(request.headers(), &ALWAYS_ASKED, &self.asked);
        check
    }

    /// What comes of its answer, or of none: the client's answer if it refuses.
    pub(crate) fn judge(
        &self,
        answer: Option<Response<Bytes>>,
        request: &mut Request<Bytes>,
    ) -> Option<Response<Bytes>> {
        let Some(answer) = answer else {
            let mut refusal = Response::new(Bytes::new());
            *refusal.status_mut() = StatusCode::FORBIDDEN;
            return (!self.fails_open).then_some(refusal);
        };
        let (parts, body) = answer.into_parts();
        if parts.status == StatusCode::OK {
            for (name, value) in &chosen(&parts.headers, &[], &self.passed_on) {
                request.headers_mut().insert(name, value.clone());
            }
            return None;
        }
        let mut refusal = Response::new(body);
        *refusal.status_mut() = parts.status;
        *refusal.headers_mut() = chosen(&parts.headers, &ALWAYS_TOLD, &self.told);
        Some(refusal)
    }
}

/// The headers of these names.
fn chosen(headers: &HeaderMap, always: &[HeaderName], wanted: &[String]) -> HeaderMap {
    let fits = |name: &HeaderName| {
        always.contains(name)
            || wanted.iter().any(|wanted| match (wanted.strip_suffix('*'), wanted.strip_prefix('*')) {
                (Some(prefix), _) => name.as_str().starts_with(prefix),
                (_, Some(suffix)) => name.as_str().ends_with(suffix),
                (None, None) => name.as_str() == wanted,
            })
    };
    headers.iter().filter(|(name, _)| fits(name)).map(|(name, value)| (name.clone(), value.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: &str = "
extensionProviders:
- name: other
  envoyExtAuthzGrpc: {service: other.default, port: 9000}
- name: login
  envoyExtAuthzHttp:
    service: auth/login.auth.svc.cluster.local
    port: 8080
    pathPrefix: /check
    includeRequestHeadersInCheck: [Cookie, x-*]
    headersToUpstreamOnAllow: [kubeflow-userid]
    headersToDownstreamOnDeny: [set-cookie]
";

    fn login() -> Provider {
        provider(CONFIG, "login").unwrap()
    }

    fn request() -> Request<Bytes> {
        let request = Request::post("/v1/models/iris:predict?x=1").header("host", "iris.example.com");
        let request = request.header("cookie", "a=b").header("x-trace", "1").header("kubeflow-userid", "mallory");
        request.body(Bytes::from_static(b"{}")).unwrap()
    }

    #[test]
    fn providers_are_found_by_name() {
        assert_eq!((login().service.as_str(), login().port), ("login.auth.svc.cluster.local", 8080));
        for (config, name) in [(CONFIG, "other"), (CONFIG, "nobody"), ("", "login"), ("{", "login")] {
            assert_eq!(provider(config, name), None, "{name}");
        }
    }

    #[test]
    fn a_provider_is_asked_what_it_is_to_know() {
        let check = login().check(&request());
        assert_eq!(
            (check.method().as_str(), check.uri().to_string().as_str()),
            ("POST", "/check/v1/models/iris:predict?x=1")
        );
        let mut names: Vec<_> = check.headers().keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["cookie", "host", "x-trace"]);
        assert!(check.body().is_empty());
    }

    #[test]
    fn what_a_provider_says_of_a_user_goes_before_what_the_client_says() {
        let mut asked = request();
        let answer = Response::builder().header("kubeflow-userid", "alice").header("x-secret", "1").body(Bytes::new());
        assert!(login().judge(answer.ok(), &mut asked).is_none());
        assert_eq!(asked.headers()["kubeflow-userid"], "alice");
        assert!(!asked.headers().contains_key("x-secret"));
    }

    #[test]
    fn a_refusal_is_the_providers_own() {
        let answer = Response::builder().status(302).header("location", "/login").header("x-secret", "1");
        let refusal = login().judge(answer.body(Bytes::new()).ok(), &mut request()).unwrap();
        assert_eq!((refusal.status().as_u16(), refusal.headers().len()), (302, 1));
        assert_eq!(refusal.headers()["location"], "/login");
    }

    #[test]
    fn nobody_to_ask_is_a_refusal_unless_told() {
        let closed = login().judge(None, &mut request()).unwrap();
        assert_eq!((closed.status().as_u16(), closed.body().len()), (403, 0));
        let open = Provider { fails_open: true, ..login() };
        assert!(open.judge(None, &mut request()).is_none());
    }
}
