//! Files that are there already: links to them.

use super::Storage;
use super::patterns::Patterns;
use crate::archive::{self, Archive};
use crate::exception::{Exception, Result};
use crate::files::Kind;
use crate::python;

/// Links what stands at a path into a directory.
pub(super) fn link(storage: &Storage, uri: &str, to: &str, wanted: &Patterns) -> Result<()> {
    const PLACE: &str = "storage.py:_download_local()";
    let files = &*storage.host.files;
    let path = uri.replacen("file://", "", 1);
    let kind = files.kind(&path).ok_or_else(|| Exception::runtime(format!("Local path {uri} does not exist.")))?;
    if files.kind(to) != Some(Kind::Directory) {
        files.create_directories(to)?;
    }
    let pattern = if kind == Kind::Directory { python::join(&path, "*") } else { path };
    let (mut count, mut last) = (0, String::new());
    for source in python::glob(files, &pattern) {
        let name = python::basename(&source);
        if !wanted.want(name) {
            storage.journal.info(PLACE, format_args!("Skipping {source} due to file pattern filter"));
            continue;
        }
        last = python::join(to, name);
        storage.journal.info(PLACE, format_args!("Linking: {source} to {last}"));
        if files.kind(&last).is_none() {
            files.symlink(&source, &last)?;
        } else {
            storage.journal.info(PLACE, format_args!("File {last} already exist"));
        }
        count += 1;
    }
    match (count, Archive::of(&last)) {
        (0, _) => Err(Exception::runtime(format!("Failed to fetch model. No model found in {uri}."))),
        (1, Some(archive)) => {
            storage.journal.info("storage.py:_unpack_archive_file()", format_args!("Unpacking: {last}"));
            archive::unpack(files, &last, archive, to, storage.is.archive_filter)
        }
        _ => Ok(()),
    }
}
