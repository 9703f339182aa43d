//! Manifests as the command line names them.

use std::io::Read;

use proofmark_manifests::{ManifestSet, Severity, Source, load};

use crate::error::ExpectedError;
use crate::tell;
use crate::terminal::Terminal;
use crate::vet::vet;

/// Reads files, folders, kustomizations and standard input (`-`), and tells what is odd about them.
pub(crate) fn manifests(paths: &[String], terminal: &Terminal, quiet: bool) -> Result<ManifestSet, ExpectedError> {
    let sources = paths.iter().map(|path| source(path)).collect::<Result<Vec<_>, _>>()?;
    let manifests = load(&sources).map_err(ExpectedError::Manifests)?;
    if manifests.objects.is_empty() {
        return Err(ExpectedError::NoObjects(paths.join(", ")));
    }
    let (errors, odd): (Vec<_>, Vec<_>) =
        vet(&manifests).into_iter().partition(|finding| finding.severity == Severity::Error);
    if !errors.is_empty() {
        return Err(ExpectedError::Manifests(errors));
    }
    if !quiet {
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
