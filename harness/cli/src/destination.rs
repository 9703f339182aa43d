//! Where a result goes: a file, or standard output.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::error::ExpectedError;

/// A writer that knows what to call itself when it fails.
pub(crate) struct Destination {
    name: PathBuf,
    writer: Box<dyn Write>,
}

impl Destination {
    /// The file if one is named, standard output otherwise.
    pub(crate) fn open(file: Option<&Path>) -> Result<Self, ExpectedError> {
        match file {
            None => Ok(Self { name: "standard output".into(), writer: Box::new(BufWriter::new(io::stdout())) }),
            Some(path) => Self::file(path, File::create(path)),
        }
    }

    /// The end of a file, which need not exist.
    pub(crate) fn append(path: &Path) -> Result<Self, ExpectedError> {
        Self::file(path, File::options().append(true).create(true).open(path))
    }

    fn file(path: &Path, opened: io::Result<File>) -> Result<Self, ExpectedError> {
        let name = path.to_owned();
        match opened {
            Ok(file) => Ok(Self { name, writer: Box::new(BufWriter::new(file)) }),
            Err(source) => Err(ExpectedError::Write { file: name, source }),
        }
    }

    /// The error of a write that failed.
    pub(crate) fn failed(&self, source: io::Error) -> ExpectedError {
        ExpectedError::Write { file: self.name.clone(), source }
    }

    /// Writes all of a text.
    pub(crate) fn print(mut self, text: &str) -> Result<(), ExpectedError> {
        self.writer.write_all(text.as_bytes()).and_then(|()| self.writer.flush()).map_err(|source| self.failed(source))
    }
}

impl Write for Destination {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}
