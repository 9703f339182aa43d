//! A container's file system: mounted volumes over an image that is empty, all of it in memory.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;
use thiserror::Error;

/// Why a file cannot be read or written. The words are those of a Linux system.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FileError {
    /// Nothing is there.
    #[error("open {0}: no such file or directory")]
    NotFound(String),
    /// The volume is mounted read-only.
    #[error("open {0}: read-only file system")]
    ReadOnly(String),
    /// What the volume holds could not be brought up to date.
    #[error("read {path}: {why}")]
    Stale {
        /// The file.
        path: String,
        /// Why.
        why: String,
    },
}

/// A tree of files in memory; paths are relative to it. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct Memory(Arc<Mutex<BTreeMap<String, Bytes>>>);

impl Memory {
    pub(crate) fn replace(&self, files: BTreeMap<String, Bytes>) {
        *self.0.lock() = files;
    }
}

/// Files by their path in the volume, if they have changed since the last time.
pub(crate) type Refreshed = Result<Option<BTreeMap<String, Bytes>>, String>;

/// Brings a volume's files up to date with what they are made from.
pub(crate) trait Refresh: Send + Sync {
    /// The files.
    fn refresh(&self) -> Pin<Box<dyn Future<Output = Refreshed> + Send + '_>>;
}

/// What a volume holds.
#[derive(Clone)]
pub(crate) struct Volume {
    pub(crate) files: Memory,
    /// What its files are made from, if it is not just a place to write to.
    pub(crate) source: Option<Arc<dyn Refresh>>,
}

/// A volume at a place in a container.
#[derive(Clone)]
pub(crate) struct Mount {
    /// Absolute, without a slash at its end.
    pub(crate) path: String,
    /// A part of the volume; empty for all of it.
    pub(crate) sub_path: String,
    pub(crate) read_only: bool,
    pub(crate) volume: Volume,
}

/// A container's file system. Clones share it.
#[derive(Clone)]
pub struct Files {
    /// Longest path first.
    mounts: Arc<[Mount]>,
    root: Memory,
}

impl Files {
    pub(crate) fn new(mut mounts: Vec<Mount>) -> Self {
        mounts.sort_by_key(|mount| std::cmp::Reverse(mount.path.len()));
        Self { mounts: mounts.into(), root: Memory::default() }
    }

    /// Reads a file. Files made from Kubernetes objects (ConfigMaps, Secrets, tokens) are brought up to date first, as often as a kubelet would.
    ///
    /// # Errors
    /// When there is no such file.
    pub async fn read(&self, path: &str) -> Result<Bytes, FileError> {
        let (memory, inner) = self.resolve(path).await?;
        let files = memory.0.lock();
        files.get(&inner).cloned().ok_or_else(|| FileError::NotFound(path.to_owned()))
    }

    /// Writes a file, in place of what was there.
    ///
    /// # Errors
    /// Where a volume is mounted read-only.
    pub fn write(&self, path: &str, bytes: impl Into<Bytes>) -> Result<(), FileError> {
        let (memory, inner, read_only) = self.locate(path);
        if read_only {
            return Err(FileError::ReadOnly(path.to_owned()));
        }
        memory.0.lock().insert(inner, bytes.into());
        Ok(())
    }

    /// Removes a file, or a folder with everything in it; whether anything was there.
    ///
    /// # Errors
    /// Where a volume is mounted read-only.
    pub fn remove(&self, path: &str) -> Result<bool, FileError> {
        let (memory, inner, read_only) = self.locate(path);
        if read_only {
            return Err(FileError::ReadOnly(path.to_owned()));
        }
        let mut files = memory.0.lock();
        let before = files.len();
        files.retain(|have, _| !below(have, &inner));
        Ok(files.len() != before)
    }

    /// The files below a folder, by absolute path, in order. What is mounted further below is not among them.
    ///
    /// # Errors
    /// When the volume's files cannot be brought up to date.
    pub async fn list(&self, path: &str) -> Result<Vec<String>, FileError> {
        let (memory, inner) = self.resolve(path).await?;
        let folder = clean(path);
        let files = memory.0.lock();
        Ok(files
            .keys()
            .filter(|have| below(have, &inner))
            .map(|have| format!("{folder}/{}", have[inner.len()..].trim_start_matches('/')))
            .collect())
    }

