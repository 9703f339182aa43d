//! A container's files as a loader wants them: with directories and links, and without waiting.
//!
//! The loader works on a copy that begins with everything the container sees. What it changed is written back when it is dropped: when the loader is
//! done, and also when it is killed in the middle. A link is written as what it leads to, because volumes hold files only.

use std::collections::BTreeMap;

use bytes::Bytes;
use proofmark_model_loader::files::{Entry, FileError, FileSystem, Kind, Memory, Readable, Writable};
use proofmark_nodes::process::{self, Files};

/// Linux' number for a file system that can only be read.
const READ_ONLY: i32 = 30;
/// What every image has.
const TEMPORARY: &str = "/tmp";

/// A loader's view of a container's files.
pub(super) struct ContainerFiles {
    working: Memory,
    before: BTreeMap<String, Bytes>,
    container: Files,
}

impl ContainerFiles {
    /// Everything that a container sees.
    pub(super) async fn of(container: &Files) -> Result<Self, process::FileError> {
        let before = container.everything().await?;
        let working = Memory::default();
        let folders = container.mounts().map(|(path, _)| path).chain([TEMPORARY]);
        // A file in the way of a folder is what is mounted there; neither can be in a tree that is empty.
        for folder in folders.filter(|path| !before.contains_key(*path)) {
            let _ = working.create_directories(folder);
        }
        for (path, bytes) in &before {
            let _ = working.write(path, bytes.to_vec());
        }
        Ok(Self { working, before, container: container.clone() })
    }

    /// Writes what has changed to where the container has it.
    fn keep(&self) -> Result<(), process::FileError> {
        let tree = self.working.tree();
        for (path, entry) in &tree {
            let bytes = match entry {
                Entry::Directory => continue,
                Entry::File(bytes) => bytes.clone(),
                Entry::Link(_) => match self.working.read(path) {
                    Ok(bytes) => bytes,
                    // A link to a folder, or to nothing.
                    Err(_) => continue,
                },
            };
            if self.before.get(path).is_none_or(|before| *before != bytes) {
                self.container.write(path, bytes)?;
            }
        }
        for path in self.before.keys().filter(|path| !tree.contains_key(*path)) {
            self.container.remove(path)?;
        }
        Ok(())
    }

    /// Refuses a change below what can only be read.
    fn writable(&self, path: &str) -> Result<(), FileError> {
        let below = |mount: &str| path.strip_prefix(mount).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        match self.container.mounts().find(|(mount, _)| below(mount)) {
            Some((_, true)) => Err(FileError::new(READ_ONLY, path)),
            _ => Ok(()),
        }
    }
}

impl Drop for ContainerFiles {
    fn drop(&mut self) {
        // Only what can be written to has changed.
        let _ = self.keep();
    }
}

impl FileSystem for ContainerFiles {
    fn kind(&self, path: &str) -> Option<Kind> {
        self.working.kind(path)
    }

    fn open(&self, path: &str) -> Result<Box<dyn Readable>, FileError> {
        self.working.open(path)
    }

    fn list(&self, path: &str) -> Result<Vec<String>, FileError> {
        self.working.list(path)
    }

    fn create_directory(&self, path: &str) -> Result<(), FileError> {
        self.writable(path)?;
        self.working.create_directory(path)
    }

    fn create(&self, path: &str) -> Result<Box<dyn Writable>, FileError> {
        self.writable(path)?;
        self.working.create(path)
    }

    fn symlink(&self, target: &str, path: &str) -> Result<(), FileError> {
        self.writable(path)?;
        self.working.symlink(target, path)
    }

    fn rename(&self, from: &str, to: &str) -> Result<(), FileError> {
        self.writable(from).and_then(|()| self.writable(to))?;
        self.working.rename(from, to)
    }

    fn remove(&self, path: &str) -> Result<(), FileError> {
        self.writable(path)?;
        self.working.remove(path)
    }
}
