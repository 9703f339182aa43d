//! Files for browsers, from a folder.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use proofmark_models_web_app::Assets;

use crate::error::ExpectedError;

/// Everything in a folder and below it.
pub(super) fn read(folder: &Path) -> Result<Assets, ExpectedError> {
    let mut found = Vec::new();
    let mut modified = Timestamp::UNIX_EPOCH;
    let mut folders = vec![PathBuf::new()];
    while let Some(below) = folders.pop() {
        let path = folder.join(&below);
        let failed = |source| ExpectedError::Read { file: path.clone(), source };
        for entry in fs::read_dir(&path).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let name = below.join(entry.file_name());
            let metadata = fs::metadata(entry.path()).map_err(failed)?;
            if metadata.is_dir() {
                folders.push(name);
                continue;
            }
            let changed = metadata.modified().ok().and_then(|time| Timestamp::try_from(time).ok());
            modified = modified.max(changed.unwrap_or_default());
            found.push((name.display().to_string(), fs::read(entry.path()).map_err(failed)?));
        }
    }
    Ok(Assets::new(found, modified))
}
