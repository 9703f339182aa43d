//! One build: resources come in, generators add, components and transformations change, the parent goes on with it.
//!
//! The order is kustomize's: resources, configurations, generators, components, then strategic patches, patches,
//! namespace, prefix, suffix, labels, annotations, JSON patches, replicas, images, replacements. Hashes, references and
//! vars come last and once, when the outermost kustomization is through.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::configuration::{Configuration, placed};
use super::entries::Var;
use super::fields::Text;
use super::metadata::{self, End, Failed};
use super::resource::{PastId, Resource};
use super::rules::Rules;
use super::{generators, images, patches, references, replacements, vars};
use crate::diagnostic::{Diagnostic, Outcome, Severity};
use crate::document::{Document, documents};
use crate::files;
use crate::object::Object;
use crate::yaml::Booleans;

/// No distribution nests deeper; whatever does goes in circles.
const MAX_DEPTH: usize = 64;

/// Objects on their way, and the rules for them.
pub(super) struct Accumulator {
    pub(super) resources: Vec<Resource>,
    pub(super) rules: Rules,
    pub(super) vars: Vec<Var>,
    /// Whether something that belongs to the set was not read.
    incomplete: bool,
    /// What was passed over because of that.
    passed_over: Vec<Diagnostic>,
}

impl Accumulator {
    fn new() -> Self {
        Accumulator {
            resources: Vec::new(),
            rules: Rules::built_in(),
            vars: Vec::new(),
            incomplete: false,
            passed_over: Vec::new(),
        }
    }

    /// Takes note of something that is looked for and not there: an error, unless it may be in what was not read.
    pub(super) fn not_there(&mut self, error: Box<Diagnostic>) -> Outcome<()> {
        if !self.incomplete {
            return Err(error);
        }
        self.passed_over.push(error.lowered("passed over, since the kustomization is not complete"));
        Ok(())
    }

    /// Removes what a patch deleted.
    pub(super) fn drop_deleted(&mut self) {
        self.resources.retain(|resource| !resource.object.value.is_null());
    }

    /// Adds vars; the same name twice is an error, unless it is the same var.
    pub(super) fn add_vars(&mut self, vars: &[Var]) -> Outcome<()> {
        for var in vars {
            match self.vars.iter().find(|known| known.name == var.name) {
                None => self.vars.push(var.clone()),
                Some(known) if known.file.path == var.file.path && known.at == var.at => {}
                Some(known) => {
                    let error =
                        var.file.finding(Severity::Error, var.at, format!("the var {} is there already", var.name));
                    return Err(Box::new(error.with_help(format!("it is also at {}", known.file.position(known.at)))));
                }
            }
        }
        Ok(())
    }

    /// Adds objects; the same one twice is an error.
    fn add(&mut self, more: Vec<Resource>) -> Outcome<()> {
        let mut known: BTreeMap<PastId, usize> =
            self.resources.iter().enumerate().map(|(index, resource)| (resource.id(), index)).collect();
        for resource in more {
            let id = resource.id();
            if let Some(first) = known.get(&id).and_then(|index| self.resources.get(*index)) {
                let message = format!("{} stands twice in one kustomization", resource.object.identity());
                let error = resource.object.finding(Severity::Error, "", message);
                let help = if first.object.at == resource.object.at {
                    "it comes in twice: a file is named twice, or two bases share a third".to_owned()
                } else {
                    format!("the other one is at {}", first.object.at)
                };
                return Err(Box::new(error.with_help(help)));
            }
            known.insert(id, self.resources.len());
            self.resources.push(resource);
        }
        Ok(())
    }

    fn located<T>(&self, result: Result<T, Failed>) -> Outcome<T> {
        result.map_err(|Failed { index, reason }| match self.resources.get(index) {
            Some(resource) => Box::new(resource.object.finding(Severity::Error, "", reason)),
            None => Box::new(Diagnostic::new(Severity::Error, reason)),
        })
    }
}

/// Builds a folder with a kustomization. Findings are added to `findings`; without objects, errors are among them.
pub(crate) fn build(folder: &Path, findings: &mut Vec<Diagnostic>) -> Option<Vec<Object>> {
    let mut builder = Builder { findings, visited: Vec::new() };
    match builder.run(folder) {
        Ok(objects) => Some(objects),
        Err(error) => {
            findings.push(*error);
            None
        }
    }
}

struct Builder<'a> {
    findings: &'a mut Vec<Diagnostic>,
    /// The real folders from the outermost kustomization to the present one.
    visited: Vec<PathBuf>,
}

