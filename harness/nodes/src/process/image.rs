//! Images: what is known by an image's name.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::{Process, Script};

/// How pulling an image goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pull {
    /// It arrives after this time.
    Takes(Duration),
    /// The registry refuses, with these words.
    Fails(String),
}

/// An image: how it arrives and what it runs.
#[derive(Clone)]
pub struct Image {
    pub(crate) pull: Pull,
    /// Bytes, as the event of its arrival says.
    pub(crate) size: u64,
    pub(crate) process: Arc<dyn Process>,
}

impl Image {
    /// An image that arrives at once and runs this.
    pub fn new(process: impl Process) -> Self {
        Self { pull: Pull::Takes(Duration::ZERO), size: SIZE, process: Arc::new(process) }
    }

    /// An image that cannot be pulled: ErrImagePull, then ImagePullBackOff. `why` is what the registry says.
    pub fn missing(why: impl Into<String>) -> Self {
        Self { pull: Pull::Fails(why.into()), ..Self::new(Script::server()) }
    }

    /// Arrives in this way.
    #[must_use]
    pub fn pull(mut self, pull: Pull) -> Self {
        self.pull = pull;
        self
    }

    /// Is so many bytes large.
    #[must_use]
    pub fn size(mut self, bytes: u64) -> Self {
        self.size = bytes;
        self
    }
}

/// The size that an image says it has unless told: 10 MiB.
const SIZE: u64 = 10 * 1024 * 1024;

impl fmt::Debug for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Image").field("pull", &self.pull).field("size", &self.size).finish_non_exhaustive()
    }
}

/// What is known of images. The first pattern that fits an image's name counts; unknown images run until they are stopped and answer every probe.
#[derive(Debug, Clone)]
pub struct Images {
    known: Vec<(String, Image)>,
    unknown: Image,
}

impl Default for Images {
    fn default() -> Self {
        Self { known: Vec::new(), unknown: Image::new(Script::server()) }
    }
}

impl Images {
    /// Adds what images of a name are. In a pattern `*` stands for any text; a pattern without a tag fits every tag and digest.
    #[must_use]
    pub fn with(mut self, pattern: impl Into<String>, image: Image) -> Self {
        self.known.push((pattern.into(), image));
        self
    }

    /// What is known here, and of images that no pattern here fits, what is known there.
    #[must_use]
    pub fn or(mut self, others: Images) -> Self {
        self.known.extend(others.known);
        self
    }

    /// What images are that no pattern fits.
    #[must_use]
    pub fn unknown(mut self, image: Image) -> Self {
        self.unknown = image;
        self
    }

    pub(crate) fn find(&self, name: &str) -> &Image {
        let bare = repository(name);
        let fits = |pattern: &str| fits(pattern, name) || fits(pattern, bare);
        self.known.iter().find(|(pattern, _)| fits(pattern)).map_or(&self.unknown, |(_, image)| image)
    }
}

/// An image's name without tag and digest.
pub(crate) fn repository(name: &str) -> &str {
    let name = name.split_once('@').map_or(name, |(name, _)| name);
    match name.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => repository,
        _ => name,
    }
}

/// Whether a text fits a pattern with `*`.
fn fits(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for (pattern, name, fit) in [
            ("busybox", "busybox:1.36", true),
            ("busybox", "busybox", true),
            ("busybox", "localhost:5000/busybox", false),
            ("localhost:5000/busybox", "localhost:5000/busybox@sha256:00", true),
            ("*/busybox:*", "localhost:5000/busybox:1", true),
            ("kserve/*server", "kserve/sklearnserver:v0.14.1", true),
            ("a*b*c", "axxbyyc", true),
            ("a*b*c", "acb", false),
            ("ab*ba", "aba", false),
            ("*", "anything", true),
        ] {
            let images = Images::default().with(pattern, Image::missing("no"));
            let found = matches!(images.find(name).pull, Pull::Fails(_));
            assert_eq!(found, fit, "{pattern} {name}");
        }
    }
}
