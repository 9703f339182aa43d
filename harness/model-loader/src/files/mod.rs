//! The files that a loader works on: a trait, because a simulated pod has none on disk.

mod disk;
mod memory;

pub use disk::Disk;
pub use memory::{Entry, Memory};

use crate::exception::Exception;
use crate::python;
use std::io;

/// What stands at a path, with symbolic links followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A file.
    File,
    /// A directory.
    Directory,
}

/// A file that can be read from any place.
pub trait Readable: io::Read + io::Seek + Send {}
impl<T: io::Read + io::Seek + Send> Readable for T {}

/// A file that can be written at any place.
pub trait Writable: io::Write + io::Seek + Send {}
impl<T: io::Write + io::Seek + Send> Writable for T {}

/// A file system, as seen through absolute paths. `.` and `..` mean what they mean to Linux.
pub trait FileSystem: Send + Sync {
    /// What stands at a path; nothing also where a link leads nowhere.
    fn kind(&self, path: &str) -> Option<Kind>;
    /// Opens a file to read it.
    ///
    /// # Errors
    /// When there is none that can be read.
    fn open(&self, path: &str) -> Result<Box<dyn Readable>, FileError>;
    /// The names in a directory, in order.
    ///
    /// # Errors
    /// When it is no directory.
    fn list(&self, path: &str) -> Result<Vec<String>, FileError>;
    /// Makes a directory.
    ///
    /// # Errors
    /// When something stands there already, or its parent does not exist.
    fn create_directory(&self, path: &str) -> Result<(), FileError>;
    /// Makes an empty file, in place of what was there.
    ///
    /// # Errors
    /// When its directory does not exist, or a directory stands there.
    fn create(&self, path: &str) -> Result<Box<dyn Writable>, FileError>;
    /// Makes a symbolic link.
    ///
    /// # Errors
    /// When something stands there already.
    fn symlink(&self, target: &str, path: &str) -> Result<(), FileError>;
    /// Moves a file over what stands at the new path.
    ///
    /// # Errors
    /// When a directory stands there.
    fn rename(&self, from: &str, to: &str) -> Result<(), FileError>;
    /// Removes a file or a link.
    ///
    /// # Errors
    /// When there is none.
    fn remove(&self, path: &str) -> Result<(), FileError>;

    /// Reads a file as a whole.
    ///
    /// # Errors
    /// When there is none that can be read.
    fn read(&self, path: &str) -> Result<Vec<u8>, FileError> {
        let mut bytes = Vec::new();
        self.open(path)?.read_to_end(&mut bytes).map_err(|error| FileError::at(path, &error))?;
        Ok(bytes)
    }

    /// Makes a directory with its parents; it may be there already.
    ///
    /// # Errors
    /// When a file is in the way.
    fn create_directories(&self, path: &str) -> Result<(), FileError> {
        match self.kind(path) {
            Some(Kind::Directory) => return Ok(()),
            Some(Kind::File) => return Err(FileError::new(17, path)),
            None => {}
        }
        let parent = python::dirname(path.trim_end_matches('/'));
        if !parent.is_empty() && self.kind(parent).is_none() {
            self.create_directories(parent)?;
        }
        match self.create_directory(path) {
            Err(error) if error.errno == 17 && self.kind(path) == Some(Kind::Directory) => Ok(()),
            other => other,
        }
    }
}

/// An absolute path without empty parts, `.` and `..`, whatever stands there: nothing leads out of the root.
pub(crate) fn clean(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

/// What the file system refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {}", python::strerror(*errno))]
pub struct FileError {
    /// Linux' number for it.
    pub errno: i32,
    /// The path that was given.
    pub path: String,
    /// The other path, where there are two.
    pub to: Option<String>,
}

impl FileError {
    /// An error with one path.
    pub fn new(errno: i32, path: &str) -> Self {
        Self { errno, path: path.to_owned(), to: None }
    }

    pub(crate) fn at(path: &str, error: &io::Error) -> Self {
        Self::new(error.raw_os_error().unwrap_or(5), path)
    }

    fn between(errno: i32, from: &str, to: &str) -> Self {
        Self { errno, path: from.to_owned(), to: Some(to.to_owned()) }
    }
}

impl From<FileError> for Exception {
    fn from(error: FileError) -> Self {
        let to = error.to.map(|to| format!(" -> {}", python::repr(&to))).unwrap_or_default();
        Exception::os(error.errno, &format!(": {}{to}", python::repr(&error.path)))
    }
}
