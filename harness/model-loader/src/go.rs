//! The parts of Go's standard library whose behaviour shows: paths, errors of files, HTTP.

use crate::files::{FileError, clean};
use crate::host::Host;
use crate::net::{self, ConnectError, NetError, TlsError, Url};
use crate::python;
use http::Method;

/// Joins paths as `filepath.Join` does: what it makes has no empty parts, `.` and `..`.
pub(crate) fn join(directory: &str, path: &str) -> String {
    clean(&format!("{directory}/{path}"))
}

/// What an error number of Linux means.
pub(crate) fn strerror(errno: i32) -> String {
    python::strerror(errno).to_lowercase()
}

/// Why something failed with a file: `open /m: no such file or directory`.
pub(crate) fn path_error(doing: &str, error: &FileError) -> String {
    format!("{doing} {}: {}", error.path, strerror(error.errno))
}

/// Why there is no answer: `Get "http://h/": dial tcp: lookup h: no such host`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} \"{url}\": {why}", operation(method))]
pub(crate) struct UrlError {
    method: Method,
    url: String,
    pub(crate) why: String,
}

impl UrlError {
    pub(crate) fn new(method: &Method, url: &str, why: impl Into<String>) -> Self {
        Self { method: method.clone(), url: url.to_owned(), why: why.into() }
    }
}

/// A method as Go tells it: `GET` is a `Get`.
fn operation(method: &Method) -> String {
    let (first, rest) = method.as_str().split_at(1);
    format!("{first}{}", rest.to_lowercase())
}

/// Reads the URL of a request.
///
/// # Errors
/// When it is neither `http` nor `https`, or without a host.
pub(crate) fn parse(method: &Method, url: &str) -> Result<Url, UrlError> {
    Url::parse(url).ok_or_else(|| {
        let why = match url.split_once(':').map_or("", |(scheme, _)| scheme) {
            "http" | "https" => "http: no Host in request URL".to_owned(),
            scheme => format!("unsupported protocol scheme \"{scheme}\""),
        };
        UrlError::new(method, url, why)
    })
}

/// Sends a request to a URL that was written like this, and waits for the head of the answer.
///
/// # Errors
/// When none comes.
pub(crate) async fn send(
    host: &Host,
    client: &net::Client,
    url: &str,
    request: net::Request,
) -> Result<net::Response, UrlError> {
    let (method, to) = (request.method.clone(), request.url.clone());
    client.send(host, request).await.map_err(|error| UrlError::new(&method, url, told(&error, &to)))
}

/// A failure of the network.
fn told(error: &NetError, url: &Url) -> String {
    match error {
        NetError::Connect(ConnectError::UnknownName) => format!("dial tcp: lookup {}: no such host", url.host),
        NetError::Connect(ConnectError::TimedOut) => "dial tcp: i/o timeout".to_owned(),
        NetError::Connect(ConnectError::System(errno)) => {
            format!("dial tcp {}:{}: connect: {}", url.host, url.port_or_default(), strerror(*errno))
        }
        NetError::Tls(TlsError::Refused(why)) => {
            let why = match why.as_str() {
                "certificate has expired" | "certificate is not yet valid" => {
                    "certificate has expired or is not yet valid"
                }
                _ => "certificate signed by unknown authority",
            };
            format!("tls: failed to verify certificate: x509: {why}")
        }
        NetError::Tls(TlsError::OtherNames(names)) => format!(
            "tls: failed to verify certificate: x509: certificate is valid for {}, not {}",
            names.join(", "),
            url.host
        ),
        NetError::Tls(_) => "tls: first record does not look like a TLS handshake".to_owned(),
        NetError::ReadTimeout => "net/http: timeout awaiting response headers".to_owned(),
        NetError::Proxy(..) | NetError::Tunnel(..) => "proxyconnect tcp: connection failed".to_owned(),
        NetError::Closed | NetError::Protocol(_) => "EOF".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_leaves_the_root() {
        assert_eq!(join("/mnt/models/", "../../..//x/./y"), "/x/y");
    }
}
