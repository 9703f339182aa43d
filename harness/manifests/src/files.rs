//! Reading files, with errors that say what to do.

use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Outcome, Severity, nearest};
use crate::object::SourceFile;
use crate::position::Mark;

/// The endings of manifests.
pub(crate) fn is_manifest(path: &Path) -> bool {
    path.extension()
        .is_some_and(|ending| ["yaml", "yml", "json"].iter().any(|known| ending.eq_ignore_ascii_case(known)))
}

/// The names that kustomize looks for.
pub(crate) const KUSTOMIZATION_NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// Whether a file is the configuration of a kustomization, by its name.
pub(crate) fn is_kustomization(path: &Path) -> bool {
    path.file_name().is_some_and(|name| KUSTOMIZATION_NAMES.iter().any(|known| name == *known))
}

/// The bytes of a file; the error has no place yet.
pub(crate) fn read_bytes(path: &Path) -> Outcome<Vec<u8>> {
    std::fs::read(path).map_err(|error| Box::new(unreadable(path, &error)))
}

/// The text of a file; the error has no place yet, except where the bytes are not text.
pub(crate) fn read(path: &Path) -> Outcome<Arc<SourceFile>> {
    let bytes = read_bytes(path)?;
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Arc::new(SourceFile { path: path.to_owned(), text: text.into() })),
        Err(error) => {
            let good = error.utf8_error().valid_up_to();
            let text = String::from_utf8_lossy(error.as_bytes());
            let before = text.get(..good).unwrap_or_default();
            let line = before.lines().count().max(1) + usize::from(before.ends_with('\n'));
            let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
            let narrow = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
            let at = Mark { line: narrow(line), column: narrow(column), offset: narrow(good), len: 0 };
            let file = SourceFile { path: path.to_owned(), text: text.into() };
            let error = file.finding(Severity::Error, at, "not UTF-8");
            Err(Box::new(error.with_help("save the file as UTF-8")))
        }
    }
}

/// Why a path cannot be read, with the name that was perhaps meant.
pub(crate) fn unreadable(path: &Path, error: &std::io::Error) -> Diagnostic {
    let what = match error.kind() {
        ErrorKind::NotFound => "no such file or folder".to_owned(),
        ErrorKind::IsADirectory => "is a folder".to_owned(),
        ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => {
            let text = error.to_string();
            text.split(" (os error").next().unwrap_or_default().to_lowercase()
        }
    };
    let diagnostic = Diagnostic::new(Severity::Error, format!("{}: {what}", path.display()));
    match (error.kind() == ErrorKind::NotFound).then(|| similar(path)).flatten() {
        Some(similar) => diagnostic.with_help(format!("did you mean {}?", similar.display())),
        None => diagnostic,
    }
}

/// What stands in the nearest folder that exists under a like name.
fn similar(path: &Path) -> Option<PathBuf> {
    let mut missing = path;
    let folder = loop {
        let parent = missing.parent()?;
        let folder = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
        if folder.is_dir() {
            break folder;
        }
        missing = parent;
    };
    let wanted = missing.file_name()?.to_str()?;
    let entries = std::fs::read_dir(folder).ok()?;
    let mut names: Vec<String> = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    // The ending is mostly the same and says little.
    let stem = |name: &str| name.rsplit_once('.').map_or(name, |(stem, _)| stem).to_owned();
    let stems: Vec<String> = names.iter().map(|name| stem(name)).collect();
    let near = nearest(&stem(wanted), stems.iter().map(String::as_str))?;
    let index = stems.iter().position(|stem| stem == near)?;
    Some(normal(&folder.join(names.get(index)?)))
}

/// A path without `.` and with `..` resolved on paper, so that positions read well.
pub fn normal(path: &Path) -> PathBuf {
    let mut parts = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if parts.file_name().is_some() => {
                parts.pop();
            }
            Component::ParentDir if parts.has_root() => {}
            other => parts.push(other),
        }
    }
    if parts.as_os_str().is_empty() { PathBuf::from(".") } else { parts }
}

/// The real place of a path, through symbolic links; a loop of links is an error.
pub(crate) fn real(path: &Path) -> Outcome<PathBuf> {
    path.canonicalize().map_err(|error| Box::new(unreadable(path, &error)))
}