impl Builder<'_> {
    fn run(&mut self, folder: &Path) -> Outcome<Vec<Object>> {
        let configuration = Configuration::read(folder)?;
        if configuration.is_component {
            let error =
                configuration.file.finding(Severity::Error, configuration.kind_at, "a component cannot be built alone");
            return Err(Box::new(error.with_help("build a kustomization that names it in its components")));
        }
        self.visited.push(files::real(folder)?);
        let mut set = self.accumulate(&configuration, Accumulator::new())?;
        generators::add_hashes(&mut set);
        let mended = references::mend(&mut set);
        set.located(mended)?;
        vars::resolve(&mut set)?;
        self.findings.append(&mut set.passed_over);
        let is_local = |resource: &Resource| {
            let pointer = "/metadata/annotations/config.kubernetes.io~1local-config";
            resource.object.value.pointer(pointer).is_some_and(|value| value != "false")
        };
        set.resources.retain(|resource| !is_local(resource));
        set.resources.iter_mut().for_each(Resource::tidy_annotations);
        let built_by = Some(configuration.folder);
        Ok(set.resources.into_iter().map(|resource| Object { built_by: built_by.clone(), ..resource.object }).collect())
    }

    fn accumulate(&mut self, configuration: &Configuration, mut set: Accumulator) -> Outcome<Accumulator> {
        self.findings.extend(configuration.unsupported.iter().cloned());
        set.incomplete |= configuration.unsupported.iter().any(|finding| finding.severity == Severity::Warning);
        // Missing and broken files are found all at once, the last of them ends the build.
        let mut failed = None;
        for entry in &configuration.resources {
            if let Err(error) = self.add_resource(configuration, entry, &mut set) {
                self.findings.extend(failed.replace(error).map(|error| *error));
            }
        }
        if let Some(error) = failed {
            return Err(error);
        }
        for entry in &configuration.configurations {
            let path = within(configuration, entry)?;
            set.rules.merge(Rules::read(&path).map_err(|error| placed(*error, &configuration.file, entry.at))?);
        }
        for generator in &configuration.generators {
            generators::generate(&mut set, configuration, generator)?;
        }
        for entry in &configuration.components {
            set = self.add_component(configuration, entry, set)?;
        }
        transform(&mut set, configuration)?;
        vars::collect(&mut set, &configuration.vars)?;
        Ok(set)
    }

    fn add_resource(&mut self, configuration: &Configuration, entry: &Text, set: &mut Accumulator) -> Outcome<()> {
        let path = configuration.path(&entry.text);
        if !path.exists() && is_remote(&entry.text) {
            self.not_fetched(configuration, entry);
            set.incomplete = true;
            return Ok(());
        }
        if self.is_missing(configuration, entry, &path) {
            set.incomplete = true;
            return Ok(());
        }
        if path.is_dir() {
            let inner = self.enter(configuration, entry, &path)?;
            if inner.is_component {
                let error =
                    configuration.file.finding(Severity::Error, entry.at, format!("{} is a component", path.display()));
                return Err(Box::new(error.with_help("name it in `components`, not in `resources`")));
            }
            let built = self.accumulate(&inner, Accumulator::new());
            self.visited.pop();
            let built = built?;
            set.incomplete |= built.incomplete;
            set.passed_over.extend(built.passed_over);
            set.add(built.resources)?;
            set.rules.merge(built.rules);
            return set.add_vars(&built.vars);
        }
        if files::is_kustomization(&path) && path.is_file() {
            let error = configuration.file.finding(Severity::Error, entry.at, "a kustomization is used by its folder");
            let folder = path.parent().unwrap_or(Path::new("."));
            return Err(Box::new(error.with_help(format!("name the folder {} instead", folder.display()))));
        }
        let path = within(configuration, entry)?;
        let file = files::read(&path).map_err(|error| placed(*error, &configuration.file, entry.at))?;
        let mut resources = Vec::new();
        for document in documents(&file, Booleans::Yaml12)? {
            match document {
                Document::Object(object) => resources.push(Resource::new(object)),
                Document::Nameless(error) => {
                    self.findings.push(error.lowered("it is left out"));
                    set.incomplete = true;
                }
                Document::Other(at) => {
                    let message = "not a Kubernetes object: no apiVersion, no kind";
                    let error = file.finding(Severity::Error, at, message);
                    let user = configuration.file.position(entry.at);
                    return Err(Box::new(error.with_help(format!("it is named among the resources at {user}"))));
                }
            }
        }
        set.add(resources)
    }

    /// A component goes on with what is there, and hands it back changed.
    fn add_component(
        &mut self,
        configuration: &Configuration,
        entry: &Text,
        mut set: Accumulator,
    ) -> Outcome<Accumulator> {
        let path = configuration.path(&entry.text);
        if !path.exists() && is_remote(&entry.text) {
            self.not_fetched(configuration, entry);
            set.incomplete = true;
            return Ok(set);
        }
        if self.is_missing(configuration, entry, &path) {
            set.incomplete = true;
            return Ok(set);
        }
        if path.is_file() {
            return Err(configuration.file.error(entry.at, "a component is a folder"));
        }
        let inner = self.enter(configuration, entry, &path)?;
        if !inner.is_component {
            let error =
                configuration.file.finding(Severity::Error, entry.at, format!("{} is not a component", path.display()));
            return Err(Box::new(error.with_help("name it in `resources`, or give it `kind: Component`")));
        }
        let built = self.accumulate(&inner, set);
        self.visited.pop();
        built
    }

    fn not_fetched(&mut self, configuration: &Configuration, entry: &Text) {
        let message = format!("{} is not fetched: its objects are missing", entry.text);
        let warning = configuration.file.finding(Severity::Warning, entry.at, message);
        self.findings.push(warning.with_help("build it with `kubectl kustomize` and read the result"));
    }

    /// Whether an entry names what is not there, which a warning then says. kubectl refuses this.
    fn is_missing(&mut self, configuration: &Configuration, entry: &Text, path: &Path) -> bool {
        match path.metadata() {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let warning = files::unreadable(path, &error).lowered("what it holds is not read");
                self.findings.push(*placed(warning, &configuration.file, entry.at));
                true
            }
            _ => false,
        }
    }

    /// Reads the kustomization that another one names, unless this goes in circles. The caller leaves it again.
    fn enter(&mut self, configuration: &Configuration, entry: &Text, path: &Path) -> Outcome<Configuration> {
        let real = files::real(path).map_err(|error| placed(*error, &configuration.file, entry.at))?;
        if self.visited.iter().any(|visited| visited.starts_with(&real)) {
            let message = format!("{} goes in circles: it is, or holds, what uses it", path.display());
            return Err(configuration.file.error(entry.at, message));
        }
        if self.visited.len() >= MAX_DEPTH {
            return Err(configuration.file.error(entry.at, format!("kustomizations are more than {MAX_DEPTH} deep")));
        }
        let inner = Configuration::read(path).map_err(|error| placed(*error, &configuration.file, entry.at))?;
        self.visited.push(real);
        Ok(inner)
    }
}

