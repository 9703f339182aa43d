//! Findings at their paths in the repository, which is how GitHub finds the lines, wherever in it the program runs.

use std::io;
use std::path::{Path, PathBuf};

use proofmark_manifests::normal;
use proofmark_replay::{Event, Sink};

/// Hands events on, with paths from the root of the repository in findings about files in it.
pub(crate) struct FromRoot<'a> {
    inner: Box<dyn Sink + 'a>,
    /// The root, and where the program runs; without a repository paths stay as they are.
    places: Option<(PathBuf, PathBuf)>,
}

impl<'a> FromRoot<'a> {
    /// For the repository in which the program runs.
    pub(crate) fn new(inner: Box<dyn Sink + 'a>) -> Self {
        let here = std::env::current_dir().ok();
        let places = here.and_then(|here| Some((root(&here)?.to_owned(), here)));
        Self { inner, places }
    }

    fn path(&self, file: &str) -> Option<String> {
        let (root, here) = self.places.as_ref()?;
        let whole = here.join(file);
        // Standard input is none.
        let path = whole.is_file().then(|| normal(&whole))?;
        Some(path.strip_prefix(root).ok()?.to_str()?.to_owned())
    }
}

impl Sink for FromRoot<'_> {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        let Event::InspectionFinished { inspection } = event else { return self.inner.event(event) };
        let mut inspection = inspection.clone();
        for at in inspection.findings.iter_mut().filter_map(|finding| finding.location.as_mut()) {
            if let Some(path) = self.path(&at.file) {
                at.file = path;
            }
        }
        self.inner.event(&Event::InspectionFinished { inspection })
    }
}

/// The nearest folder above that git keeps.
fn root(here: &Path) -> Option<&Path> {
    here.ancestors().find(|folder| folder.join(".git").exists())
}
