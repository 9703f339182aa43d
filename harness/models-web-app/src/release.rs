//! The releases, and everything in which they differ.

use std::fmt;
use std::str::FromStr;

/// Whose behaviour is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Release {
    /// v0.14.0, which Kubeflow 1.10 ships; the routes of v0.13.0-rc.0 (Kubeflow 1.9), and `/metrics`.
    V0_14_0,
    /// v1.0.1, the newest.
    V1_0_1,
    /// Every route of the newest one, without the flaws of either.
    #[default]
    Proofmark,
}

/// No such release.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown release of the Models Web App: {0}; there are 0.14.0, 1.0.1 and proofmark")]
pub struct UnknownRelease(String);

impl Release {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::V0_14_0, Self::V1_0_1, Self::Proofmark];

    /// Its name on the command line: the tag without `v`.
    pub fn name(self) -> &'static str {
        match self {
            Self::V0_14_0 => "0.14.0",
            Self::V1_0_1 => "1.0.1",
            Self::Proofmark => "proofmark",
        }
    }

    pub(crate) fn behaviour(self) -> &'static Behaviour {
        match self {
            Self::V0_14_0 => &Behaviour {
                parts: &[],
                open_metrics: false,
                user_prefix: ":",
                agent: "OpenAPI-Generator/22.6.0/python",
                flaws: RELEASED,
            },
            Self::V1_0_1 => &Behaviour {
                parts: &ALL_PARTS,
                open_metrics: true,
                user_prefix: ":",
                agent: "OpenAPI-Generator/34.1.0/python",
                flaws: RELEASED,
            },
            Self::Proofmark => &Behaviour {
                parts: &ALL_PARTS,
                open_metrics: true,
                user_prefix: "",
                agent: "models-web-app",
                flaws: NONE,
            },
        }
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Release {
    type Err = UnknownRelease;

    fn from_str(text: &str) -> Result<Self, UnknownRelease> {
        let name = text.strip_prefix('v').unwrap_or(text);
        Self::ALL.into_iter().find(|release| release.name() == name).ok_or_else(|| UnknownRelease(text.to_owned()))
    }
}

/// What a release does differently from another.
#[derive(Debug)]
pub(crate) struct Behaviour {
    /// What it has beside the routes that every release has.
    pub(crate) parts: &'static [Part],
    /// Whether `/metrics` needs no user (since v0.16.0).
    pub(crate) open_metrics: bool,
    /// `USERID_PREFIX` where it is not set.
    pub(crate) user_prefix: &'static str,
    /// What it says to the API server that it is; the first word goes into `managedFields`.
    pub(crate) agent: &'static str,
    pub(crate) flaws: Flaws,
}

impl Behaviour {
    pub(crate) fn has(&self, part: Part) -> bool {
        self.parts.contains(&part)
    }
}

/// Something that a later release added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// PUT of InferenceServices, `deploymentMode` in a single one, `/api/config`, Deployments, Services, autoscalers, ModelMesh (v0.15.0).
    /// Until then (and in v0.15 still) `?logs=true` gives logs.
    Children,
    /// InferenceGraphs, containers of components and their logs, `/api/config/namespaces` (v0.16.0).
    Graphs,
    /// Several documents in one request (v0.18.0).
    Resources,
    /// Server-sent events (v1.0.0).
    Streams,
}

const ALL_PARTS: [Part; 4] = [Part::Children, Part::Graphs, Part::Resources, Part::Streams];

/// What is wrong with the released backends. All of them have all of these.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Flaws {
    /// `.` and `..` as names are dropped from the path of the call, so that one object's rights serve for the collection.
    pub(crate) dots_collapse: bool,
    /// The API group in which rights on namespaces are asked for; theirs has no such name.
    pub(crate) namespaces_group: &'static str,
    /// Objects of the core group are looked for below `/apis//v1`.
    pub(crate) core_path_broken: bool,
    /// Whatever goes wrong at `/api/config/namespaces` is told as 500 without a reason.
    pub(crate) namespace_errors_hidden: bool,
    /// A service that is not in the mode that a route is about gives 500 instead of 400.
    pub(crate) other_mode_crashes: bool,
    /// One pod without labels, and logs cannot be read in the whole namespace.
    pub(crate) unlabelled_pods_crash: bool,
    /// A log that is one JSON value comes back as Python prints it.
    pub(crate) logs_are_parsed: bool,
    /// Pods outside of Knative are looked for by a label that KServe has not set since 0.7, and only in services that annotations call so.
    pub(crate) old_labels_only: bool,
    /// A service without status or annotations gives 500 where logs are asked for.
    pub(crate) unready_crashes: bool,
    /// Bodies that are JSON but no object, or hold what is no object, give 500 or reach the API server.
    pub(crate) odd_bodies_crash: bool,
    /// Everything but `application/json` is refused: a charset beside it, and YAML.
    pub(crate) exact_content_type: bool,
    /// Of several documents, the refused one is told without the API server's words.
    pub(crate) reasons_lost: bool,
    /// Rights to create are asked for twice.
    pub(crate) reviews_twice: bool,
    /// Unknown paths below `/api` answer the index page.
    pub(crate) page_for_everything: bool,
    /// `USERID_PREFIX` is deleted wherever it occurs in the user's name.
    pub(crate) prefix_anywhere: bool,
    /// An empty user is a user, and an empty token against forged requests a token.
    pub(crate) empty_is_something: bool,
    /// The index page loses what follows the base element on the same line.
    pub(crate) base_is_greedy: bool,
    /// Names go into field selectors as they are.
    pub(crate) selectors_unescaped: bool,
    /// An API server that cannot be reached is told as a mistake of the backend's own.
    pub(crate) outages_hidden: bool,
}

const RELEASED: Flaws = Flaws {
    dots_collapse: true,
    namespaces_group: "core",
    core_path_broken: true,
    namespace_errors_hidden: true,
    other_mode_crashes: true,
    unlabelled_pods_crash: true,
    logs_are_parsed: true,
    old_labels_only: true,
    unready_crashes: true,
    odd_bodies_crash: true,
    exact_content_type: true,
    reasons_lost: true,
    reviews_twice: true,
    page_for_everything: true,
    prefix_anywhere: true,
    empty_is_something: true,
    base_is_greedy: true,
    selectors_unescaped: true,
    outages_hidden: true,
};

const NONE: Flaws = Flaws {
    dots_collapse: false,
    namespaces_group: "",
    core_path_broken: false,
    namespace_errors_hidden: false,
    other_mode_crashes: false,
    unlabelled_pods_crash: false,
    logs_are_parsed: false,
    old_labels_only: false,
    unready_crashes: false,
    odd_bodies_crash: false,
    exact_content_type: false,
    reasons_lost: false,
    reviews_twice: false,
    page_for_everything: false,
    prefix_anywhere: false,
    empty_is_something: false,
    base_is_greedy: false,
    selectors_unescaped: false,
    outages_hidden: false,
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_with_and_without_v() {
        for release in Release::ALL {
            assert_eq!(release.name().parse(), Ok(release));
        }
        assert_eq!("v1.0.1".parse(), Ok(Release::V1_0_1));
        assert!("1.0".parse::<Release>().is_err());
    }
}
