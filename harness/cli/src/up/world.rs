//! `up --restore` and `up --save`: the objects of an environment, from a file and to one.

use std::fs::File;
use std::io::{BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use proofmark_apiserver::{World, WorldError};
use tempfile::NamedTempFile;

use crate::error::ExpectedError;

/// Reads what an earlier run saved.
pub(super) fn read(file: &Path) -> Result<World, ExpectedError> {
    let failed = |source| ExpectedError::Restore { file: file.to_owned(), source };
    let opened = File::open(file).map_err(|error| failed(WorldError::Read(error)))?;
    World::read(BufReader::new(opened)).map_err(failed)
}

/// A file that is there, and complete, only when everything is written.
pub(super) struct Save {
    file: PathBuf,
    unfinished: NamedTempFile,
}

impl Save {
    /// Finds out at the beginning whether the file can be written at the end.
    pub(super) fn to(file: &Path) -> Result<Self, ExpectedError> {
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let unfinished = tempfile::Builder::new().prefix("proofmark-").suffix(".world").tempfile_in(folder);
        match unfinished {
            Ok(unfinished) => Ok(Self { file: file.to_owned(), unfinished }),
            Err(source) => Err(ExpectedError::Write { file: file.to_owned(), source }),
        }
    }

    /// Writes it.
    pub(super) fn write(self, world: &World) -> Result<(), ExpectedError> {
        let Self { file, mut unfinished } = self;
        let mut writer = BufWriter::new(unfinished.as_file_mut());
        let written = world.write(&mut writer).and_then(|()| writer.flush());
        drop(writer);
        let finished = written.and_then(|()| unfinished.persist(&file).map_err(|error| error.error));
        finished.map(drop).map_err(|source| ExpectedError::Write { file, source })
    }
}
