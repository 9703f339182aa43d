//! Files in memory: what a simulated pod has. Clones share them.

use super::{FileError, FileSystem, Kind, Readable, Writable};
use std::collections::BTreeMap;
use std::io::{self, Cursor, Seek, SeekFrom, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A link may lead to a link so many times.
const MOST_LINKS: usize = 40;
/// The longest name that Linux takes, in bytes.
const LONGEST_NAME: usize = 255;

/// Files in memory.
#[derive(Debug, Clone)]
pub struct Memory(Arc<Mutex<BTreeMap<String, Node>>>);

#[derive(Debug, Clone)]
enum Node {
    Directory,
    File(Arc<Mutex<Vec<u8>>>),
    Link(String),
}

/// One thing in the tree, as [`Memory::tree`] tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// A directory.
    Directory,
    /// A file and its content.
    File(Vec<u8>),
    /// A link and where it leads.
    Link(String),
}

impl Default for Memory {
    /// A root directory and nothing else.
    fn default() -> Self {
        Self(Arc::new(Mutex::new(BTreeMap::from([(String::new(), Node::Directory)]))))
    }
}

impl Memory {
    /// Writes a file, with the directories that it needs.
    ///
    /// # Errors
    /// When something else is in the way.
    pub fn write(&self, path: &str, bytes: impl Into<Vec<u8>>) -> Result<(), FileError> {
        if let Some((folder, _)) = path.rsplit_once('/') {
            self.create_directories(if folder.is_empty() { "/" } else { folder })?;
        }
        self.create(path)?.write_all(&bytes.into()).map_err(|error| FileError::at(path, &error))
    }

    /// Everything there is, by absolute path, without the root.
    pub fn tree(&self) -> BTreeMap<String, Entry> {
        let nodes = self.nodes();
        let entry = |node: &Node| match node {
            Node::Directory => Entry::Directory,
            Node::File(bytes) => Entry::File(lock(bytes).clone()),
            Node::Link(target) => Entry::Link(target.clone()),
        };
        nodes.iter().filter(|(path, _)| !path.is_empty()).map(|(path, node)| (path.clone(), entry(node))).collect()
    }

    fn nodes(&self) -> MutexGuard<'_, BTreeMap<String, Node>> {
        lock(&self.0)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Where a path leads: without links, `.` and `..`. There is no working directory, so a relative path leads nowhere. The last part need not exist; it is followed when it is a link and `follow` says so.
fn resolve(nodes: &BTreeMap<String, Node>, path: &str, follow: bool) -> Result<String, i32> {
    if !path.starts_with('/') {
        let first = path.split('/').next().unwrap_or_default();
        return Err(if first.len() > LONGEST_NAME { 36 } else { 2 });
    }
    let mut rest: Vec<String> = path.split('/').rev().filter(|part| !part.is_empty()).map(str::to_owned).collect();
    let ends_in_slash = path.ends_with('/');
    let mut at = String::new();
    let mut links = 0;
    while let Some(part) = rest.pop() {
        match nodes.get(&at) {
            Some(Node::Directory) => {}
            Some(_) => return Err(20),
            None => return Err(2),
        }
        match part.as_str() {
            "." => continue,
            ".." => {
                at.truncate(at.rfind('/').unwrap_or(0));
                continue;
            }
            part if part.len() > LONGEST_NAME => return Err(36),
            part => {
                let next = format!("{at}/{part}");
                if let Some(Node::Link(target)) = nodes.get(&next)
                    && (follow || !rest.is_empty() || ends_in_slash)
                {
                    links += 1;
                    if links > MOST_LINKS {
                        return Err(40);
                    }
                    if target.starts_with('/') {
                        at.clear();
                    }
                    rest.extend(target.split('/').rev().filter(|part| !part.is_empty()).map(str::to_owned));
                    continue;
                }
                at = next;
            }
        }
    }
    if ends_in_slash && matches!(nodes.get(&at), Some(Node::File(_))) {
        return Err(20);
    }
    Ok(at)
}

impl FileSystem for Memory {
    fn kind(&self, path: &str) -> Option<Kind> {
        let nodes = self.nodes();
        match nodes.get(&resolve(&nodes, path, true).ok()?)? {
            Node::Directory => Some(Kind::Directory),
            Node::File(_) => Some(Kind::File),
            Node::Link(_) => None,
        }
    }

    fn open(&self, path: &str) -> Result<Box<dyn Readable>, FileError> {
        let nodes = self.nodes();
        let at = resolve(&nodes, path, true).map_err(|errno| FileError::new(errno, path))?;
        match nodes.get(&at) {
            Some(Node::File(bytes)) => Ok(Box::new(Cursor::new(lock(bytes).clone()))),
            Some(Node::Directory) => Err(FileError::new(21, path)),
            Some(Node::Link(_)) | None => Err(FileError::new(2, path)),
        }
    }

    fn list(&self, path: &str) -> Result<Vec<String>, FileError> {
        let nodes = self.nodes();
        let at = resolve(&nodes, path, true).map_err(|errno| FileError::new(errno, path))?;
        match nodes.get(&at) {
            Some(Node::Directory) => {}
            Some(_) => return Err(FileError::new(20, path)),
            None => return Err(FileError::new(2, path)),
        }
        let inside = format!("{at}/");
        Ok(nodes
            .range(inside.clone()..)
            .map_while(|(path, _)| path.strip_prefix(&inside))
            .filter(|name| !name.contains('/'))
            .map(str::to_owned)
            .collect())
    }

