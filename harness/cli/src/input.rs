//! Manifests as the command line names them.

use std::io::Read;

use proofmark_manifests::{Diagnostic, ManifestSet, Severity, Source, load};

use crate::error::ExpectedError;
use crate::tell;
use crate::terminal::Terminal;
use crate::vet::vet;

/// Reads files, folders, kustomizations and standard input (`-`), and tells what is odd about them.
pub(crate) fn manifests(paths: &[String], terminal: &Terminal, quiet: bool) -> Result<ManifestSet, ExpectedError> {
    let sources = paths.iter().map(|path| source(path)).collect::<Result<Vec<_>, _>>()?;
    let manifests = load(&sources).map_err(ExpectedError::Manifests)?;
    // What is missing is worse than odd: a result without it is not the whole one.
    let is_missing = |finding: &&Diagnostic| finding.severity == Severity::Warning;
    let read_in_part = || manifests.warnings.iter().filter(is_missing);
    if manifests.objects.is_empty() {
        read_in_part().for_each(|finding| tell::diagnostic(finding, terminal));
        return Err(ExpectedError::NoObjects(paths.join(", ")));
    }
    let (errors, odd): (Vec<_>, Vec<_>) =
        vet(&manifests).into_iter().partition(|finding| finding.severity == Severity::Error);
    if !errors.is_empty() {
        return Err(ExpectedError::Manifests(errors));
    }
    if quiet {
        read_in_part().for_each(|finding| tell::diagnostic(finding, terminal));
    } else {
        manifests.warnings.iter().chain(&odd).for_each(|finding| tell::diagnostic(finding, terminal));
    }
    Ok(manifests)
}

fn source(path: &str) -> Result<Source, ExpectedError> {
    if path != "-" {
        return Ok(Source::from(path));
    }
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).map_err(ExpectedError::Stdin)?;
    Ok(Source::Stdin(text))
}