fn transform(set: &mut Accumulator, configuration: &Configuration) -> Outcome<()> {
    patches::strategic_merges(set, configuration)?;
    patches::patches(set, configuration)?;
    if !configuration.namespace.is_empty() {
        let done = metadata::set_namespace(set, &configuration.namespace);
        set.located(done)?;
    }
    for (end, affix) in [(End::Prefix, &configuration.name_prefix), (End::Suffix, &configuration.name_suffix)] {
        if !affix.is_empty() {
            let done = metadata::affix(set, end, affix);
            set.located(done)?;
        }
    }
    for labels in &configuration.labels {
        let rules =
            metadata::label_rules(&set.rules, &labels.fields, labels.include_selectors, labels.include_templates);
        let done = metadata::write_pairs(set, &labels.pairs, &rules);
        set.located(done)?;
    }
    let rules = set.rules.common_labels.clone();
    let done = metadata::write_pairs(set, &configuration.common_labels, &rules);
    set.located(done)?;
    let rules = set.rules.common_annotations.clone();
    let done = metadata::write_pairs(set, &configuration.common_annotations, &rules);
    set.located(done)?;
    patches::json_patches(set, configuration)?;
    for replicas in &configuration.replicas {
        let found = images::set_replicas(set, replicas);
        if !set.located(found)? {
            let message = format!("no workload named {:?} to set the replicas of", replicas.name);
            set.not_there(configuration.file.error(replicas.at, message))?;
        }
    }
    for image in &configuration.images {
        let done = images::set_image(set, image);
        set.located(done)?;
    }
    configuration.replacements.iter().try_for_each(|replacement| replacements::replace(set, replacement))
}

/// A file that a kustomization names: it must lie in the folder of the kustomization, or below.
pub(super) fn within(configuration: &Configuration, entry: &Text) -> Outcome<PathBuf> {
    let path = configuration.path(&entry.text);
    let real = files::real(&path).map_err(|error| placed(*error, &configuration.file, entry.at))?;
    let root = files::real(&configuration.folder)?;
    if real.starts_with(&root) {
        return Ok(path);
    }
    let message = format!("{} is outside of the kustomization's folder", path.display());
    let error = configuration.file.finding(Severity::Error, entry.at, message);
    Err(Box::new(error.with_help("kubectl refuses this, too: put the file into a kustomization and name its folder")))
}

/// Whether an entry that is no file is an address.
fn is_remote(entry: &str) -> bool {
    let host = entry.split('/').next().unwrap_or_default();
    entry.contains("://")
        || entry.starts_with("git@")
        || entry.starts_with("git::")
        || entry.contains("?ref=")
        || entry.contains(".git/")
        || entry.ends_with(".git")
        || ["github.com", "gitlab.com", "bitbucket.org", "dev.azure.com", "raw.githubusercontent.com"].contains(&host)
}
