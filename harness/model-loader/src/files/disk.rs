//! The machine's own files.

use super::{FileError, FileSystem, Kind, Readable, Writable};
use std::fs;
use std::path::Path;

/// The machine's own files.
#[derive(Debug, Clone, Copy, Default)]
pub struct Disk;

impl FileSystem for Disk {
    fn kind(&self, path: &str) -> Option<Kind> {
        let metadata = fs::metadata(path).ok()?;
        Some(if metadata.is_dir() { Kind::Directory } else { Kind::File })
    }

    fn open(&self, path: &str) -> Result<Box<dyn Readable>, FileError> {
        if self.kind(path) == Some(Kind::Directory) {
            return Err(FileError::new(21, path));
        }
        let file = fs::File::open(path).map_err(|error| FileError::at(path, &error))?;
        Ok(Box::new(file))
    }

    fn list(&self, path: &str) -> Result<Vec<String>, FileError> {
        let entries = fs::read_dir(path).map_err(|error| FileError::at(path, &error))?;
        let mut names: Vec<String> =
            entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        Ok(names)
    }

    fn create_directory(&self, path: &str) -> Result<(), FileError> {
        fs::create_dir(path).map_err(|error| FileError::at(path, &error))
    }

    fn create(&self, path: &str) -> Result<Box<dyn Writable>, FileError> {
        let file = fs::File::create(path).map_err(|error| FileError::at(path, &error))?;
        Ok(Box::new(file))
    }

    fn symlink(&self, target: &str, path: &str) -> Result<(), FileError> {
        link(Path::new(target), Path::new(path))
            .map_err(|error| FileError::between(error.raw_os_error().unwrap_or(5), target, path))
    }

    fn rename(&self, from: &str, to: &str) -> Result<(), FileError> {
        fs::rename(from, to).map_err(|error| FileError::between(error.raw_os_error().unwrap_or(5), from, to))
    }

    fn remove(&self, path: &str) -> Result<(), FileError> {
        fs::remove_file(path).map_err(|error| FileError::at(path, &error))
    }
}

#[cfg(unix)]
fn link(target: &Path, path: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(target, path)
}

#[cfg(not(unix))]
fn link(_: &Path, _: &Path) -> std::io::Result<()> {
    Err(std::io::ErrorKind::Unsupported.into())
}
