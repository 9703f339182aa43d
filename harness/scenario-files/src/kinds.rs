//! From `apiVersion` and `kind` to the plural name in paths.
//!
//! Known are the built-in kinds, those that any release of KServe, Kubeflow or a project beside them defines, and those that the scenario
//! defines itself.

use std::collections::BTreeMap;

use proofmark_kserve::extras::{self, Project};
use proofmark_kserve::{Release, install};
use proofmark_kubeflow::KubeflowRelease;
use proofmark_replay::Resource;
use serde_json::Value;

/// Every kind that a scenario may name.
pub(crate) struct Kinds(BTreeMap<(String, String), Known>);

struct Known {
    resource: Resource,
    namespaced: bool,
}

impl Kinds {
    /// The known kinds, and those that these objects define.
    pub(crate) fn with<'a>(defined: impl IntoIterator<Item = &'a Value>) -> Self {
        let mut kinds = Self(BTreeMap::new());
        for known in proofmark_builtin::resources() {
            kinds.add(&known.group, &known.version, &known.plural, &known.kind, known.namespaced);
        }
        let projects = [Project::Knative, Project::Istio, Project::Keda, Project::GatewayApi, Project::LocalModel];
        let installed = Release::all().iter().flat_map(|release| install::crds(*release));
        let installed =
            installed.chain(KubeflowRelease::all().iter().flat_map(|on| proofmark_kubeflow::install::crds(*on)));
        for definition in installed.chain(extras::objects(&projects)) {
            kinds.define(&definition);
        }
        defined.into_iter().for_each(|object| kinds.define(object));
        kinds
    }

    fn define(&mut self, definition: &Value) {
        if definition["kind"] != "CustomResourceDefinition" {
            return;
        }
        let spec = &definition["spec"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let (group, plural, kind) =
            (text(&spec["group"]), text(&spec["names"]["plural"]), text(&spec["names"]["kind"]));
        for version in spec["versions"].as_array().into_iter().flatten() {
            let version = version["name"].as_str().unwrap_or_default();
            self.add(&group, version, &plural, &kind, spec["scope"] == "Namespaced");
        }
    }

    fn add(&mut self, group: &str, version: &str, plural: &str, kind: &str, namespaced: bool) {
        let resource = Resource {
            group: group.to_owned().into(),
            version: version.to_owned().into(),
            plural: plural.to_owned().into(),
            kind: kind.to_owned().into(),
        };
        // Tables list a kind's own resource first; a later one is another way to the same kind.
        self.0.entry((resource.api_version(), kind.to_owned())).or_insert(Known { resource, namespaced });
    }

    /// Whether the objects of a kind live in namespaces; not, if there is no such kind.
    pub(crate) fn is_namespaced(&self, api_version: &str, kind: &str) -> bool {
        self.0.get(&(api_version.to_owned(), kind.to_owned())).is_some_and(|known| known.namespaced)
    }

    /// The resource of a kind.
    ///
    /// # Errors
    /// That there is none, and what was probably meant.
    pub(crate) fn find(&self, api_version: &str, kind: &str) -> Result<&Resource, String> {
        if let Some(found) = self.0.get(&(api_version.to_owned(), kind.to_owned())) {
            return Ok(&found.resource);
        }
        let elsewhere: Vec<&str> =
            self.0.keys().filter(|(_, other)| other == kind).map(|(version, _)| version.as_str()).collect();
        if !elsewhere.is_empty() {
            return Err(format!("{api_version} has no kind {kind}; it is in {}", elsewhere.join(", ")));
        }
        let likeness = |other: &str| strsim::jaro_winkler(&kind.to_lowercase(), &other.to_lowercase());
        let nearest = self.0.keys().max_by(|a, b| likeness(&a.1).total_cmp(&likeness(&b.1)));
        let hint = nearest.filter(|(_, other)| likeness(other) > 0.85);
        Err(match hint {
            Some((version, other)) => format!("unknown kind {kind}, did you mean {other} of {version}?"),
            None => format!("unknown kind {kind} of {api_version}; define it in `arrange` if it is your own"),
        })
    }
}
