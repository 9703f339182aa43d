//! Where a webhook is: `clientConfig` of a webhook or of a CRD's conversion.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Uri;
use proofmark_json::Value;

use super::CallError;

/// The port of services and URLs that name none.
const PORT: u16 = 443;

/// A `clientConfig`, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ClientConfig {
    pub(super) location: Location,
    /// Whom to trust, as PEM; empty stands for the machine's own authorities.
    pub(super) ca_bundle: Vec<u8>,
}

/// The two ways to say where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Location {
    Service { namespace: String, name: String, port: u16, path: String },
    Url(String),
}

impl ClientConfig {
    /// Reads a stored (that is: valid, with defaults) `clientConfig`.
    pub(crate) fn read(config: &Value) -> Self {
        let text = |pointer: &str| config.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        let location = if config.get("service").is_some_and(Value::is_object) {
            let port = config.pointer("/service/port").and_then(Value::as_u64).and_then(|p| u16::try_from(p).ok());
            Location::Service {
                namespace: text("/service/namespace"),
                name: text("/service/name"),
                port: port.filter(|p| *p != 0).unwrap_or(PORT),
                path: text("/service/path"),
            }
        } else {
            Location::Url(text("/url"))
        };
        let ca_bundle = STANDARD.decode(text("/caBundle")).unwrap_or_default();
        Self { location, ca_bundle }
    }

    /// The whole URL of a call.
    pub(super) fn uri(&self, timeout: Option<Duration>) -> Result<String, CallError> {
        let (origin, path) = match &self.location {
            Location::Service { namespace, name, port, path } => {
                (format!("https://{name}.{namespace}.svc:{port}"), path.clone())
            }
            Location::Url(url) => {
                let uri: Uri = url.parse().map_err(|e| CallError::new(format!("Unparsable URL: {e}")))?;
                let authority = uri.authority().map(ToString::to_string).unwrap_or_default();
                (format!("{}://{authority}", uri.scheme_str().unwrap_or("https")), uri.path().to_owned())
            }
        };
        let query = timeout.map(|limit| format!("?timeout={}s", limit.as_secs())).unwrap_or_default();
        Ok(format!("{origin}{}{query}", clean(&path)))
    }

    /// The name that the webhook's certificate must have.
    pub(super) fn server_name(&self) -> String {
        match &self.location {
            Location::Service { namespace, name, .. } => format!("{name}.{namespace}.svc"),
            Location::Url(url) => host_port(url).0,
        }
    }
}

/// A path as Go's `path.Join` leaves it: one slash in front and between, none at the end.
fn clean(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

/// Host (without brackets) and port of a URL.
pub(super) fn host_port(url: &str) -> (String, u16) {
    let uri: Uri = url.parse().unwrap_or_default();
    let host = uri.host().unwrap_or_default();
    let host = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(host);
    (host.to_owned(), uri.port_u16().unwrap_or(PORT))
}

#[cfg(test)]
mod tests {
    use proofmark_json::json;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(json!({"service": {"name": "s", "namespace": "n"}}), "https://s.n.svc:443/?timeout=10s")]
    #[case(json!({"service": {"name": "s", "namespace": "n", "port": 8443, "path": "/a/b"}}), "https://s.n.svc:8443/a/b?timeout=10s")]
    #[case(json!({"url": "https://example.com"}), "https://example.com/?timeout=10s")]
    #[case(json!({"url": "https://[::1]:9443/a//b/"}), "https://[::1]:9443/a/b?timeout=10s")]
    fn the_url_of_a_call(#[case] config: Value, #[case] url: &str) {
        assert_eq!(ClientConfig::read(&config).uri(Some(Duration::from_secs(10))).unwrap(), url);
    }

    #[test]
    fn ports_and_names() {
        assert_eq!(host_port("https://[::1]:9443/a"), ("::1".to_owned(), 9443));
        assert_eq!(host_port("https://example.com/a"), ("example.com".to_owned(), 443));
        let service = json!({"service": {"name": "s", "namespace": "n"}});
        assert_eq!(ClientConfig::read(&service).server_name(), "s.n.svc");
    }
}
