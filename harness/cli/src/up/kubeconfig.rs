//! The kubeconfig: a file that only its owner reads, that is complete as soon as it is there, and that goes when the environment goes.

use std::fs;
use std::io::Write;
use std::path::Path;

use proofmark_json::Value;
use tempfile::TempPath;

use crate::error::ExpectedError;

/// The name of the cluster in the file, by which Proofmark knows its own.
pub(super) const CLUSTER: &str = "proofmark";

/// The file; dropping it removes it.
pub(super) struct Kubeconfig(TempPath);

impl Kubeconfig {
    /// Refuses to replace a file that Proofmark did not write.
    pub(super) fn check(path: Option<&Path>) -> Result<(), ExpectedError> {
        match path {
            Some(path) if path.exists() && !is_ours(path) => Err(ExpectedError::ForeignKubeconfig(path.to_owned())),
            _ => Ok(()),
        }
    }

    /// Writes the file of this name, or a temporary one.
    pub(super) fn write(path: Option<&Path>, config: &Value) -> Result<Self, ExpectedError> {
        let temporary = std::env::temp_dir();
        let folder = match path.map(|path| path.parent().unwrap_or(Path::new("/"))) {
            None => temporary.as_path(),
            Some(folder) if folder.as_os_str().is_empty() => Path::new("."),
            Some(folder) => folder,
        };
        let failed = |source| ExpectedError::Write { file: path.unwrap_or(&temporary).to_owned(), source };
        let mut file =
            tempfile::Builder::new().prefix("proofmark-").suffix(".kubeconfig").tempfile_in(folder).map_err(failed)?;
        writeln!(file, "{config:#}").map_err(failed)?;
        let written = file.into_temp_path();
        let Some(path) = path else { return Ok(Self(written)) };
        written.persist(path).map_err(|error| failed(error.error))?;
        TempPath::try_from_path(path).map(Self).map_err(failed)
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

/// Whether the file speaks of our cluster alone. We write JSON, people write YAML.
fn is_ours(path: &Path) -> bool {
    let config: Option<Value> = fs::read(path).ok().and_then(|bytes| proofmark_json::from_slice(&bytes).ok());
    let Some(config) = config else { return false };
    let clusters = config["clusters"].as_array().map(Vec::as_slice).unwrap_or_default();
    matches!(clusters, [only] if only["name"] == CLUSTER)
}
