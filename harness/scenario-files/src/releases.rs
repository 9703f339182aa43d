//! Which releases a requirement means.

use proofmark_kserve::Release;
use semver::{Version, VersionReq};

/// The known releases of KServe that a requirement matches.
///
/// # Errors
/// What is wrong with the requirement, or that it matches none.
pub(crate) fn matching(requirement: &str) -> Result<Vec<Release>, String> {
    let requirement: VersionReq =
        requirement.parse().map_err(|error| format!("no requirement of versions: {error}"))?;
    let is_met = |release: &Release| {
        // A candidate counts as the release that it became: `>=0.12` means it, too.
        Version::parse(release.version())
            .is_ok_and(|version| requirement.matches(&Version::new(version.major, version.minor, version.patch)))
    };
    let matching: Vec<Release> = Release::all().iter().copied().filter(is_met).collect();
    if matching.is_empty() {
        let known: Vec<&str> = Release::all().iter().map(|release| release.version()).collect();
        return Err(format!("matches no known release; known are {}", known.join(", ")));
    }
    Ok(matching)
}
