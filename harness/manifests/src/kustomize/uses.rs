//! Which files and folders kustomizations use: the rest of a folder is read as it is.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::configuration::Configuration;
use super::entries::PatchBody;
use crate::diagnostic::Outcome;

/// What the kustomizations of a tree use. All paths are real ones.
#[derive(Default)]
pub(crate) struct Uses {
    /// A kustomization -> the kustomizations that it uses.
    folders: BTreeMap<PathBuf, BTreeSet<PathBuf>>,
    files: BTreeSet<PathBuf>,
    components: BTreeSet<PathBuf>,
}

/// Reads what one kustomization uses.
pub(crate) fn uses(folder: &Path) -> Outcome<Uses> {
    let configuration = Configuration::read(folder)?;
    let mut uses = Uses::default();
    let Ok(own) = folder.canonicalize() else {
        return Ok(uses);
    };
    if configuration.is_component {
        uses.components.insert(own.clone());
    }
    let mut named: Vec<&str> = Vec::new();
    for texts in [
        &configuration.resources,
        &configuration.components,
        &configuration.patches_strategic_merge,
        &configuration.configurations,
        &configuration.other_files,
    ] {
        named.extend(texts.iter().map(|text| text.text.as_str()));
    }
    for patch in configuration.patches.iter().chain(&configuration.patches_json6902) {
        if let PatchBody::Path(path) = &patch.body {
            named.push(&path.text);
        }
    }
    for generator in &configuration.generators {
        named.extend(generator.envs.iter().map(|text| text.text.as_str()));
        let path = |text: &'_ str| text.split_once('=').map_or(text.len(), |(key, _)| key.len() + 1);
        named.extend(generator.files.iter().map(|file| match file.text.get(path(&file.text)..) {
            Some(path) if !path.is_empty() => path,
            _ => file.text.as_str(),
        }));
    }
    let folders = uses.folders.entry(own).or_default();
    for real in named.into_iter().filter_map(|name| configuration.path(name).canonicalize().ok()) {
        if real.is_dir() {
            folders.insert(real);
        } else {
            uses.files.insert(real);
        }
    }
    Ok(uses)
}

impl Uses {
    /// Adds what another kustomization uses.
    pub(crate) fn merge(&mut self, other: Uses) {
        self.folders.extend(other.folders);
        self.files.extend(other.files);
        self.components.extend(other.components);
    }

    /// The kustomizations to build: those that no other one uses, and one of each circle, so that it is reported.
    pub(crate) fn outermost<'a>(&self, folders: &'a [PathBuf]) -> Vec<&'a Path> {
        let used: BTreeSet<&PathBuf> = self.folders.values().flatten().collect();
        let (mut outermost, mut reached) = (Vec::new(), BTreeSet::new());
        for in_circles in [false, true] {
            for folder in folders {
                let Ok(real) = folder.canonicalize() else { continue };
                if !reached.contains(&real) && (in_circles || !used.contains(&real)) {
                    outermost.push(folder.as_path());
                    self.reach(&real, &mut reached);
                }
            }
        }
        outermost
    }

    fn reach(&self, folder: &PathBuf, reached: &mut BTreeSet<PathBuf>) {
        let mut open = vec![folder];
        while let Some(folder) = open.pop() {
            if reached.insert(folder.clone()) {
                open.extend(self.folders.get(folder).into_iter().flatten());
            }
        }
    }

    /// Whether a kustomization uses a file.
    pub(crate) fn uses_file(&self, path: &Path) -> bool {
        path.canonicalize().is_ok_and(|real| self.files.contains(&real))
    }

    /// Whether a folder holds a component.
    pub(crate) fn is_component(&self, folder: &Path) -> bool {
        folder.canonicalize().is_ok_and(|real| self.components.contains(&real))
    }
}
