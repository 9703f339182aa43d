//! One request, as the authorizer sees it.

use std::borrow::Cow;

use serde::Serialize;

use crate::UserInfo;

/// Who wants to do what (`authorizer.Attributes`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attributes<'a> {
    /// Who asks.
    pub user: &'a UserInfo,
    /// `get`, `list`, `create`, ...; for URLs the HTTP method in lower case.
    pub verb: &'a str,
    /// What it is about.
    pub kind: Requested<'a>,
}

/// What a request is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Requested<'a> {
    /// An API resource. Strings are empty where the request has none.
    Resource {
        /// API group; empty for the core group.
        group: &'a str,
        /// API version; RBAC ignores it.
        version: &'a str,
        /// Plural name.
        resource: &'a str,
        /// As `log` or `status`.
        subresource: &'a str,
        /// Empty at cluster scope and for requests across all namespaces.
        namespace: &'a str,
        /// The object's name; empty for create, list, watch and deletecollection without a `metadata.name` selector.
        name: &'a str,
        /// The request's field selector (ANDed); RBAC ignores it.
        field_selector: &'a [SelectorRequirement],
        /// The request's label selector (ANDed); RBAC ignores it.
        label_selector: &'a [SelectorRequirement],
    },
    /// A URL outside the resource API, without its query.
    NonResource {
        /// As `/healthz`.
        path: &'a str,
    },
}

/// One condition of a selector, parsed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SelectorRequirement {
    /// The label or field path.
    pub key: String,
    /// `=`, `==`, `!=`, `in`, `notin`, `exists`, `!`, `gt` or `lt` (`selection.Operator`).
    pub operator: &'static str,
    /// Sorted, without duplicates.
    pub values: Vec<String>,
}

impl<'a> Attributes<'a> {
    /// A request on a resource at cluster scope, of any version and without a name; narrow it with the methods below.
    pub fn resource(user: &'a UserInfo, verb: &'a str, group: &'a str, resource: &'a str) -> Self {
        let kind = Requested::Resource {
            group,
            version: "*",
            resource,
            subresource: "",
            namespace: "",
            name: "",
            field_selector: &[],
            label_selector: &[],
        };
        Self { user, verb, kind }
    }

    /// A request on a URL outside the resource API.
    pub fn path(user: &'a UserInfo, verb: &'a str, path: &'a str) -> Self {
        Self { user, verb, kind: Requested::NonResource { path } }
    }

    /// The same in a namespace; nothing changes for a URL.
    #[must_use]
    pub fn in_namespace(mut self, to: &'a str) -> Self {
        if let Requested::Resource { namespace, .. } = &mut self.kind {
            *namespace = to;
        }
        self
    }

    /// The same for one object; nothing changes for a URL.
    #[must_use]
    pub fn named(mut self, to: &'a str) -> Self {
        if let Requested::Resource { name, .. } = &mut self.kind {
            *name = to;
        }
        self
    }

    /// The same for a subresource; nothing changes for a URL.
    #[must_use]
    pub fn subresource(mut self, to: &'a str) -> Self {
        if let Requested::Resource { subresource, .. } = &mut self.kind {
            *subresource = to;
        }
        self
    }

    /// The same for an API version; nothing changes for a URL.
    #[must_use]
    pub fn of_version(mut self, to: &'a str) -> Self {
        if let Requested::Resource { version, .. } = &mut self.kind {
            *version = to;
        }
        self
    }

    /// The namespace; empty at cluster scope and for URLs.
    pub fn namespace(&self) -> &'a str {
        match self.kind {
            Requested::Resource { namespace, .. } => namespace,
            Requested::NonResource { .. } => "",
        }
    }

    /// The object's name; empty where there is none.
    pub fn name(&self) -> &'a str {
        match self.kind {
            Requested::Resource { name, .. } => name,
            Requested::NonResource { .. } => "",
        }
    }

    /// `resource` or `resource/subresource`; the path for a URL.
    pub fn combined_resource(&self) -> Cow<'a, str> {
        match self.kind {
            Requested::Resource { resource, subresource: "", .. } => Cow::Borrowed(resource),
            Requested::Resource { resource, subresource, .. } => Cow::Owned(format!("{resource}/{subresource}")),
            Requested::NonResource { path } => Cow::Borrowed(path),
        }
    }
}
