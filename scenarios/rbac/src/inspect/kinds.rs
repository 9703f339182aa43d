//! The kinds that a distribution's CustomResourceDefinitions define.

use std::collections::{BTreeMap, BTreeSet};

use proofmark_json::Value;

/// The labels by which objects say what application they belong to, the most telling first.
const APPLICATION: [&str; 3] = ["app.kubernetes.io/name", "app.kubernetes.io/part-of", "app"];

/// A kind that a definition brings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Kind {
    pub(crate) group: String,
    pub(crate) plural: String,
    pub(crate) singular: String,
    pub(crate) kind: String,
    /// The version that it is stored in, or else the first that is served; none if none is served.
    pub(crate) version: Option<String>,
    pub(crate) namespaced: bool,
    labels: BTreeMap<String, String>,
}

impl Kind {
    /// None if the object is no definition, or one without a group or a plural.
    fn read(object: &Value) -> Option<Self> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let is_definition = object["kind"] == "CustomResourceDefinition"
            && object["apiVersion"].as_str().is_some_and(|version| version.starts_with("apiextensions.k8s.io/"));
        let (spec, names) = (&object["spec"], &object["spec"]["names"]);
        let kind = text(&names["kind"]).unwrap_or_default();
        is_definition.then_some(())?;
        Some(Self {
            group: text(&spec["group"])?,
            plural: text(&names["plural"])?,
            singular: text(&names["singular"]).unwrap_or_else(|| kind.to_lowercase()),
            kind,
            version: served(spec).map(str::to_owned),
            namespaced: spec["scope"] == "Namespaced",
            labels: labels(object),
        })
    }

    /// Whether users can have objects of this kind in their namespaces.
    pub(crate) fn is_for_namespaces(&self) -> bool {
        self.namespaced && self.version.is_some()
    }

    /// What the labels of this kind and of another object say: the same application, another one, or nothing.
    pub(crate) fn same_application(&self, others: &BTreeMap<String, String>) -> Option<bool> {
        let told = |key: &&str| Some(self.labels.get(*key)? == others.get(*key)?);
        APPLICATION.iter().find_map(told)
    }
}

/// The definitions of a distribution, by group and plural.
#[derive(Debug, Default)]
pub(crate) struct Kinds(BTreeMap<String, BTreeMap<String, Kind>>);

impl Kinds {
    pub(crate) fn read<'a>(objects: impl IntoIterator<Item = &'a Value>) -> Self {
        let mut kinds = Self::default();
        for kind in objects.into_iter().filter_map(Kind::read) {
            let group = kinds.0.entry(kind.group.clone()).or_default();
            group.insert(kind.plural.clone(), kind);
        }
        kinds
    }

    /// Every group with its kinds.
    pub(crate) fn groups(&self) -> impl Iterator<Item = (&str, &BTreeMap<String, Kind>)> {
        self.0.iter().map(|(group, kinds)| (group.as_str(), kinds))
    }

    /// The kinds of a group; none if no definition of the group is here.
    pub(crate) fn of(&self, group: &str) -> Option<&BTreeMap<String, Kind>> {
        self.0.get(group)
    }
}

/// The labels of an object.
pub(crate) fn labels(object: &Value) -> BTreeMap<String, String> {
    let labels = object["metadata"]["labels"].as_object().into_iter().flatten();
    labels.filter_map(|(key, value)| Some((key.to_string(), value.as_str()?.to_owned()))).collect()
}

fn served(spec: &Value) -> Option<&str> {
    let Some(versions) = spec["versions"].as_array().filter(|versions| !versions.is_empty()) else {
        return spec["version"].as_str(); // apiextensions.k8s.io/v1beta1
    };
    let mut served: Vec<_> = versions.iter().filter(|version| version["served"] == true).collect();
    served.sort_by_key(|version| version["storage"] != true);
    served.first()?["name"].as_str()
}

/// The names in `resources` that a rule has in a group, without those of parts of objects (`pods/log`).
pub(crate) fn plain(resources: &[String]) -> impl Iterator<Item = (usize, &str)> {
    let named = resources.iter().map(String::as_str).enumerate();
    named.filter(|(_, name)| !name.contains('/') && *name != "*")
}

/// The names of a set of kinds.
pub(crate) type Plurals = BTreeSet<String>;

#[cfg(test)]
mod tests {
    use proofmark_json::json;

    use super::*;

    fn definition(spec: Value) -> Value {
        json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": "x"}, "spec": spec})
    }

    #[test]
    fn only_what_is_served_in_namespaces_is_for_users() {
        let names = json!({"plural": "models", "kind": "Model"});
        let table = [
            (json!({"scope": "Namespaced", "versions": [{"name": "v1", "served": true}]}), true),
            (json!({"scope": "Cluster", "versions": [{"name": "v1", "served": true}]}), false),
            (json!({"scope": "Namespaced", "versions": [{"name": "v1", "served": false}]}), false),
            (json!({"scope": "Namespaced", "version": "v1"}), true),
            (json!({"scope": "Namespaced"}), false),
        ];
        for (mut spec, expected) in table {
            spec["group"] = "example.org".into();
            spec["names"] = names.clone();
            let kind = Kind::read(&definition(spec.clone())).expect("a definition");
            assert_eq!(kind.is_for_namespaces(), expected, "{spec}");
            assert_eq!(kind.singular, "model");
        }
    }

    #[test]
    fn the_stored_version_is_preferred_among_the_served() {
        let versions = json!([{"name": "v1", "served": true}, {"name": "v2", "served": true, "storage": true}, {"name": "v3", "storage": true}]);
        assert_eq!(served(&json!({"versions": versions})), Some("v2"));
    }

    #[test]
    fn what_is_no_definition_is_passed_over() {
        let objects = [
            json!({"kind": "CustomResourceDefinition", "apiVersion": "example.org/v1"}),
            definition(json!({"names": 1})),
            json!([]),
        ];
        assert_eq!(Kinds::read(&objects).groups().count(), 0);
    }

    #[test]
    fn applications_are_compared_by_the_first_label_that_both_have() {
        let own = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect::<BTreeMap<_, _>>()
        };
        let mut object = definition(json!({"group": "g", "names": {"plural": "p", "kind": "K"}}));
        object["metadata"]["labels"] = json!({"app.kubernetes.io/name": "a", "app": "x"});
        let kind = Kind::read(&object).expect("a definition");
        assert_eq!(kind.same_application(&own(&[])), None);
        assert_eq!(kind.same_application(&own(&[("app", "x")])), Some(true));
        assert_eq!(kind.same_application(&own(&[("app", "x"), ("app.kubernetes.io/name", "b")])), Some(false));
    }
}
