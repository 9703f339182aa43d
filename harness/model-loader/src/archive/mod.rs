//! Archives, as Python's `tarfile` and `zipfile` unpack them.

mod media_type;
mod tar;
mod zip;

pub(crate) use media_type::guess;

use crate::exception::{Exception, Link, Result};
use crate::files::FileSystem;

/// An archive that a loader unpacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Archive {
    Tar,
    Zip,
}

impl Archive {
    /// The kind of archive that a name promises.
    pub(crate) fn of(path: &str) -> Option<Self> {
        Self::of_type(guess(path).media_type?)
    }

    pub(crate) fn of_type(media_type: &str) -> Option<Self> {
        match media_type {
            "application/x-tar" => Some(Self::Tar),
            "application/zip" => Some(Self::Zip),
            _ => None,
        }
    }
}

/// Why an archive was not unpacked.
enum Failure {
    /// Not the archive that its name promised, or it would leave the destination: told in the loader's own words.
    Invalid(Exception),
    /// Anything else.
    Other(Exception),
}

impl From<crate::files::FileError> for Failure {
    fn from(error: crate::files::FileError) -> Self {
        Self::Other(error.into())
    }
}

/// Unpacks an archive into a directory and removes it. `filter` refuses members that would leave the directory.
pub(crate) fn unpack(files: &dyn FileSystem, path: &str, archive: Archive, target: &str, filter: bool) -> Result<()> {
    let unpacked = match archive {
        Archive::Tar => tar::extract(files, path, target, filter),
        Archive::Zip => zip::extract(files, path, target),
    };
    match unpacked {
        Ok(()) => Ok(files.remove(path)?),
        Err(Failure::Other(exception)) => Err(exception),
        Err(Failure::Invalid(origin)) => {
            let link = if filter { Link::Cause } else { Link::Context };
            Err(Exception::runtime("Failed to unpack archive file. The file format is not valid.")
                .because(link, origin))
        }
    }
}
