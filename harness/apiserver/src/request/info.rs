//! The path and method of a request, read as kube-apiserver's `RequestInfoFactory` reads them.
//!
//! `/api/{version}/...` and `/apis/{group}/{version}/...` are resource requests; everything else, and paths too short, are not.
//! `namespaces/{n}` both names a namespace and scopes what follows it. Authorization happens on this reading, before anybody
//! knows whether the resource exists.

use http::Method;

use super::{FieldSelector, Query};

/// A request's path and method, read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct RequestInfo {
    /// Whether the path names a resource.
    pub(crate) is_resource: bool,
    /// The path, percent-decoded.
    pub(crate) path: String,
    /// `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`; the lower-case method for other paths.
    pub(crate) verb: String,
    /// The API group; empty for the core group.
    pub(crate) group: String,
    /// The version.
    pub(crate) version: String,
    /// The namespace; empty outside namespaces.
    pub(crate) namespace: String,
    /// The resource (plural).
    pub(crate) resource: String,
    /// The subresource; empty for the object itself.
    pub(crate) subresource: String,
    /// The object's name; empty for collections.
    pub(crate) name: String,
    /// The path's parts from the resource on.
    pub(crate) parts: Vec<String>,
    /// Whether the verb stands in front of the resource: `watch/pods`.
    pub(crate) verb_first: bool,
    /// Whether the path goes through a namespace, be it one without a name.
    pub(crate) scoped: bool,
    /// Whether a verb stands in front of nothing, which nobody can read.
    pub(crate) unreadable: bool,
}

/// Subresources of a namespace itself; other parts after `namespaces/{n}` are resources inside it.
const OF_NAMESPACES: [&str; 2] = ["status", "finalize"];

impl RequestInfo {
    /// Reads a path (percent-decoded) and method.
    pub(crate) fn new(method: &Method, path: &str, query: &Query) -> Self {
        let mut info = Self { path: path.to_owned(), verb: method.as_str().to_ascii_lowercase(), ..Self::default() };
        let trimmed = path.trim_matches('/');
        let parts: Vec<&str> = if trimmed.is_empty() { Vec::new() } else { trimmed.split('/').collect() };
        if parts.len() < 3 {
            return info;
        }
        let rest = match parts[0] {
            "api" => {
                info.version = parts[1].to_owned();
                &parts[2..]
            }
            "apis" if parts.len() > 3 => {
                info.group = parts[1].to_owned();
                info.version = parts[2].to_owned();
                &parts[3..]
            }
            _ => return info,
        };
        info.is_resource = true;
        info.verb = match *method {
            Method::POST => "create",
            Method::GET | Method::HEAD => "get",
            Method::PUT => "update",
            Method::PATCH => "patch",
            Method::DELETE => "delete",
            _ => "",
        }
        .to_owned();
        info.locate(rest);
        info.narrow_verb(query);
        info
    }

    /// Namespace, resource, name and subresource of the parts behind the version.
    fn locate(&mut self, parts: &[&str]) {
        // The two old forms with a verb in front.
        let parts = match parts {
            ["watch" | "proxy"] => {
                self.unreadable = true;
                return;
            }
            [verb @ ("watch" | "proxy"), rest @ ..] => {
                (*verb).clone_into(&mut self.verb);
                self.verb_first = true;
                rest
            }
            other => other,
        };
        let parts = match parts {
            ["namespaces", namespace, rest @ ..] => {
                self.namespace = (*namespace).to_owned();
                self.scoped = true;
                match rest.first() {
                    Some(first) if !OF_NAMESPACES.contains(first) => rest,
                    _ => parts,
                }
            }
            other => other,
        };
        self.parts = parts.iter().map(|p| (*p).to_owned()).collect();
        let part = |i: usize| parts.get(i).copied().unwrap_or_default().to_owned();
        self.resource = part(0);
        self.name = part(1);
        self.subresource = part(2);
    }

    /// Collections turn `get` into `list` or `watch` and `delete` into `deletecollection`; a selector on `metadata.name` names
    /// the object of a list or watch.
    fn narrow_verb(&mut self, query: &Query) {
        if self.name.is_empty() && self.verb == "get" {
            let watch = query.get("watch").is_some_and(super::parse_bool);
            self.verb = if watch { "watch" } else { "list" }.to_owned();
        }
        if self.name.is_empty() && self.verb == "delete" {
            self.verb = "deletecollection".to_owned();
        }
        if matches!(self.verb.as_str(), "list" | "watch")
            && self.name.is_empty()
            && let Some(text) = query.get("fieldSelector")
            && let Ok(selector) = FieldSelector::parse(text)
            && let Some(name) = selector.exact("metadata.name")
            && is_path_segment(name)
        {
            self.name = name.to_owned();
        }
    }
}

/// Whether a name can stand in a path (`path.IsValidPathSegmentName`).
fn is_path_segment(name: &str) -> bool {
    !matches!(name, "" | "." | "..") && !name.contains(['/', '%'])
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn read(method: &str, uri: &str) -> RequestInfo {
        let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
        RequestInfo::new(&method.parse().unwrap(), path, &Query::parse(query))
    }

    #[rstest]
    #[case("GET", "/api/v1/pods", "list", "", "pods", "", "")]
    #[case("GET", "/api/v1/namespaces/n/pods?watch=1", "watch", "n", "pods", "", "")]
    #[case("GET", "/api/v1/namespaces/n/pods/p/log", "get", "n", "pods", "p", "log")]
    #[case("GET", "/api/v1/namespaces/n", "get", "n", "namespaces", "n", "")]
    #[case("PUT", "/api/v1/namespaces/n/finalize", "update", "n", "namespaces", "n", "finalize")]
    #[case("DELETE", "/apis/apps/v1/namespaces/n/deployments", "deletecollection", "n", "deployments", "", "")]
    #[case("GET", "/api/v1/watch/namespaces/n/pods", "watch", "n", "pods", "", "")]
    #[case("GET", "/api/v1/pods?fieldSelector=metadata.name%3Dx", "list", "", "pods", "x", "")]
    fn resource_paths(
        #[case] method: &str,
        #[case] uri: &str,
        #[case] verb: &str,
        #[case] namespace: &str,
        #[case] resource: &str,
        #[case] name: &str,
        #[case] subresource: &str,
    ) {
        let info = read(method, uri);
        assert!(info.is_resource);
        let got = (&*info.verb, &*info.namespace, &*info.resource, &*info.name, &*info.subresource);
        assert_eq!(got, (verb, namespace, resource, name, subresource));
    }

    #[rstest]
    #[case("/api/v1")]
    #[case("/apis/apps/v1")]
    #[case("/version")]
    #[case("/")]
    fn other_paths(#[case] uri: &str) {
        let info = read("GET", uri);
        assert!(!info.is_resource);
        assert_eq!(info.verb, "get");
    }
}
