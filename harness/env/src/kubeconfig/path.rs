//! Paths of the Kubernetes API.

/// What a path leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ApiPath<'a> {
    /// The API group; empty for the core group.
    pub(super) group: &'a str,
    /// The namespace, if the path leads into one; also that of the Namespace itself.
    pub(super) namespace: Option<&'a str>,
    /// The plural name.
    pub(super) resource: &'a str,
    /// The object's name.
    pub(super) name: Option<&'a str>,
    /// The part of the object.
    pub(super) subresource: Option<&'a str>,
    /// The path of the object without its part, or of the collection.
    pub(super) place: &'a str,
}

impl<'a> ApiPath<'a> {
    /// Takes a path apart; none if it leads to no resource. A query is ignored.
    pub(super) fn parse(path: &'a str) -> Option<Self> {
        let path = path.split_once('?').map_or(path, |(path, _)| path).trim_end_matches('/');
        let mut segments = path.split('/').skip(1);
        let group = match segments.next()? {
            "api" => "",
            "apis" => segments.next()?,
            _ => return None,
        };
        segments.next()?; // the version
        let rest: Vec<&str> = segments.collect();
        let (namespace, rest) = match rest.as_slice() {
            // `namespaces/x/status` is a part of the Namespace, everything else in there is something of its own.
            ["namespaces", name] | ["namespaces", name, "status" | "finalize"] => (Some(*name), rest.as_slice()),
            ["namespaces", namespace, rest @ ..] => (Some(*namespace), rest),
            rest => (None, rest),
        };
        let (resource, name, subresource) = match rest {
            [resource] => (*resource, None, None),
            [resource, name] => (*resource, Some(*name), None),
            [resource, name, part, ..] => (*resource, Some(*name), Some(*part)),
            [] => return None,
        };
        let below: usize = rest.iter().skip(2).map(|segment| segment.len() + 1).sum();
        let place = path.get(..path.len() - below)?;
        Some(Self { group, namespace, resource, name, subresource, place })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_come_apart() {
        type Parts<'a> = (&'a str, Option<&'a str>, &'a str, Option<&'a str>, Option<&'a str>, &'a str);
        let table: [(&str, Option<Parts<'_>>); 8] = [
            ("/api/v1/namespaces", Some(("", None, "namespaces", None, None, "/api/v1/namespaces"))),
            ("/api/v1/namespaces/a", Some(("", Some("a"), "namespaces", Some("a"), None, "/api/v1/namespaces/a"))),
            (
                "/api/v1/namespaces/a/finalize",
                Some(("", Some("a"), "namespaces", Some("a"), Some("finalize"), "/api/v1/namespaces/a")),
            ),
            (
                "/api/v1/namespaces/a/pods/p/log?follow=true",
                Some(("", Some("a"), "pods", Some("p"), Some("log"), "/api/v1/namespaces/a/pods/p")),
            ),
            (
                "/apis/g.io/v1/namespaces/a/xs",
                Some(("g.io", Some("a"), "xs", None, None, "/apis/g.io/v1/namespaces/a/xs")),
            ),
            ("/apis/g.io/v1/ys/y", Some(("g.io", None, "ys", Some("y"), None, "/apis/g.io/v1/ys/y"))),
            ("/version", None),
            ("/apis/g.io/v1", None),
        ];
        for (path, parts) in table {
            let parsed = ApiPath::parse(path);
            let got = parsed.map(|p| (p.group, p.namespace, p.resource, p.name, p.subresource, p.place));
            assert_eq!(got, parts, "{path}");
        }
    }
}
