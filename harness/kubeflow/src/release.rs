//! The releases of the Kubeflow distribution (kubeflow/manifests) and the KServe that each bundles.

use std::fmt;
use std::str::FromStr;

use proofmark_kserve::release::{Release, nearest};

macro_rules! releases {
    ($($variant:ident $version:literal $kserve:literal,)+) => {
        /// A release of the Kubeflow distribution, oldest first. Since 2026 they are named by year and month.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum KubeflowRelease {
            $(#[doc = concat!("Kubeflow ", $version, ", with KServe ", $kserve, ".")] $variant,)+
        }

        impl KubeflowRelease {
            /// Every release known here, oldest first.
            #[must_use]
            pub const fn all() -> &'static [Self] {
                &[$(Self::$variant,)+]
            }

            /// The version without a leading `v`: `1.9.1`, `26.03`.
            #[must_use]
            pub const fn version(self) -> &'static str {
                match self { $(Self::$variant => $version,)+ }
            }

            /// The tag of the bundled KServe: `v0.13.1`. Of releases before 1.8.0 it is older than any [`Release`].
            #[must_use]
            pub const fn kserve_tag(self) -> &'static str {
                match self { $(Self::$variant => $kserve,)+ }
            }
        }
    };
}

// The controller image that the manifests of the tag deploy.
releases! {
    V1_5_0 "1.5.0" "v0.7.0",
    V1_6_0 "1.6.0" "v0.8.0",
    V1_7_0 "1.7.0" "v0.10.0",
    V1_8_0 "1.8.0" "v0.11.1",
    V1_8_1 "1.8.1" "v0.11.2",
    V1_9_0 "1.9.0" "v0.13.0",
    V1_9_1 "1.9.1" "v0.13.1",
    V1_10_0 "1.10.0" "v0.14.1",
    V1_10_1 "1.10.1" "v0.15.0",
    V1_10_2 "1.10.2" "v0.15.0",
    V1_11_0 "1.11.0" "v0.15.2",
    V26_03 "26.03" "v0.16.0",
}

impl KubeflowRelease {
    /// The newest release.
    #[must_use]
    pub const fn latest() -> Self {
        Self::V26_03
    }

    /// The bundled KServe, if Proofmark knows that release: from 1.8.0 on.
    #[must_use]
    pub fn kserve(self) -> Option<Release> {
        self.kserve_tag().parse().ok()
    }

    /// The newest distribution whose bundled KServe is not newer than `kserve`: where users of that KServe most likely meet it.
    /// `None` if every distribution that bundles a known KServe is newer.
    #[must_use]
    pub fn around(kserve: Release) -> Option<Self> {
        Self::all().iter().rev().copied().find(|release| release.kserve().is_some_and(|bundled| bundled <= kserve))
    }
}

impl fmt::Display for KubeflowRelease {
    /// The version, as in [`KubeflowRelease::version`].
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.version())
    }
}

/// A version that names no known release of the distribution.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown Kubeflow release `{given}`{}; known are {}", hint(*.nearest), list())]
pub struct UnknownKubeflowRelease {
    /// What was given, as it was given.
    pub given: String,
    /// The known release that is closest by number, if anything in `given` was a number.
    pub nearest: Option<KubeflowRelease>,
}

fn hint(nearest: Option<KubeflowRelease>) -> String {
    nearest.map(|release| format!(", did you mean {release}?")).unwrap_or_default()
}

fn list() -> String {
    KubeflowRelease::all().iter().map(|release| release.version()).collect::<Vec<_>>().join(", ")
}

impl FromStr for KubeflowRelease {
    type Err = UnknownKubeflowRelease;

    /// Takes `1.9.1`, `v1.9.1` and `26.03`.
    fn from_str(given: &str) -> Result<Self, Self::Err> {
        let version = given.strip_prefix('v').unwrap_or(given);
        Self::all().iter().copied().find(|release| release.version() == version).ok_or_else(|| UnknownKubeflowRelease {
            given: given.to_owned(),
            nearest: nearest(given, Self::all(), |release| release.version()),
        })
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[test]
    fn versions_read_back_and_bundle_ever_newer_kserve() {
        let all = KubeflowRelease::all();
        for release in all {
            assert_eq!(release.version().parse(), Ok(*release));
            assert_eq!(release.kserve().is_some(), *release >= KubeflowRelease::V1_8_0, "{release}");
        }
        assert!(all.is_sorted_by_key(|release| release.kserve()));
        assert_eq!(all.last(), Some(&KubeflowRelease::latest()));
    }

    #[rstest]
    #[case(Release::V0_11_0, None)]
    #[case(Release::V0_12_1, Some("1.8.1"))]
    #[case(Release::V0_14_0, Some("1.9.1"))]
    #[case(Release::V0_15_1, Some("1.10.2"))]
    #[case(Release::V0_20_0, Some("26.03"))]
    fn around_a_kserve_release(#[case] kserve: Release, #[case] kubeflow: Option<&str>) {
        assert_eq!(KubeflowRelease::around(kserve).map(KubeflowRelease::version), kubeflow);
    }

    #[rstest]
    #[case("1.9.2", "1.9.1")]
    #[case("1.12", "1.11.0")]
    #[case("26.09", "26.03")]
    fn an_unknown_release_suggests_the_nearest(#[case] given: &str, #[case] suggested: &str) {
        let error = KubeflowRelease::from_str(given).expect_err("not a release");
        assert_eq!(error.nearest.map(KubeflowRelease::version), Some(suggested));
        assert!(error.to_string().contains(&format!("did you mean {suggested}?")), "{error}");
    }
}
