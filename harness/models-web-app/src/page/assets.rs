//! Files for browsers.

use std::borrow::Cow;
use std::collections::BTreeMap;

use include_dir::{Dir, include_dir};
use jiff::Timestamp;

/// Proofmark's own application.
static EMBEDDED: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/ui");

/// Files by their path below `static/`, `index.html` among them.
#[derive(Debug, Clone, Default)]
pub struct Assets {
    files: BTreeMap<String, Cow<'static, [u8]>>,
    /// When they changed last.
    pub(super) modified: Timestamp,
}

impl Assets {
    /// Proofmark's own application.
    pub fn embedded() -> Self {
        let mut files = BTreeMap::new();
        let mut folders = vec![&EMBEDDED];
        while let Some(folder) = folders.pop() {
            folders.extend(folder.dirs());
            for file in folder.files() {
                files.insert(file.path().display().to_string(), Cow::Borrowed(file.contents()));
            }
        }
        Self { files, modified: Timestamp::UNIX_EPOCH }
    }

    /// Other files.
    pub fn new(files: impl IntoIterator<Item = (String, Vec<u8>)>, modified: Timestamp) -> Self {
        Self { files: files.into_iter().map(|(path, bytes)| (path, Cow::Owned(bytes))).collect(), modified }
    }

    /// A file.
    pub(super) fn get(&self, path: &str) -> Option<&Cow<'static, [u8]>> {
        self.files.get(path)
    }
}
