//! Where an object lives in the Kubernetes API, and how Kubernetes names it.

use std::borrow::Cow;

use proofmark_json::Value;
use proofmark_status::{Status, qualified};

/// A kind of object: group, version, plural name, kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// The API group; empty for the core group.
    pub group: Cow<'static, str>,
    /// The version, for instance `v1alpha1`.
    pub version: Cow<'static, str>,
    /// The plural name in paths and rules, for instance `trainedmodels`.
    pub plural: Cow<'static, str>,
    /// The kind, for instance `TrainedModel`.
    pub kind: Cow<'static, str>,
}

impl Resource {
    /// A resource, for constants.
    pub const fn new(group: &'static str, version: &'static str, plural: &'static str, kind: &'static str) -> Self {
        Self {
            group: Cow::Borrowed(group),
            version: Cow::Borrowed(version),
            plural: Cow::Borrowed(plural),
            kind: Cow::Borrowed(kind),
        }
    }

    /// `group/version`, or `v1` in the core group.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.to_string() } else { format!("{}/{}", self.group, self.version) }
    }

    /// The collection in a namespace.
    pub fn in_namespace(&self, namespace: impl Into<String>) -> Place {
        Place { resource: self.clone(), namespace: Some(namespace.into()), name: None, subresource: None }
    }

    /// The collection of a cluster-scoped resource, or of a namespaced one across all namespaces.
    pub fn cluster_wide(&self) -> Place {
        Place { resource: self.clone(), namespace: None, name: None, subresource: None }
    }

    /// An object of this kind; `rest` holds its other top-level fields.
    pub fn object(&self, namespace: Option<&str>, name: &str, rest: Value) -> Value {
        let mut object =
            proofmark_json::json!({"apiVersion": self.api_version(), "kind": self.kind, "metadata": {"name": name}});
        if let Some(namespace) = namespace {
            object["metadata"]["namespace"] = namespace.into();
        }
        if let (Some(object), Value::Object(rest)) = (object.as_object_mut(), rest) {
            object.extend(rest);
        }
        object
    }
}

/// A collection or an object in the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// What kind of object.
    pub resource: Resource,
    /// In which namespace; none for cluster scope.
    pub namespace: Option<String>,
    /// Which object; none for the collection.
    pub name: Option<String>,
    /// Which part of it, for instance `status`.
    pub subresource: Option<String>,
}

impl Place {
    /// The object with this name.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// A part of the object, for instance `status`.
    #[must_use]
    pub fn part(mut self, subresource: impl Into<String>) -> Self {
        self.subresource = Some(subresource.into());
        self
    }

    /// The path that the API server routes.
    pub fn path(&self) -> String {
        let mut path = if self.resource.group.is_empty() { "/api/".to_owned() } else { "/apis/".to_owned() };
        path.push_str(&self.resource.api_version());
        if let Some(namespace) = &self.namespace {
            path.push_str("/namespaces/");
            path.push_str(namespace);
        }
        for segment in [Some(self.resource.plural.as_ref()), self.name.as_deref(), self.subresource.as_deref()]
            .into_iter()
            .flatten()
        {
            path.push('/');
            path.push_str(segment);
        }
        path
    }

    /// The refusal that RBAC gives a user who may not do `verb` here, in Kubernetes' words
    /// (`k8s.io/apiserver/pkg/endpoints/handlers/responsewriters`, release 1.35).
    pub fn forbidden(&self, user: &str, verb: &str) -> Status {
        let Resource { group, plural, .. } = &self.resource;
        let resource = self.subresource.as_ref().map_or_else(|| plural.to_string(), |part| format!("{plural}/{part}"));
        let scope = match &self.namespace {
            Some(namespace) => format!("in the namespace \"{namespace}\""),
            None => "at the cluster scope".to_owned(),
        };
        let why = format!("User \"{user}\" cannot {verb} resource \"{resource}\" in API group \"{group}\" {scope}");
        Status::forbidden(group, plural, self.name.as_deref().unwrap_or_default(), &why)
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&qualified(&self.resource.plural, &self.resource.group))?;
        if let Some(name) = &self.name {
            write!(f, " {name}")?;
        }
        if let Some(part) = &self.subresource {
            write!(f, " ({part})")?;
        }
        match &self.namespace {
            Some(namespace) => write!(f, " in {namespace}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODELS: Resource = Resource::new("serving.kserve.io", "v1alpha1", "trainedmodels", "TrainedModel");
    const NAMESPACES: Resource = Resource::new("", "v1", "namespaces", "Namespace");

    #[test]
    fn paths_are_those_of_the_api() {
        let table = [
            (MODELS.in_namespace("a"), "/apis/serving.kserve.io/v1alpha1/namespaces/a/trainedmodels"),
            (
                MODELS.in_namespace("a").named("m").part("status"),
                "/apis/serving.kserve.io/v1alpha1/namespaces/a/trainedmodels/m/status",
            ),
            (MODELS.cluster_wide(), "/apis/serving.kserve.io/v1alpha1/trainedmodels"),
            (NAMESPACES.cluster_wide().named("a"), "/api/v1/namespaces/a"),
        ];
        for (place, path) in table {
            assert_eq!(place.path(), path);
        }
    }

    #[rstest::rstest]
    #[case(
        MODELS.in_namespace("a").named("m"), "get",
        r#"trainedmodels.serving.kserve.io "m" is forbidden: User "u" cannot get resource "trainedmodels" in API group "serving.kserve.io" in the namespace "a""#
    )]
    #[case(
        MODELS.in_namespace("a").named("m").part("status"), "patch",
        r#"trainedmodels.serving.kserve.io "m" is forbidden: User "u" cannot patch resource "trainedmodels/status" in API group "serving.kserve.io" in the namespace "a""#
    )]
    #[case(
        NAMESPACES.cluster_wide(), "list",
        r#"namespaces is forbidden: User "u" cannot list resource "namespaces" in API group "" at the cluster scope"#
    )]
    fn refusals_have_the_words_of_kubernetes(#[case] place: Place, #[case] verb: &str, #[case] words: &str) {
        assert_eq!(place.forbidden("u", verb).message, words);
    }
}
