//! The storage initializer as a container: `<uri> <directory> ...` in, files and an exit code out.

use std::sync::Arc;

use proofmark_model_loader::{Output, Release, run};
use proofmark_nodes::process::{Container, Exit, Process, Running};

use crate::Outside;
use crate::host::host;

/// Loads models as the release that the image's tag names does.
pub(crate) struct StorageInitializer(pub(crate) Outside);

impl Process for StorageInitializer {
    fn run(&self, container: Container) -> Running {
        Box::pin(initialize(self.0.clone(), container))
    }
}

/// Python, as the first process of a container, does not react to SIGTERM: nothing here listens to it.
async fn initialize(outside: Outside, container: Container) -> Exit {
    let (release, remark) = release(&container.image, outside.release);
    if let Some(remark) = remark {
        container.log.stderr(&remark);
    }
    let host = match host(&outside, &container).await {
        Ok(host) => host,
        Err(error) => {
            container.log.stderr(&error.to_string());
            return Exit::code(1);
        }
    };
    let log = container.log.clone();
    let sink = move |output: Output, line: &str| match output {
        Output::Stdout => log.stdout(line),
        Output::Stderr => log.stderr(line),
    };
    Exit::code(run(release, &container.args, &host, Arc::new(sink)).await.exit)
}

/// The release that an image is of, and what there is to say when its tag names none that can be played.
fn release(image: &str, usual: Option<Release>) -> (Release, Option<String>) {
    let newest = Release::ALL.into_iter().next_back().unwrap_or(Release::V0_21);
    let tag = image.split('@').next().and_then(|name| name.rsplit_once(':')).map(|(_, tag)| tag);
    let tag = tag.filter(|tag| !tag.contains('/')).unwrap_or("latest");
    if let Ok(release) = tag.parse() {
        return (release, None);
    }
    match (tag, usual) {
        ("latest", Some(release)) => (release, None),
        _ => {
            let play = if tag == "latest" { newest } else { before(tag).unwrap_or(newest) };
            (play, Some(format!("proofmark: no storage initializer {tag} is known; this one does what {play} does")))
        }
    }
}

/// The newest release that is older than a version which lies between releases that are known.
fn before(tag: &str) -> Option<Release> {
    let number = |version: &str| -> Option<(u32, u32)> {
        let mut parts = version.trim_start_matches('v').split('.');
        Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
    };
    let wanted = number(tag)?;
    Release::ALL.into_iter().rev().find(|release| number(release.version()).is_some_and(|version| version < wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case("kserve/storage-initializer:v0.13.0", None, Release::V0_13, false)]
    #[case("registry:5000/kserve/storage-initializer:v0.15.2@sha256:00", None, Release::V0_15, false)]
    #[case("kserve/storage-initializer:latest", Some(Release::V0_14), Release::V0_14, false)]
    #[case("registry:5000/kserve/storage-initializer", Some(Release::V0_14), Release::V0_14, false)]
    #[case("kserve/storage-initializer:latest", None, Release::V0_21, true)]
    #[case("kserve/storage-initializer:v0.19.0", Some(Release::V0_14), Release::V0_18, true)]
    #[case("kserve/storage-initializer:v1.2.0", None, Release::V0_21, true)]
    #[case("kserve/storage-initializer:ours", None, Release::V0_21, true)]
    fn the_tag_chooses_the_release(
        #[case] image: &str,
        #[case] usual: Option<Release>,
        #[case] wanted: Release,
        #[case] told: bool,
    ) {
        let (found, remark) = release(image, usual);
        assert_eq!((found, remark.is_some()), (wanted, told));
    }
}
