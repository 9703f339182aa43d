//! The release that an image is of.

use proofmark_model_loader::Release;

/// The release that an image is of, and what there is to say when its tag names none that can be played.
pub(crate) fn release(program: &str, image: &str, usual: Option<Release>) -> (Release, Option<String>) {
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
            (play, Some(format!("proofmark: no {program} {tag} is known; this one does what {play} does")))
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
        let (found, remark) = release("storage initializer", image, usual);
        assert_eq!((found, remark.is_some()), (wanted, told));
    }
}
