//! URLs that requests go to.

use crate::python;
use std::fmt;

/// An `http` or `https` URL. Nothing in it is decoded or changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Url {
    /// Whether it is `https`.
    pub https: bool,
    /// A name or an address; IPv6 without brackets.
    pub host: String,
    /// The port, where the URL has one.
    pub port: Option<u16>,
    /// What stands behind the host, with a slash in front.
    pub target: String,
}

impl Url {
    /// Reads a URL; nothing when it is not `http` or `https`, or its port is no port.
    pub fn parse(text: &str) -> Option<Self> {
        let parts = python::urlsplit(text);
        let https = match parts.scheme.as_str() {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let port = match parts.port_text() {
            Some(port) => Some(port.parse().ok()?),
            None => None,
        };
        let path = if parts.path.is_empty() { "/" } else { &parts.path };
        let target = if parts.query.is_empty() { path.to_owned() } else { format!("{path}?{}", parts.query) };
        Some(Self { https, host: parts.hostname()?, port, target })
    }

    /// The port that is connected to.
    pub fn port_or_default(&self) -> u16 {
        self.port.unwrap_or(if self.https { 443 } else { 80 })
    }

    /// Host and port, as the `host` header has them: the scheme's own port is left out.
    pub fn authority(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        match self.port {
            Some(port) if port != if self.https { 443 } else { 80 } => format!("{host}:{port}"),
            _ => host,
        }
    }

    /// Where a redirect from here leads.
    pub fn join(&self, location: &str) -> String {
        if location.contains("://") {
            return location.to_owned();
        }
        if let Some(rest) = location.strip_prefix("//") {
            return format!("{}://{rest}", self.scheme());
        }
        let base = format!("{}://{}", self.scheme(), self.authority());
        if location.starts_with('/') {
            return format!("{base}{location}");
        }
        let path = self.target.split('?').next().unwrap_or_default();
        format!("{base}{}/{location}", path.rsplit_once('/').map_or("", |(folder, _)| folder))
    }

    /// The scheme.
    pub fn scheme(&self) -> &'static str {
        if self.https { "https" } else { "http" }
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}{}", self.scheme(), self.authority(), self.target)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_read() {
        let url = Url::parse("https://Example.com/a?b#c").unwrap();
        assert_eq!((url.host.as_str(), url.port_or_default(), url.target.as_str()), ("example.com", 443, "/a?b"));
        assert_eq!(Url::parse("http://h:8080").unwrap().to_string(), "http://h:8080/");
        assert_eq!(Url::parse("http://[::1]:80/x").unwrap().authority(), "[::1]");
        for no_url in ["ftp://h/", "http://", "http://h:x/", "h:80", "http://h:99999/"] {
            assert_eq!(Url::parse(no_url), None, "{no_url}");
        }
    }

    #[test]
    fn redirects_are_resolved() {
        let from = Url::parse("http://h:80/a/b?c").unwrap();
        for (location, to) in
            [("/x", "http://h/x"), ("x", "http://h/a/x"), ("//i/x", "http://i/x"), ("https://i/x", "https://i/x")]
        {
            assert_eq!(from.join(location), to);
        }
    }
}
