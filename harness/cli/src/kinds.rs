//! The kinds that there are: Kubernetes' own, and those that CustomResourceDefinitions in manifests define.

use proofmark_json::Value;
use proofmark_manifests::{ManifestSet, Object};

/// Words that differ in more letters than this are different words, not misspelt ones.
const SLIPS: usize = 2;

/// Who defines a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Kubernetes itself.
    Kubernetes,
    /// A CustomResourceDefinition.
    Manifests,
}

/// One kind of one group in one version.
#[derive(Debug, Clone)]
pub(crate) struct Kind {
    pub(crate) origin: Origin,
    pub(crate) group: String,
    pub(crate) version: String,
    pub(crate) kind: String,
    pub(crate) plural: String,
    pub(crate) singular: String,
    pub(crate) short_names: Vec<String>,
    pub(crate) namespaced: bool,
}

impl Kind {
    /// `plural.group`, as users name a resource.
    pub(crate) fn resource(&self) -> String {
        match self.group.as_str() {
            "" => self.plural.clone(),
            group => format!("{}.{group}", self.plural),
        }
    }

    /// Whether users may mean it by this word.
    fn is_called(&self, word: &str) -> bool {
        [&self.plural, &self.singular].into_iter().chain(&self.short_names).any(|name| name == word)
            || self.kind.eq_ignore_ascii_case(word)
    }
}

/// All kinds: Kubernetes' first.
#[derive(Debug)]
pub(crate) struct Kinds(Vec<Kind>);

impl Kinds {
    /// Those of Kubernetes and of these manifests.
    pub(crate) fn of(manifests: &ManifestSet) -> Self {
        let builtin = proofmark_builtin::resources().iter().map(|resource| Kind {
            origin: Origin::Kubernetes,
            group: resource.group.clone(),
            version: resource.version.clone(),
            kind: resource.kind.clone(),
            plural: resource.plural.clone(),
            singular: resource.singular.clone(),
            short_names: resource.short_names.clone(),
            namespaced: resource.namespaced,
        });
        let defined = manifests.objects.iter().filter(|object| is_definition(object)).flat_map(defined);
        Self(builtin.chain(defined).collect())
    }

    /// All of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Kind> {
        self.0.iter()
    }

    /// The kind that a user means: a plural, singular, short name or kind, alone or with `.group`.
    pub(crate) fn find(&self, word: &str) -> Option<&Kind> {
        let called = |name: &str, group: Option<&str>| {
            self.0.iter().find(|kind| kind.is_called(name) && group.is_none_or(|group| kind.group == group))
        };
        called(word, None).or_else(|| word.split_once('.').and_then(|(name, group)| called(name, Some(group))))
    }

    /// The resource whose name is most like this word.
    pub(crate) fn suggestion(&self, word: &str) -> Option<String> {
        let name = word.split('.').next().unwrap_or(word);
        let plurals = self.0.iter().map(|kind| kind.plural.as_str());
        let near = nearest(name, plurals)?;
        self.0.iter().find(|kind| kind.plural == near).map(Kind::resource)
    }
}

/// What a misspelt word most likely means.
pub(crate) fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|candidate| (strsim::osa_distance(word, candidate), candidate))
        .filter(|(slips, _)| *slips <= SLIPS && *slips < word.chars().count())
        .min_by_key(|(slips, _)| *slips)
        .map(|(_, candidate)| candidate)
}

fn is_definition(object: &Object) -> bool {
    let gvk = object.gvk();
    gvk.group == "apiextensions.k8s.io" && gvk.kind == "CustomResourceDefinition"
}

/// One for each version of the definition.
fn defined(definition: &Object) -> Vec<Kind> {
    let spec = &definition.value["spec"];
    let names = &spec["names"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let texts = |value: &Value| value.as_array().into_iter().flatten().map(&text).collect();
    let kind = text(&names["kind"]);
    let singular = names["singular"].as_str().map_or_else(|| kind.to_lowercase(), str::to_owned);
    let versions = spec["versions"].as_array().into_iter().flatten().map(|version| &version["name"]);
    versions
        .map(|version| Kind {
            origin: Origin::Manifests,
            group: text(&spec["group"]),
            version: text(version),
            kind: kind.clone(),
            plural: text(&names["plural"]),
            singular: singular.clone(),
            short_names: texts(&names["shortNames"]),
            namespaced: spec["scope"] == "Namespaced",
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_misspelt_words_have_a_suggestion() {
        let table = [
            ("Deploymnet", Some("Deployment")),
            ("gadgts", Some("gadgets")),
            ("networking.internal.knative.dev", None),
            ("Config", None),
            ("x", None),
        ];
        let known = ["ConfigMap", "Deployment", "gadgets", "networking.k8s.io", "y"];
        for (word, meant) in table {
            assert_eq!(nearest(word, known), meant, "{word}");
        }
    }
}
