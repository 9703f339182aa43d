//! Which kinds a server has: its aggregated discovery documents (KEP-3352, in every release since 1.27).

use std::collections::{BTreeMap, BTreeSet};

use proofmark_json::Value;

use crate::kit::{Api, Error, Resource, object};

const ACCEPT: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/// A kind that a server has, in one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Served {
    pub(crate) resource: Resource,
    verbs: BTreeSet<String>,
}

impl Served {
    /// Whether the resource knows all of these verbs.
    pub(crate) fn has(&self, verbs: &[&str]) -> bool {
        verbs.iter().all(|verb| self.verbs.contains(*verb))
    }
}

/// Every kind that a server has, in every version.
#[derive(Debug, Clone, Default)]
pub(crate) struct Kinds {
    /// In the server's order: groups by name, versions by preference.
    served: Vec<Served>,
    /// `group/version`s whose own server did not answer.
    stale: Vec<String>,
}

impl Kinds {
    /// Asks the server.
    pub(crate) async fn discover(api: &Api) -> Result<Self, Error> {
        let mut kinds = Self::default();
        for path in ["/api", "/apis"] {
            let document = api.document(path, ACCEPT).await?;
            kinds.read(&document);
        }
        Ok(kinds)
    }

    fn read(&mut self, document: &Value) {
        for group in object::list(document, "/items") {
            for version in object::list(group, "/versions") {
                let (group, version_name) = (object::name(group), object::text(version, "/version"));
                if object::text(version, "/freshness") == "Stale" {
                    self.stale.push(format!("{group}/{version_name}"));
                }
                for entry in object::list(version, "/resources") {
                    let kind = object::text(entry, "/responseKind/kind");
                    let resource = Resource {
                        group: group.to_owned().into(),
                        version: version_name.to_owned().into(),
                        plural: object::text(entry, "/resource").to_owned().into(),
                        kind: kind.to_owned().into(),
                        namespaced: object::text(entry, "/scope") == "Namespaced",
                    };
                    let verbs = object::strings(entry, "/verbs").map(str::to_owned).collect();
                    self.served.push(Served { resource, verbs });
                }
            }
        }
    }

    /// Each resource once, in the version that its group prefers among those that have it.
    pub(crate) fn preferred(&self) -> impl Iterator<Item = &Served> {
        let mut seen = BTreeSet::new();
        self.served.iter().filter(move |served| seen.insert((&served.resource.group, &served.resource.plural)))
    }

    /// The resource of a kind as owner references name it.
    pub(crate) fn find(&self, api_version: &str, kind: &str) -> Option<&Resource> {
        let resources = self.served.iter().map(|served| &served.resource);
        resources.into_iter().find(|resource| resource.kind == kind && resource.api_version() == api_version)
    }

    /// The resource of a kind in whatever version its group prefers.
    pub(crate) fn of_kind(&self, group: &str, kind: &str) -> Option<&Resource> {
        let resources = self.served.iter().map(|served| &served.resource);
        resources.into_iter().find(|resource| resource.kind == kind && resource.group == group)
    }

    /// A resource by its plural name in whatever version its group prefers.
    pub(crate) fn of_plural(&self, group: &str, plural: &str) -> Option<&Resource> {
        let resources = self.served.iter().map(|served| &served.resource);
        resources.into_iter().find(|resource| resource.plural == plural && resource.group == group)
    }

    /// The versions in which each resource is served.
    pub(crate) fn versions(&self) -> BTreeMap<(&str, &str), BTreeSet<&str>> {
        let mut versions: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        for Served { resource, .. } in &self.served {
            versions.entry((&*resource.group, &*resource.plural)).or_default().insert(&*resource.version);
        }
        versions
    }

    /// What client-go says when a group's own server does not answer; `None` when all did.
    pub(crate) fn failure(&self) -> Option<String> {
        if self.stale.is_empty() {
            return None;
        }
        let mut stale: Vec<String> =
            self.stale.iter().map(|version| format!("{version}: stale GroupVersion discovery: {version}")).collect();
        stale.sort();
        Some(format!(
            "Discovery failed for some groups, {} failing: unable to retrieve the complete list of server APIs: {}",
            stale.len(),
            stale.join(", ")
        ))
    }
}

#[cfg(test)]
mod tests {
    use proofmark_json::json;

    use super::*;

    fn kinds() -> Kinds {
        let resource = |name: &str, kind: &str, verbs: Value| json!({"resource": name, "responseKind": {"kind": kind}, "scope": "Namespaced", "verbs": verbs});
        let mut kinds = Kinds::default();
        kinds.read(&json!({"items": [{"metadata": {"name": "example.com"}, "versions": [
            {"version": "v2", "freshness": "Current", "resources": [resource("widgets", "Widget", json!(["delete", "list", "watch"]))]},
            {"version": "v1", "freshness": "Current", "resources": [
                resource("widgets", "Widget", json!(["delete", "list", "watch"])), resource("reviews", "Review", json!(["create"]))]},
        ]}, {"metadata": {"name": "broken.io"}, "versions": [{"version": "v1", "freshness": "Stale", "resources": []}]}]}));
        kinds
    }

    #[test]
    fn each_resource_is_preferred_in_its_first_version() {
        let kinds = kinds();
        let all: Vec<_> = kinds.preferred().map(|served| served.resource.to_string()).collect();
        assert_eq!(all, ["example.com/v2, Resource=widgets", "example.com/v1, Resource=reviews"]);
        let deletable: Vec<_> = kinds.preferred().filter(|served| served.has(&["delete", "list"])).collect();
        assert_eq!(deletable.len(), 1);
    }

    #[test]
    fn owners_are_found_in_every_version_and_only_there() {
        let kinds = kinds();
        assert!(kinds.find("example.com/v1", "Widget").is_some());
        assert!(kinds.find("example.com/v3", "Widget").is_none());
        assert_eq!(kinds.versions()[&("example.com", "widgets")], BTreeSet::from(["v1", "v2"]));
    }

    #[test]
    fn a_silent_group_is_told_as_client_go_does() {
        assert_eq!(
            kinds().failure().as_deref(),
            Some(
                "Discovery failed for some groups, 1 failing: unable to retrieve the complete list of server APIs: broken.io/v1: stale \
                 GroupVersion discovery: broken.io/v1"
            )
        );
    }
}
