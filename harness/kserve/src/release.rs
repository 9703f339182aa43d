//! The releases of KServe that Proofmark knows, and how a release is named on a command line.

use std::cmp::Reverse;
use std::fmt;
use std::str::FromStr;

macro_rules! releases {
    ($($variant:ident $version:literal $date:literal,)+) => {
        /// A published release of KServe, from v0.11.0 on. Releases are ordered by version: a release candidate comes before its
        /// release, and v0.17.1 before v0.18.0 although it was published later.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Release {
            $(#[doc = concat!("v", $version, ", published on ", $date, ".")] $variant,)+
        }

        impl Release {
            /// Every release and candidate known here, oldest version first.
            #[must_use]
            pub const fn all() -> &'static [Self] {
                &[$(Self::$variant,)+]
            }

            /// The version without a leading `v`: `0.14.1`.
            #[must_use]
            pub const fn version(self) -> &'static str {
                match self { $(Self::$variant => $version,)+ }
            }

            /// The tag in kserve/kserve: `v0.14.1`.
            #[must_use]
            pub const fn tag(self) -> &'static str {
                match self { $(Self::$variant => concat!("v", $version),)+ }
            }

            /// The day of publication in UTC, `YYYY-MM-DD`.
            #[must_use]
            pub const fn date(self) -> &'static str {
                match self { $(Self::$variant => $date,)+ }
            }
        }
    };
}

// Of the release candidates only those that behave unlike the release before or after them.
releases! {
    V0_11_0 "0.11.0" "2023-08-06",
    V0_11_1 "0.11.1" "2023-09-22",
    V0_11_2 "0.11.2" "2023-11-15",
    V0_12_0Rc0 "0.12.0-rc0" "2023-12-24",
    V0_12_0Rc1 "0.12.0-rc1" "2024-01-27",
    V0_12_0 "0.12.0" "2024-02-24",
    V0_12_1 "0.12.1" "2024-04-23",
    V0_13_0 "0.13.0" "2024-06-03",
    V0_13_1 "0.13.1" "2024-07-28",
    V0_14_0 "0.14.0" "2024-10-14",
    V0_14_1 "0.14.1" "2024-12-24",
    V0_15_0Rc0 "0.15.0-rc0" "2025-01-27",
    V0_15_0Rc1 "0.15.0-rc1" "2025-03-07",
    V0_15_0 "0.15.0" "2025-03-31",
    V0_15_1 "0.15.1" "2025-05-15",
    V0_15_2 "0.15.2" "2025-05-27",
    V0_16_0 "0.16.0" "2025-11-02",
    V0_17_0 "0.17.0" "2026-03-13",
    V0_17_1 "0.17.1" "2026-05-21",
    V0_18_0 "0.18.0" "2026-04-29",
    V0_18_1 "0.18.1" "2026-07-14",
    V0_19_0 "0.19.0" "2026-06-12",
    V0_20_0 "0.20.0" "2026-08-06",
}

impl Release {
    /// The newest release, by version.
    #[must_use]
    pub const fn latest() -> Self {
        Self::V0_20_0
    }

    /// What a run over "all releases" covers: every release with its patch releases, without candidates. Oldest version first.
    pub fn matrix() -> impl DoubleEndedIterator<Item = Self> {
        Self::all().iter().copied().filter(|release| !release.is_candidate())
    }

    /// Whether this is a release candidate.
    #[must_use]
    pub fn is_candidate(self) -> bool {
        self.version().contains("-rc")
    }
}

impl fmt::Display for Release {
    /// The version without `v`; [`Release::tag`] has the other spelling.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.version())
    }
}

/// A version that names no known release.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown KServe release `{given}`{}; known are {}", hint(*.nearest), list())]
pub struct UnknownRelease {
    /// What was given, as it was given.
    pub given: String,
    /// The known release that is closest by number, if anything in `given` was a number.
    pub nearest: Option<Release>,
}

fn hint(nearest: Option<Release>) -> String {
    nearest.map(|release| format!(", did you mean {release}?")).unwrap_or_default()
}

fn list() -> String {
    Release::all().iter().map(|release| release.version()).collect::<Vec<_>>().join(", ")
}

impl FromStr for Release {
    type Err = UnknownRelease;

    /// Takes `0.14.1` and `v0.14.1`.
    fn from_str(given: &str) -> Result<Self, Self::Err> {
        let version = given.strip_prefix('v').unwrap_or(given);
        Self::all().iter().copied().find(|release| release.version() == version).ok_or_else(|| UnknownRelease {
            given: given.to_owned(),
            nearest: nearest(given, Self::all(), |release| release.version()),
        })
    }
}

/// The known release whose version is closest to `given`, compared number by number from the left; of two that are equally close the
/// newer, i.e. the later one in `known`. `None` if `given` does not contain a number.
pub fn nearest<R: Copy>(given: &str, known: &[R], version: impl Fn(R) -> &'static str) -> Option<R> {
    let wanted = numbers(given);
    if wanted.is_empty() {
        return None;
    }
    let distance = |release: R| {
        let there = numbers(version(release));
        let at = |numbers: &[u32], place: usize| numbers.get(place).copied().unwrap_or(0);
        (0..wanted.len().max(there.len()))
            .map(|place| at(&wanted, place).abs_diff(at(&there, place)))
            .collect::<Vec<_>>()
    };
    known.iter().copied().max_by_key(|release| Reverse(distance(*release)))
}

fn numbers(text: &str) -> Vec<u32> {
    text.split(|c: char| !c.is_ascii_digit()).filter_map(|digits| digits.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[test]
    fn versions_ascend_and_read_back() {
        for release in Release::all() {
            assert_eq!(release.version().parse(), Ok(*release));
            assert_eq!(release.tag().parse(), Ok(*release));
            let shape: Vec<_> = release.date().split('-').map(str::len).collect();
            assert_eq!(shape, [4, 2, 2], "{release}");
        }
        let order = |release: &Release| {
            let numbers = numbers(release.version());
            (numbers[..3].to_vec(), !release.is_candidate(), numbers)
        };
        assert!(Release::all().is_sorted_by(|a, b| order(a) < order(b)));
    }

    #[test]
    fn the_matrix_has_patch_releases_but_no_candidates() {
        let matrix: Vec<_> = Release::matrix().map(Release::version).collect();
        assert_eq!(matrix.len(), 19);
        assert!(matrix.contains(&"0.15.1") && !matrix.iter().any(|version| version.contains("rc")));
        assert_eq!(Release::matrix().next_back(), Some(Release::latest()));
    }

    #[rstest]
    #[case("0.14.7", Some("0.14.1"))]
    #[case("0.14", Some("0.14.0"))]
    #[case("v0.21.0", Some("0.20.0"))]
    #[case("0.10.2", Some("0.11.2"))]
    #[case("0.16.1", Some("0.16.0"))]
    #[case("0.15.0-rc4", Some("0.15.0-rc1"))]
    #[case("latest", None)]
    #[case("", None)]
    #[case("99999999999999999999", None)]
    fn an_unknown_release_suggests_the_nearest(#[case] given: &str, #[case] suggested: Option<&str>) {
        let error = Release::from_str(given).expect_err("not a release");
        assert_eq!(error.nearest.map(Release::version), suggested);
        assert_eq!(error.to_string().contains("did you mean"), suggested.is_some());
        assert!(error.to_string().ends_with("0.19.0, 0.20.0"), "{error}");
    }
}
