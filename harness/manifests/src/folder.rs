//! Folders that are no kustomization themselves.
//!
//! Such a folder may hold kustomizations further down, plain manifests, and files that are none of these. Every
//! kustomization that no other one uses is built; files that none uses are read as they are, and before: a fragment
//! that somebody left beside a kustomization does not overrule what the kustomization builds. Hidden folders (`.git`)
//! and whatever does not end like a manifest are passed over.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::diagnostic::{Diagnostic, Severity};
use crate::files;
use crate::kustomize::{self, Uses};
use crate::load::{Others, Reading};

/// No tree of manifests is deeper; a loop of links or mounts is.
const MAX_DEPTH: usize = 64;

/// What a tree holds, in the order of its names.
#[derive(Default)]
struct Tree {
    kustomizations: Vec<PathBuf>,
    manifests: Vec<PathBuf>,
    charts: usize,
    /// Real folders seen, so that a link back up is followed once at most.
    seen: BTreeSet<PathBuf>,
}

/// Reads a folder into `reading`.
pub(crate) fn read(folder: &Path, reading: &mut Reading) {
    let mut tree = Tree::default();
    walk(folder, &mut tree, reading, 0);

    let mut used = Uses::default();
    // What cannot be read is reported when it is built.
    tree.kustomizations.iter().filter_map(|folder| kustomize::uses(folder).ok()).for_each(|uses| used.merge(uses));
    for path in tree.manifests.iter().filter(|path| !used.uses_file(path)) {
        if let Some(file) = reading.keep(files::read(path)) {
            reading.file(&file, Others::Note);
        }
    }
    for folder in used.outermost(&tree.kustomizations) {
        if used.is_component(folder) {
            let message = format!("{}: a component that no kustomization uses", folder.display());
            let note = Diagnostic::new(Severity::Note, message);
            reading.findings.push(note.with_help("passed over: a component changes the objects of others"));
        } else {
            reading.kustomization(folder);
        }
    }
    if tree.kustomizations.is_empty() && tree.manifests.is_empty() && tree.charts == 0 {
        let message = format!("{}: no manifests in this folder", folder.display());
        let error = Diagnostic::new(Severity::Error, message);
        reading.findings.push(error.with_help("manifests end in .yaml, .yml or .json"));
    }
}

fn walk(folder: &Path, tree: &mut Tree, reading: &mut Reading, depth: usize) {
    let Some(real) = reading.keep(files::real(folder)) else {
        return;
    };
    if !tree.seen.insert(real) {
        return;
    }
    if depth > MAX_DEPTH {
        let message = format!("{}: folders are more than {MAX_DEPTH} deep", folder.display());
        reading.findings.push(Diagnostic::new(Severity::Error, message));
        return;
    }
    let listed = std::fs::read_dir(folder).and_then(|entries| entries.collect::<Result<Vec<_>, _>>());
    let Some(entries) = reading.keep(listed.map_err(|error| Box::new(files::unreadable(folder, &error)))) else {
        return;
    };
    let mut paths: Vec<PathBuf> = entries.iter().map(|entry| files::normal(&entry.path())).collect();
    paths.sort();
    if paths.iter().any(|path| path.file_name().is_some_and(|name| name == "Chart.yaml")) {
        let message = format!("{}: a Helm chart is not rendered: its objects are missing", folder.display());
        let warning = Diagnostic::new(Severity::Warning, message);
        reading.findings.push(warning.with_help("render it with `helm template` and read the result"));
        tree.charts += 1;
        return;
    }
    let mut below = Vec::new();
    for path in paths {
        let hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        if path.is_dir() {
            if !hidden {
                below.push(path);
            }
        } else if files::is_kustomization(&path) {
            if tree.kustomizations.last().is_none_or(|last| last != folder) {
                tree.kustomizations.push(folder.to_owned());
            }
        } else if files::is_manifest(&path) && !hidden {
            tree.manifests.push(path);
        }
    }
    for path in below {
        walk(&path, tree, reading, depth + 1);
    }
}