    fn create_directory(&self, path: &str) -> Result<(), FileError> {
        let mut nodes = self.nodes();
        let trimmed = if path.trim_end_matches('/').is_empty() { path } else { path.trim_end_matches('/') };
        let at = resolve(&nodes, trimmed, false).map_err(|errno| FileError::new(errno, path))?;
        if nodes.contains_key(&at) {
            return Err(FileError::new(17, path));
        }
        nodes.insert(at, Node::Directory);
        Ok(())
    }

    fn create(&self, path: &str) -> Result<Box<dyn Writable>, FileError> {
        let mut nodes = self.nodes();
        let at = resolve(&nodes, path, true).map_err(|errno| FileError::new(errno, path))?;
        if path.ends_with('/') || matches!(nodes.get(&at), Some(Node::Directory)) {
            return Err(FileError::new(21, path));
        }
        let bytes = match nodes.get(&at) {
            Some(Node::File(bytes)) => bytes.clone(),
            _ => Arc::default(),
        };
        lock(&bytes).clear();
        nodes.insert(at, Node::File(bytes.clone()));
        Ok(Box::new(Handle { bytes, at: 0 }))
    }

    fn symlink(&self, target: &str, path: &str) -> Result<(), FileError> {
        let mut nodes = self.nodes();
        let at = resolve(&nodes, path, false).map_err(|errno| FileError::between(errno, target, path))?;
        if nodes.contains_key(&at) {
            return Err(FileError::between(17, target, path));
        }
        nodes.insert(at, Node::Link(target.to_owned()));
        Ok(())
    }

    fn rename(&self, from: &str, to: &str) -> Result<(), FileError> {
        let mut nodes = self.nodes();
        let fail = |errno| FileError::between(errno, from, to);
        let source = resolve(&nodes, from, false).map_err(fail)?;
        let target = resolve(&nodes, to, false).map_err(fail)?;
        if matches!(nodes.get(&target), Some(Node::Directory)) {
            return Err(fail(21));
        }
        let node = nodes.remove(&source).ok_or_else(|| fail(2))?;
        nodes.insert(target, node);
        Ok(())
    }

    fn remove(&self, path: &str) -> Result<(), FileError> {
        let mut nodes = self.nodes();
        let at = resolve(&nodes, path, false).map_err(|errno| FileError::new(errno, path))?;
        match nodes.get(&at) {
            Some(Node::Directory) => Err(FileError::new(21, path)),
            Some(_) => {
                nodes.remove(&at);
                Ok(())
            }
            None => Err(FileError::new(2, path)),
        }
    }
}

/// A file that is being written.
struct Handle {
    bytes: Arc<Mutex<Vec<u8>>>,
    at: u64,
}

impl Write for Handle {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut file = lock(&self.bytes);
        let mut cursor = Cursor::new(&mut *file);
        cursor.set_position(self.at);
        let written = cursor.write(bytes)?;
        self.at += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for Handle {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let length = lock(&self.bytes).len() as u64;
        self.at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => length.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        }
        .ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errno<T>(result: Result<T, FileError>) -> i32 {
        result.map_or_else(|error| error.errno, |_| 0)
    }

    /// The same steps on disk and in memory.
    fn walk(files: &dyn FileSystem, root: &str) -> Vec<i32> {
        let path = |name: &str| format!("{root}/{name}");
        let write = |name: &str| {
            files.create(&path(name)).and_then(|mut file| file.write_all(b"x").map_err(|e| FileError::at(name, &e)))
        };
        vec![
            errno(write("a")),
            errno(write("no/b")),
            errno(write("a/b")),
            errno(files.create_directory(&path("d"))),
            errno(files.create_directory(&path("d"))),
            errno(files.create_directory(&path("x/y"))),
            errno(files.create_directories(&path("p/q/r"))),
            errno(files.create_directories(&path("a/q"))),
            errno(files.symlink("a", &path("link"))),
            errno(files.symlink("a", &path("link"))),
            errno(files.symlink("nowhere", &path("dangling"))),
            errno(files.read(&path("link"))),
            errno(files.read(&path("dangling"))),
            errno(files.read(&path("d"))),
            errno(files.rename(&path("a"), &path("d"))),
            errno(files.rename(&path("a"), &path("d/../p/a"))),
            errno(files.read(&path("p/q/../a"))),
            errno(files.remove(&path("d"))),
            errno(files.remove(&path("link"))),
            errno(files.remove(&path("link"))),
            errno(files.list(&path("p/a"))),
            errno(files.open(&path(&"n".repeat(300)))),
            files.list(&path("p")).map_or(-1, |names| names.len() as i32),
        ]
    }

    #[test]
    fn files_in_memory_answer_as_files_on_disk() {
        let folder = tempfile::tempdir().unwrap();
        let memory = Memory::default();
        memory.create_directories("/root").unwrap();
        assert_eq!(walk(&memory, "/root"), walk(&super::super::Disk, folder.path().to_str().unwrap()));
    }

    #[test]
    fn files_are_written_at_any_place() {
        let memory = Memory::default();
        let mut file = memory.create("/f").unwrap();
        file.seek(SeekFrom::Start(3)).unwrap();
        file.write_all(b"de").unwrap();
        file.seek(SeekFrom::Start(0)).unwrap();
        file.write_all(b"abc").unwrap();
        assert_eq!(memory.read("/f").unwrap(), b"abcde");
    }
}
