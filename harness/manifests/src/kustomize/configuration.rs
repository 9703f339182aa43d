//! What a `kustomization.yaml` says, with the place of everything that can go wrong.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use proofmark_json::Value;

use super::entries::{self, Generator, Image, Labels, Patch, Replacement, Replicas, Var};
use super::fields::{Fields, Text};
use crate::diagnostic::{Diagnostic, Outcome, Severity};
use crate::document;
use crate::files;
use crate::object::SourceFile;
use crate::position::{Mark, Marks};
use crate::yaml::Booleans;

/// A kustomization or a component, as configured.
pub(super) struct Configuration {
    pub(super) file: Arc<SourceFile>,
    /// The folder as the user named it.
    pub(super) folder: PathBuf,
    pub(super) is_component: bool,
    /// Where it says what it is.
    pub(super) kind_at: Mark,
    /// Files, folders and addresses: `resources`, then `bases`.
    pub(super) resources: Vec<Text>,
    pub(super) components: Vec<Text>,
    pub(super) namespace: String,
    pub(super) name_prefix: String,
    pub(super) name_suffix: String,
    pub(super) labels: Vec<Labels>,
    pub(super) common_labels: BTreeMap<String, String>,
    pub(super) common_annotations: BTreeMap<String, String>,
    pub(super) patches: Vec<Patch>,
    pub(super) patches_strategic_merge: Vec<Text>,
    pub(super) patches_json6902: Vec<Patch>,
    pub(super) images: Vec<Image>,
    pub(super) replicas: Vec<Replicas>,
    pub(super) replacements: Vec<Replacement>,
    pub(super) vars: Vec<Var>,
    pub(super) generators: Vec<Generator>,
    /// Files with field specifications.
    pub(super) configurations: Vec<Text>,
    /// Further files that are named and not read.
    pub(super) other_files: Vec<Text>,
    /// What this reader does not do.
    pub(super) unsupported: Vec<Diagnostic>,
}

/// The configuration file of a folder, if it has one; two are an error.
pub(crate) fn configuration_in(folder: &Path) -> Outcome<Option<PathBuf>> {
    let mut found =
        files::KUSTOMIZATION_NAMES.iter().map(|name| files::normal(&folder.join(name))).filter(|path| path.is_file());
    let Some(first) = found.next() else { return Ok(None) };
    // On a file system that ignores case, two names may be one file.
    match found.find(|other| other.canonicalize().ok() != first.canonicalize().ok()) {
        Some(other) => {
            let message = format!("{}: two kustomizations in one folder: {}", folder.display(), first.display());
            let error = Diagnostic::new(Severity::Error, message);
            Err(Box::new(error.with_help(format!("remove one of them: the other is {}", other.display()))))
        }
        None => Ok(Some(first)),
    }
}

impl Configuration {
    /// Reads the configuration of a folder, which must have one.
    pub(super) fn read(folder: &Path) -> Outcome<Self> {
        let Some(path) = configuration_in(folder)? else {
            let message = format!("{}: no kustomization in this folder", folder.display());
            let error = Diagnostic::new(Severity::Error, message);
            return Err(Box::new(error.with_help("name the files in it one by one, or add a kustomization.yaml")));
        };
        let file = files::read(&path)?;
        let mut nodes = document::nodes(&file, Booleans::Yaml11)?.into_iter();
        let Some(node) = nodes.next() else {
            return Err(file.error(Mark { line: 1, column: 1, ..Mark::default() }, "the kustomization is empty"));
        };
        if let Some(second) = nodes.next() {
            return Err(file.error(second.marks.at, "a kustomization is one document"));
        }
        let mut fields = Fields::of(&file, &node.value, &node.marks)?;
        if fields.are_only(&["apiVersion", "kind", "metadata"]) {
            return Err(file.error(node.marks.at, "the kustomization is empty"));
        }
        let configuration = parse(&file, folder, &mut fields)?;
        fields.finish()?;
        Ok(configuration)
    }

    /// A path that the configuration names, seen from where the user stands.
    pub(super) fn path(&self, text: &str) -> PathBuf {
        files::normal(&self.folder.join(text))
    }
}

fn parse(file: &Arc<SourceFile>, folder: &Path, fields: &mut Fields<'_>) -> Outcome<Configuration> {
    let (is_component, kind_at) = check_type(file, fields)?;
    let mut resources = fields.texts("resources")?;
    resources.extend(fields.texts("bases")?);
    let mut images = fields.each("images", entries::image)?;
    images.extend(fields.each("imageTags", entries::image)?);
    let mut replacements = Vec::new();
    let mut other_files = fields.texts("crds")?;
    for (value, marks) in fields.items("replacements")? {
        read_replacements(file, folder, value, marks, &mut replacements, &mut other_files)?;
    }
    let global = fields.fields("generatorOptions")?.map(entries::generator_options).transpose()?.unwrap_or_default();
    let mut generators = Vec::new();
    for (name, secret) in [("configMapGenerator", false), ("secretGenerator", true)] {
        generators.extend(fields.each(name, |fields| entries::generator(file, fields, secret, &global))?);
    }
    let mut configuration = Configuration {
        file: Arc::clone(file),
        folder: folder.to_owned(),
        is_component,
        kind_at,
        resources,
        components: fields.texts("components")?,
        namespace: fields.text("namespace")?,
        name_prefix: fields.text("namePrefix")?,
        name_suffix: fields.text("nameSuffix")?,
        labels: fields.each("labels", entries::labels)?,
        common_labels: fields.text_map("commonLabels")?,
        common_annotations: fields.text_map("commonAnnotations")?,
        patches: fields.each("patches", |fields| entries::patch(file, fields))?,
        patches_strategic_merge: fields.texts("patchesStrategicMerge")?,
        patches_json6902: fields.each("patchesJson6902", |fields| entries::patch(file, fields))?,
        images,
        replicas: fields.each("replicas", entries::replicas)?,
        replacements,
        vars: fields.each("vars", |fields| entries::var(file, fields))?,
        generators,
        configurations: fields.texts("configurations")?,
        other_files,
        unsupported: Vec::new(),
    };
    unsupported(file, fields, &mut configuration)?;
    Ok(configuration)
}

