//! What a user names on a command line -> the objects that it holds.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Outcome, Severity};
use crate::document::{Document, documents, nodes};
use crate::identity::Identity;
use crate::object::{Object, SourceFile};
use crate::yaml::Booleans;
use crate::{files, folder, kustomize};

/// Where manifests come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A file, a folder of files, or a folder with a kustomization.
    Path(PathBuf),
    /// The text of standard input (`-` on a command line).
    Stdin(String),
    /// A text that is in no file: what it is called where findings name a file, and the text.
    Text(PathBuf, String),
}

impl<P: Into<PathBuf>> From<P> for Source {
    fn from(path: P) -> Self {
        Source::Path(path.into())
    }
}

/// What was read.
#[derive(Clone, Debug, Default)]
pub struct ManifestSet {
    /// The objects in the order in which they were read; each identity once.
    pub objects: Vec<Object>,
    /// What is worth knowing about them; no errors.
    pub warnings: Vec<Diagnostic>,
}

/// Reads every source.
///
/// A folder with a kustomization is built, as `kubectl kustomize` does. In any other folder, at any depth, every
/// kustomization that no other one uses is built, and files that none uses are read as they are; mappings without
/// `apiVersion` and `kind` (values of a chart, say) are passed over with a note, objects without a name with a warning.
/// A file that is named directly must hold objects, with names.
///
/// Where a kustomization names a resource, base or component that is not there, kubectl refuses; here a warning says
/// so and the rest is built, since a part of a distribution can be judged, too. Patches and the like that then miss
/// their target are left out with a warning.
///
/// The same object (group, kind, namespace, name) twice in one file or one kustomization is an error; twice across
/// files it is a warning, and the last one read wins, as with `kubectl apply`. In a folder, kustomizations are read
/// after plain files: what is built beats what lies about.
///
/// # Errors
/// Everything that is wrong, in the order in which it was found, each with its place: unreadable files, broken YAML,
/// objects without a name, kustomizations that cannot be built.
pub fn load(sources: &[Source]) -> Result<ManifestSet, Vec<Diagnostic>> {
    let mut reading = Reading::default();
    for source in sources {
        match source {
            Source::Stdin(text) => reading.text("<stdin>".into(), text),
            Source::Text(name, text) => reading.text(name.clone(), text),
            Source::Path(path) => reading.path(path),
        }
    }
    reading.finish()
}

/// Every document of a file as it stands, objects of Kubernetes or not: each knows where its parts stand.
///
/// # Errors
/// The file cannot be read, or is not YAML.
pub fn written(path: &Path) -> Result<Vec<Object>, Box<Diagnostic>> {
    let file = files::read(path)?;
    let nodes = nodes(&file, Booleans::Yaml11)?;
    Ok(nodes.into_iter().map(|node| Object::new(node.value, Arc::clone(&file), node.marks)).collect())
}

/// What to do with mappings that are no objects, and with objects that have no name: refuse them in a file that is
/// named directly, pass over them in a folder.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Others {
    Error,
    Note,
}

/// Objects and findings as they come in.
#[derive(Default)]
pub(crate) struct Reading {
    objects: Vec<Object>,
    pub(crate) findings: Vec<Diagnostic>,
}

impl Reading {
    fn text(&mut self, name: PathBuf, text: &str) {
        self.file(&Arc::new(SourceFile { path: name, text: text.into() }), Others::Error);
    }

    fn path(&mut self, path: &Path) {
        let path = files::normal(path);
        if path.is_dir() {
            match kustomize::configuration_in(&path) {
                Ok(Some(_)) => self.kustomization(&path),
                Ok(None) => folder::read(&path, self),
                Err(error) => self.findings.push(*error),
            }
        } else if files::is_kustomization(&path) && path.is_file() {
            self.kustomization(path.parent().unwrap_or(Path::new(".")));
        } else {
            match self.keep(files::read(&path)) {
                Some(_) if !files::is_manifest(&path) => {
                    let message = format!("{}: not a manifest", path.display());
                    let error = Diagnostic::new(Severity::Error, message);
                    self.findings.push(error.with_help("manifests end in .yaml, .yml or .json"));
                }
                Some(file) => self.file(&file, Others::Error),
                None => {}
            }
        }
    }

    /// Builds a kustomization and keeps what comes out.
    pub(crate) fn kustomization(&mut self, folder: &Path) {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        if let Some(objects) = kustomize::build(folder, &mut self.findings) {
            self.add_part(objects, "one kustomization");
        }
    }

    /// Reads the objects of one file.
    pub(crate) fn file(&mut self, file: &Arc<SourceFile>, others: Others) {
        let Some(found) = self.keep(documents(file, Booleans::Yaml11)) else {
            return;
        };
        let mut objects = Vec::new();
        for document in found {
            match document {
                Document::Object(object) => objects.push(object),
                Document::Nameless(error) => self.findings.push(match others {
                    Others::Error => *error,
                    Others::Note => error.lowered("it is left out"),
                }),
                Document::Other(at) => {
                    let (severity, help) = match others {
                        Others::Error => (Severity::Error, "an object starts with apiVersion and kind"),
                        Others::Note => (Severity::Note, "passed over"),
                    };
                    let finding = file.finding(severity, at, "not a Kubernetes object: no apiVersion, no kind");
                    self.findings.push(finding.with_help(help));
                }
            }
        }
        self.add_part(objects, "one file");
    }

    /// Keeps the objects of one file or one kustomization, in which none may stand twice.
    fn add_part(&mut self, objects: Vec<Object>, part: &str) {
        let mut seen: BTreeMap<Identity, usize> = BTreeMap::new();
        for (index, object) in objects.iter().enumerate() {
            if let Some(first) = seen.insert(object.identity(), index) {
                let message = format!("{} stands twice in {part}", object.identity());
                let finding = object.finding(Severity::Error, "", message);
                self.findings.push(finding.with_help(format!("the other one is at {}", objects[first].at)));
            }
        }
        self.objects.extend(objects);
    }

    /// Takes a result apart.
    pub(crate) fn keep<T>(&mut self, outcome: Outcome<T>) -> Option<T> {
        outcome.map_err(|error| self.findings.push(*error)).ok()
    }

    fn finish(mut self) -> Result<ManifestSet, Vec<Diagnostic>> {
        if self.findings.iter().any(|finding| finding.severity == Severity::Error) {
            self.findings.retain(|finding| finding.severity == Severity::Error);
            return Err(self.findings);
        }
        let mut last: BTreeMap<Identity, usize> = BTreeMap::new();
        let mut overruled = vec![false; self.objects.len()];
        for (index, object) in self.objects.iter().enumerate() {
            if let Some(earlier) = last.insert(object.identity(), index) {
                overruled[earlier] = true;
                let before = &self.objects[earlier];
                // A base that several kustomizations build unchanged is one and the same manifest.
                if before.value == object.value && before.at == object.at {
                    continue;
                }
                // A tree of alternatives has many of these: one line each.
                let who = match (&before.built_by, &object.built_by) {
                    (Some(before), Some(last)) if before != last => {
                        format!("; {} and {} both build it", before.display(), last.display())
                    }
                    _ => String::new(),
                };
                let message =
                    format!("{} stands twice; this one, read last, wins over {}{who}", object.identity(), before.at);
                self.findings.push(object.finding(Severity::Warning, "", message));
            }
        }
        let mut overruled = overruled.into_iter();
        self.objects.retain(|_| !overruled.next().unwrap_or_default());
        Ok(ManifestSet { objects: self.objects, warnings: self.findings })
    }
}
