//! The spec of access reviews, in the field order of Kubernetes' Go types.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::nullable;
use crate::{Attributes, LabelSelectorRequirement, Requested, SelectorRequirement, UserInfo};

/// `SubjectAccessReviewSpec`. A SelfSubjectAccessReview uses the attributes alone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccessSpec {
    /// The question, when it is about a resource.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_attributes: Option<ResourceAttributes>,
    /// The question, when it is about a URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub non_resource_attributes: Option<NonResourceAttributes>,
    /// User name.
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
    pub user: String,
    /// The user's groups.
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    /// Further attributes of the user; a `null` comes back as it is.
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "BTreeMap::is_empty")]
    pub extra: BTreeMap<String, Option<Vec<String>>>,
    /// The user's uid.
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
    pub uid: String,
}

impl AccessSpec {
    /// The user that the spec names.
    pub fn subject(&self) -> UserInfo {
        let Self { user, uid, groups, extra, .. } = self;
        let extra = extra.iter().map(|(key, values)| (key.clone(), values.clone().unwrap_or_default())).collect();
        UserInfo { name: user.clone(), uid: uid.clone(), groups: groups.clone(), extra }
    }
}

/// A question about a resource. Empty strings are absent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourceAttributes {
    /// Empty means cluster scope, or all namespaces.
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
    pub namespace: String,
    /// `get`, `list`, ...; `*` asks for all at once.
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
    pub verb: String,
    /// API group.
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
    pub group: String,
    /// API version.
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
    pub version: String,
    /// Plural name.
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
    pub resource: String,
    /// Subresource.
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
    pub subresource: String,
    /// The object's name; empty means any.
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Narrows a list, watch or deletecollection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field_selector: Option<SelectorAttributes>,
    /// Narrows a list, watch or deletecollection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label_selector: Option<SelectorAttributes>,
}

impl ResourceAttributes {
    /// The request that is asked about.
    pub(crate) fn attributes<'a>(
        &'a self,
        user: &'a UserInfo,
        field_selector: &'a [SelectorRequirement],
        label_selector: &'a [SelectorRequirement],
    ) -> Attributes<'a> {
        let kind = Requested::Resource {
            group: &self.group,
            version: if self.version.is_empty() { "*" } else { &self.version },
            resource: &self.resource,
            subresource: &self.subresource,
            namespace: &self.namespace,
            name: &self.name,
            field_selector,
            label_selector,
        };
        Attributes { user, verb: &self.verb, kind }
    }
}

/// A question about a URL outside the resource API.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NonResourceAttributes {
    /// As `/healthz`.
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
    pub path: String,
    /// The HTTP method in lower case.
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
    pub verb: String,
}

/// `FieldSelectorAttributes` or `LabelSelectorAttributes`: either raw, as in a query, or parsed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SelectorAttributes {
    /// As `a=b,c!=d`.
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
    pub raw_selector: String,
    /// All must hold.
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub requirements: Vec<LabelSelectorRequirement>,
}
