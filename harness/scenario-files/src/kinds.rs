//! From `apiVersion` and `kind` to the plural name in paths.
//!
//! Known are the built-in kinds, those that any release of KServe, Kubeflow or a project beside them defines, and those that the scenario
//! defines itself.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use proofmark_json::Value;
use proofmark_kserve::extras::{self, Project};
use proofmark_kserve::{Release, install};
use proofmark_kubeflow::KubeflowRelease;
use proofmark_replay::Resource;

/// Every kind that a scenario may name: its own, and the known ones.
pub(crate) struct Kinds(Table);

type Table = BTreeMap<(String, String), Known>;

struct Known {
    resource: Resource,
    namespaced: bool,
    /// What kubectl takes for it beside its plural and its kind.
    short_names: Vec<String>,
}

/// What nearly every scenario is content with, so that reading one does not have to read what every release defines: the built-in kinds and those of the
/// newest KServe.
static USUAL: LazyLock<Table> = LazyLock::new(|| {
    let mut table = Table::new();
    for known in proofmark_builtin::resources() {
        let names = [&known.group, &known.version, &known.plural, &known.kind].map(String::as_str);
        add(&mut table, names, known.namespaced, known.short_names.clone());
    }
    install::outlines(Release::latest()).iter().for_each(|definition| define(&mut table, definition));
    table
});

/// The kinds of every release of KServe and Kubeflow, and of the projects beside them.
static ALL: LazyLock<Table> = LazyLock::new(|| {
    let mut table = Table::new();
    let projects = [Project::Knative, Project::Istio, Project::Keda, Project::GatewayApi, Project::LocalModel];
    let installed = Release::all().iter().flat_map(|release| install::outlines(*release));
    let installed =
        installed.chain(KubeflowRelease::all().iter().flat_map(|on| proofmark_kubeflow::install::crds(*on)));
    installed.chain(extras::objects(&projects)).for_each(|definition| define(&mut table, &definition));
    table
});

fn define(table: &mut Table, definition: &Value) {
    if definition["kind"] != "CustomResourceDefinition" {
        return;
    }
    let spec = &definition["spec"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let short_names: Vec<String> = spec["names"]["shortNames"].as_array().into_iter().flatten().map(text).collect();
    let (group, plural, kind) = (text(&spec["group"]), text(&spec["names"]["plural"]), text(&spec["names"]["kind"]));
    for version in spec["versions"].as_array().into_iter().flatten() {
        let version = version["name"].as_str().unwrap_or_default();
        add(table, [&group, version, &plural, &kind], spec["scope"] == "Namespaced", short_names.clone());
    }
}

/// Adds a kind by group, version, plural name and kind.
fn add(table: &mut Table, [group, version, plural, kind]: [&str; 4], namespaced: bool, short_names: Vec<String>) {
    let resource = Resource {
        group: group.to_owned().into(),
        version: version.to_owned().into(),
        plural: plural.to_owned().into(),
        kind: kind.to_owned().into(),
    };
    // Tables list a kind's own resource first; a later one is another way to the same kind.
    table.entry((resource.api_version(), kind.to_owned())).or_insert(Known { resource, namespaced, short_names });
}

impl Kinds {
    /// The known kinds, and those that these objects define.
    pub(crate) fn with<'a>(defined: impl IntoIterator<Item = &'a Value>) -> Self {
        let mut own = Table::new();
        defined.into_iter().for_each(|object| define(&mut own, object));
        Self(own)
    }

    fn known(&self, api_version: &str, kind: &str) -> Option<&Known> {
        let key = (api_version.to_owned(), kind.to_owned());
        USUAL.get(&key).or_else(|| self.0.get(&key)).or_else(|| ALL.get(&key))
    }

    /// The kind that a word means on kubectl's command line: its kind, its plural (with its group or without) or a short name of it. Built-in kinds come
    /// first, then newer versions.
    pub(crate) fn by_word(&self, word: &str) -> Option<&Resource> {
        let word = word.to_lowercase();
        let means = |known: &&Known| {
            let Resource { group, plural, kind, .. } = &known.resource;
            let singular = kind.to_lowercase();
            let names =
                [singular.as_str(), plural.as_ref()].into_iter().chain(known.short_names.iter().map(String::as_str));
            names.into_iter().any(|name| {
                word == name || word.strip_prefix(name).and_then(|rest| rest.strip_prefix('.')) == Some(group.as_ref())
            })
        };
        let rank = |known: &&Known| (known.resource.group.is_empty(), !known.resource.version.contains("alpha"));
        let tables = [&*USUAL, &self.0, &*ALL];
        tables.into_iter().find_map(|table| table.values().filter(means).max_by_key(rank)).map(|known| &known.resource)
    }

    /// Whether the objects of a kind live in namespaces; not, if there is no such kind.
    pub(crate) fn is_namespaced(&self, api_version: &str, kind: &str) -> bool {
        self.known(api_version, kind).is_some_and(|known| known.namespaced)
    }

    /// The resource of a kind.
    ///
    /// # Errors
    /// That there is none, and what was probably meant.
    pub(crate) fn find(&self, api_version: &str, kind: &str) -> Result<&Resource, String> {
        if let Some(found) = self.known(api_version, kind) {
            return Ok(&found.resource);
        }
        let every: BTreeSet<&(String, String)> =
            [&*USUAL, &*ALL, &self.0].into_iter().flat_map(BTreeMap::keys).collect();
        let elsewhere: Vec<&str> =
            every.iter().filter(|(_, other)| other == kind).map(|(version, _)| version.as_str()).collect();
        if !elsewhere.is_empty() {
            return Err(format!("{api_version} has no kind {kind}; it is in {}", elsewhere.join(", ")));
        }
        let likeness = |other: &str| strsim::jaro_winkler(&kind.to_lowercase(), &other.to_lowercase());
        let nearest = every.iter().max_by(|a, b| likeness(&a.1).total_cmp(&likeness(&b.1)));
        let hint = nearest.filter(|(_, other)| likeness(other) > 0.85);
        Err(match hint {
            Some((version, other)) => format!("unknown kind {kind}, did you mean {other} of {version}?"),
            None => format!("unknown kind {kind} of {api_version}; define it in `arrange` if it is your own"),
        })
    }
}
