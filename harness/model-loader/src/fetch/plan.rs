//! What is to be fetched, and in which parts. Decides; does not fetch.

use super::FetchError;
use super::checksum::Sum;

/// A file that is to be fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Item {
    /// Below the destination, with slashes.
    pub(super) path: String,
    /// Where the source has it: a key, a URL, a path.
    pub(super) place: String,
    pub(super) size: u64,
    /// What changes when the content does.
    pub(super) tag: Option<String>,
    /// What the source says about the content.
    pub(super) sum: Option<Sum>,
    /// Whether parts of it can be asked for.
    pub(super) ranges: bool,
}

/// The parts of a file: where each begins, and where it ends (exclusive).
#[derive(Debug, Clone, Copy)]
pub struct Parts {
    next: u64,
    size: u64,
    part: u64,
}

impl Parts {
    /// The parts of a file of `size` bytes; a part has `part` bytes, the last one what is left. An empty file has none.
    pub fn new(size: u64, part: u64) -> Self {
        Self { next: 0, size, part: part.max(1) }
    }
}

impl Iterator for Parts {
    type Item = (u64, u64);

    fn next(&mut self) -> Option<(u64, u64)> {
        let start = self.next;
        if start >= self.size {
            return None;
        }
        self.next = start.saturating_add(self.part).min(self.size);
        Some((start, self.next))
    }
}

/// The path of an object below the destination: what follows its folder, or its name when it was named itself. Nothing where the object is neither.
pub(super) fn path_of(prefix: &str, key: &str) -> Option<Result<String, FetchError>> {
    let folder = prefix.trim_end_matches('/');
    let rest = if key == prefix {
        key.rsplit('/').next().unwrap_or(key)
    } else if folder.is_empty() {
        key
    } else {
        key.strip_prefix(folder)?.strip_prefix('/')?
    };
    if rest.is_empty() || rest.ends_with('/') {
        return None;
    }
    Some(safe(rest))
}

/// A path without empty parts that stays where it is.
pub(super) fn safe(path: &str) -> Result<String, FetchError> {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let leaves = parts.iter().any(|part| matches!(*part, "." | "..") || part.contains(['\0', '\\']));
    if parts.is_empty() || leaves {
        return Err(FetchError::Unsafe(path.to_owned()));
    }
    Ok(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_prefix_is_a_folder() {
        let path = |prefix, key| path_of(prefix, key).map(|path| path.map_err(|error| error.to_string()));
        assert_eq!(path("models", "models/a/b"), Some(Ok("a/b".to_owned())));
        assert_eq!(path("models/", "models/a"), Some(Ok("a".to_owned())));
        assert_eq!(path("models", "models2/a"), None);
        assert_eq!(path("models/a.bin", "models/a.bin"), Some(Ok("a.bin".to_owned())));
        assert_eq!(path("", "a/b"), Some(Ok("a/b".to_owned())));
        assert_eq!(path("models", "models/"), None);
        assert_eq!(path("models", "models//a"), Some(Ok("a".to_owned())));
        assert!(path("models", "models/../evil").is_some_and(|path| path.is_err()));
    }

    proptest! {
        #[test]
        fn parts_touch_and_cover(size in 0u64..1 << 40, part in 1u64 << 20..1 << 30) {
            let mut next = 0;
            for (start, end) in Parts::new(size, part) {
                prop_assert_eq!(start, next);
                prop_assert!(end > start && end - start <= part);
                next = end;
            }
            prop_assert_eq!(next, size);
        }

        #[test]
        fn no_path_leaves_the_destination(prefix in "[a-z./]{0,6}", key in "[a-z./\\\\]{0,12}") {
            if let Some(Ok(path)) = path_of(&prefix, &key) {
                prop_assert!(path.split('/').all(|part| !part.is_empty() && part != "." && part != ".."));
            }
        }
    }
}