    /// Every file by its absolute path, those made from Kubernetes objects brought up to date first: what a process needs that cannot wait while it reads.
    ///
    /// # Errors
    /// When a volume's files cannot be brought up to date.
    pub async fn everything(&self) -> Result<BTreeMap<String, Bytes>, FileError> {
        let mut all: BTreeMap<String, Bytes> =
            self.root.0.lock().iter().map(|(path, bytes)| (format!("/{path}"), bytes.clone())).collect();
        // Mounts further inside come later and win.
        for mount in self.mounts.iter().rev() {
            self.resolve(&mount.path).await?;
            let files = mount.volume.files.0.lock();
            let inside = files.iter().filter(|(path, _)| below(path, &mount.sub_path));
            let shown = inside.map(|(path, bytes)| {
                let rest = path[mount.sub_path.len()..].trim_start_matches('/');
                let path = if rest.is_empty() { mount.path.clone() } else { format!("{}/{rest}", mount.path) };
                (path, bytes.clone())
            });
            all.extend(shown);
        }
        Ok(all)
    }

    /// Where volumes are mounted, and whether they can only be read.
    pub fn mounts(&self) -> impl Iterator<Item = (&str, bool)> {
        self.mounts.iter().map(|mount| (mount.path.as_str(), mount.read_only))
    }

    async fn resolve(&self, path: &str) -> Result<(Memory, String), FileError> {
        let (memory, inner, _) = self.locate(path);
        if let Some(source) = self.mount(path).and_then(|mount| mount.volume.source.clone()) {
            match source.refresh().await {
                Ok(Some(files)) => memory.replace(files),
                Ok(None) => {}
                Err(why) => return Err(FileError::Stale { path: path.to_owned(), why }),
            }
        }
        Ok((memory, inner))
    }

    fn mount(&self, path: &str) -> Option<&Mount> {
        let path = clean(path);
        self.mounts.iter().find(|mount| below(&path, &mount.path))
    }

    /// Where a path leads: a tree, the path in it, and whether it can only be read.
    fn locate(&self, path: &str) -> (Memory, String, bool) {
        let clean = clean(path);
        let Some(mount) = self.mount(path) else {
            return (self.root.clone(), clean.trim_start_matches('/').to_owned(), false);
        };
        let rest = clean[mount.path.len()..].trim_start_matches('/');
        let inner = match (mount.sub_path.as_str(), rest) {
            ("", rest) => rest.to_owned(),
            (sub, "") => sub.to_owned(),
            (sub, rest) => format!("{sub}/{rest}"),
        };
        (mount.volume.files.clone(), inner, mount.read_only)
    }
}

impl fmt::Debug for Files {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.mounts.iter().map(|mount| &mount.path)).finish()
    }
}

/// Whether a path is a folder or something in it; the empty folder holds everything.
fn below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| folder.is_empty() || rest.is_empty() || rest.starts_with('/'))
}

/// An absolute path without empty parts, `.` and `..`.
pub(crate) fn clean(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.iter().fold(String::new(), |path, part| path + "/" + part)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mount(path: &str, sub_path: &str, read_only: bool, files: &Memory) -> Mount {
        let volume = Volume { files: files.clone(), source: None };
        Mount { path: path.to_owned(), sub_path: sub_path.to_owned(), read_only, volume }
    }

    #[tokio::test]
    async fn the_longest_mount_wins_and_sub_paths_lead_inside() {
        let (outer, inner) = (Memory::default(), Memory::default());
        let files = Files::new(vec![mount("/mnt", "", false, &outer), mount("/mnt/models", "a/b", false, &inner)]);
        files.write("/mnt/models/x", "1").unwrap();
        files.write("/mnt/modelsx", "2").unwrap();
        files.write("/tmp/../etc/./y", "3").unwrap();
        assert_eq!(inner.0.lock().keys().collect::<Vec<_>>(), ["a/b/x"]);
        assert_eq!(outer.0.lock().keys().collect::<Vec<_>>(), ["modelsx"]);
        assert_eq!(files.read("/etc/y").await.unwrap(), "3");
        assert_eq!(files.list("/mnt/models").await.unwrap(), ["/mnt/models/x"]);
        let all = files.everything().await.unwrap();
        assert_eq!(all.into_keys().collect::<Vec<_>>(), ["/etc/y", "/mnt/models/x", "/mnt/modelsx"]);
        assert!(files.remove("/mnt/models").unwrap());
        assert_eq!(files.read("/mnt/models/x").await, Err(FileError::NotFound("/mnt/models/x".to_owned())));
    }

    #[test]
    fn what_is_read_only_stays_as_it_is() {
        let files = Files::new(vec![mount("/ro", "", true, &Memory::default())]);
        assert_eq!(files.write("/ro/x", ""), Err(FileError::ReadOnly("/ro/x".to_owned())));
        assert!(files.remove("/ro").is_err());
    }
}
