//! What a role grants close to a request that it does not allow.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::matching::{has_or_all, name_matches, resource_matches, url_matches};
use crate::{Attributes, PolicyRule, Requested};

/// What a role grants close to a request that it does not allow: each list differs from the request in one point.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NearMiss {
    /// Other verbs on the same resource (or URL).
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub verbs: BTreeSet<String>,
    /// The resource that the requested subresource belongs to, or its other subresources, with the same verb.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub related: BTreeSet<String>,
    /// Other resources of the same API group with the same verb.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub resources: BTreeSet<String>,
    /// The only objects, by name, on which the role grants just this.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub names: BTreeSet<String>,
    /// Other API groups in which the role grants this verb on a resource of this name.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub groups: BTreeSet<String>,
    /// Other URLs with the same verb.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub paths: BTreeSet<String>,
}

impl NearMiss {
    /// Looks through the rules of a role that does not allow the request.
    pub(super) fn of(rules: &[PolicyRule], attributes: &Attributes<'_>) -> Self {
        let mut near = Self::default();
        for rule in rules {
            let verb = has_or_all(&rule.verbs, attributes.verb);
            match attributes.kind {
                Requested::NonResource { path } => {
                    let url = rule.non_resource_urls.iter().any(|pattern| url_matches(pattern, path));
                    if url {
                        near.verbs.extend(rule.verbs.iter().cloned());
                    } else if verb {
                        near.paths.extend(rule.non_resource_urls.iter().cloned());
                    }
                }
                Requested::Resource { group, resource, subresource, name, .. } => {
                    let fits = [
                        verb,
                        has_or_all(&rule.api_groups, group),
                        resource_matches(rule, resource, subresource),
                        name_matches(rule, name),
                    ];
                    match fits {
                        [false, true, true, true] => near.verbs.extend(rule.verbs.iter().cloned()),
                        [true, true, false, true] => {
                            let parent = |item: &String| item.split('/').next() == Some(resource);
                            let (related, others): (Vec<_>, Vec<_>) = rule.resources.iter().cloned().partition(parent);
                            near.related.extend(related);
                            near.resources.extend(others);
                        }
                        [true, true, true, false] => near.names.extend(rule.resource_names.iter().cloned()),
                        [true, false, true, true] => near.groups.extend(rule.api_groups.iter().cloned()),
                        _ => {}
                    }
                }
            }
        }
        near
    }

    /// Whether nothing is close.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