/// Whether it is a component, and where it says so; other kinds are refused.
fn check_type(file: &SourceFile, fields: &mut Fields<'_>) -> Outcome<(bool, Mark)> {
    fields.get("metadata");
    let kind = fields.optional_text("kind")?;
    let is_component = match kind.as_ref().map(|kind| kind.text.as_str()) {
        None | Some("Kustomization") => false,
        Some("Component") => true,
        Some(other) => {
            let message = format!("kind must be Kustomization or Component, found {other:?}");
            return Err(file.error(kind.map(|kind| kind.at).unwrap_or_default(), message));
        }
    };
    let kind_at = kind.map_or(fields.at(), |kind| kind.at);
    let wanted = if is_component { "kustomize.config.k8s.io/v1alpha1" } else { "kustomize.config.k8s.io/v1beta1" };
    match fields.optional_text("apiVersion")? {
        Some(version) if version.text != wanted => {
            Err(file.error(version.at, format!("apiVersion must be {wanted}, found {:?}", version.text)))
        }
        _ => Ok((is_component, kind_at)),
    }
}

fn unsupported(file: &SourceFile, fields: &mut Fields<'_>, configuration: &mut Configuration) -> Outcome<()> {
    for (name, severity, effect) in [
        ("helmCharts", Severity::Warning, "Helm charts are not rendered: their objects are missing"),
        ("helmChartInflationGenerator", Severity::Warning, "Helm charts are not rendered: their objects are missing"),
        ("generators", Severity::Warning, "generators are not run: their objects are missing"),
        ("transformers", Severity::Warning, "transformers are not run: the objects are without their changes"),
        ("validators", Severity::Note, "validators are not run"),
        ("buildMetadata", Severity::Note, "buildMetadata is not written into the objects"),
        ("crds", Severity::Note, "definitions in crds are not read: annotate references in configurations instead"),
        ("openapi", Severity::Note, "openapi schemas are not read: lists of unknown kinds are replaced by patches"),
    ] {
        if let Some((_, marks)) = fields.get(name) {
            configuration.unsupported.push(file.finding(severity, marks.at, effect));
        }
    }
    for name in ["generators", "transformers", "validators"] {
        configuration.other_files.extend(fields.texts(name)?);
    }
    if let Some(mut openapi) = fields.fields("openapi")? {
        configuration.other_files.extend(openapi.optional_text("path")?);
    }
    for mut chart in fields.each("helmCharts", Ok)? {
        configuration.other_files.extend(chart.optional_text("valuesFile")?);
        configuration.other_files.extend(chart.texts("additionalValuesFiles")?);
    }
    // Neither changes an object: where charts lie, and the order of the output.
    fields.get("helmGlobals");
    fields.get("sortOptions");
    Ok(())
}

/// An entry of `replacements`: a replacement, or the path of a file with some.
fn read_replacements(
    file: &Arc<SourceFile>,
    folder: &Path,
    value: &Value,
    marks: &Marks,
    found: &mut Vec<Replacement>,
    other_files: &mut Vec<Text>,
) -> Outcome<()> {
    let mut fields = Fields::of(file, value, marks)?;
    let Some(path) = fields.optional_text("path")? else {
        found.push(entries::replacement(file, fields)?);
        return Ok(());
    };
    fields.finish()?;
    let elsewhere =
        files::read(&files::normal(&folder.join(&path.text))).map_err(|error| placed(*error, file, path.at))?;
    other_files.push(path);
    for node in document::nodes(&elsewhere, Booleans::Yaml11)? {
        match &node.value {
            Value::Array(values) => {
                for (value, marks) in values.iter().zip(node.marks.items()) {
                    found.push(entries::replacement(&elsewhere, Fields::of(&elsewhere, value, marks)?)?);
                }
            }
            value => found.push(entries::replacement(&elsewhere, Fields::of(&elsewhere, value, &node.marks)?)?),
        }
    }
    Ok(())
}

/// Gives an error of a named file the place where it is named.
pub(super) fn placed(error: Diagnostic, file: &SourceFile, at: Mark) -> Box<Diagnostic> {
    Box::new(match error.position {
        None => error.at(file.position(at), Arc::clone(&file.text)),
        Some(_) => error,
    })
}
