//! A scenario: the story of one documented failure, and the steps that show it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use proofmark_env::Plan;
use serde::{Deserialize, Serialize};

use crate::{Affected, Expected, Inspector, Level, Profile, Severity, Step, Target};

/// Where to read more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Link {
    /// For instance `kserve/kserve#4224`.
    pub title: String,
    /// The address.
    pub url: String,
}

impl Link {
    /// An issue on GitHub.
    pub fn issue(repository: &str, number: u32) -> Self {
        Self::github(repository, "issues", number)
    }

    /// A pull request on GitHub.
    pub fn pull(repository: &str, number: u32) -> Self {
        Self::github(repository, "pull", number)
    }

    fn github(repository: &str, kind: &str, number: u32) -> Self {
        Self {
            title: format!("{repository}#{number}"),
            url: format!("https://github.com/{repository}/{kind}/{number}"),
        }
    }
}

/// One way to fix the failure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Variant {
    /// Stands after the scenario's id: `trainedmodel-403/own-role`.
    pub id: String,
    /// What is done.
    pub title: String,
}

/// What is known about a failure: all of a scenario that can be read without playing it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct About {
    /// Lower case, with hyphens: `trainedmodel-403`.
    pub id: String,
    /// One line.
    pub title: String,
    /// The family of failures it belongs to: `rbac`.
    pub family: String,
    /// One sentence.
    pub summary: String,
    /// What a user does, and sees.
    pub story: String,
    /// Why it happens.
    pub cause: String,
    /// What mends it.
    pub fix: String,
    /// Upstream issues and pull requests.
    pub links: Vec<Link>,
    /// The releases that have it, in words.
    pub affected: String,
    /// The conformance profiles that it counts for, and how much in each.
    pub profiles: BTreeMap<Profile, Level>,
    /// The ways to fix it; empty when there is one and it needs no name.
    pub variants: Vec<Variant>,
}

/// The five phases of a scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Phase {
    /// The fixtures of the affected release.
    Arrange,
    /// The documented failure appears, to the letter.
    Reproduce,
    /// What the fix is, as a user would apply it.
    Fix,
    /// The failure is gone.
    Verify,
    /// Nothing more was opened than the fix needs.
    Guard,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Arrange => "arrange",
            Self::Reproduce => "reproduce",
            Self::Fix => "fix",
            Self::Verify => "verify",
            Self::Guard => "guard",
        })
    }
}

type Planner = Arc<dyn Fn(&Target) -> Plan + Send + Sync>;
type Script = Arc<dyn Fn(&Target) -> Vec<Step> + Send + Sync>;

/// A documented failure, ready to be played. Each phase is a list of steps, made for the target at hand.
#[derive(Clone)]
pub struct Scenario {
    about: About,
    affected: Affected,
    planner: Planner,
    scripts: [Script; 5],
    fixes: Vec<Script>,
    inspector: Option<Arc<dyn Inspector>>,
}

/// Tells the story.
impl Scenario {
    /// A scenario without a story yet, whose failure occurs on the targets that `affected` names.
    pub fn new(id: impl Into<String>, title: impl Into<String>, affected: Affected) -> Self {
        let nothing: Script = Arc::new(|_| Vec::new());
        let about = About {
            id: id.into(),
            title: title.into(),
            family: String::new(),
            summary: String::new(),
            story: String::new(),
            cause: String::new(),
            fix: String::new(),
            links: Vec::new(),
            affected: affected.words.clone(),
            profiles: BTreeMap::new(),
            variants: Vec::new(),
        };
        let planner: Planner = Arc::new(|target| target.plan.clone());
        let scripts = std::array::from_fn(|_| nothing.clone());
        Self { about, affected, planner, scripts, fixes: Vec::new(), inspector: None }
    }

    /// The same story under another id.
    #[must_use]
    pub fn named(mut self, id: impl Into<String>) -> Self {
        self.about.id = id.into();
        self
    }

    /// The family of failures it belongs to.
    #[must_use]
    pub fn family(mut self, family: impl Into<String>) -> Self {
        self.about.family = family.into();
        self
    }

    /// One sentence.
    #[must_use]
    pub fn summary(mut self, summary: impl Into<String>) -> Self {
        self.about.summary = summary.into();
        self
    }

    /// What a user does, and sees.
    #[must_use]
    pub fn story(mut self, story: impl Into<String>) -> Self {
        self.about.story = story.into();
        self
    }

    /// Why it happens.
    #[must_use]
    pub fn cause(mut self, cause: impl Into<String>) -> Self {
        self.about.cause = cause.into();
        self
    }

    /// What mends it.
    #[must_use]
    pub fn remedy(mut self, fix: impl Into<String>) -> Self {
        self.about.fix = fix.into();
        self
    }

    /// An upstream issue or pull request.
    #[must_use]
    pub fn link(mut self, link: Link) -> Self {
        self.about.links.push(link);
        self
    }

    /// A conformance profile that it counts for, and how much it does there; may be said of several. Profiles that build on this one require it, unless
    /// something else is said of them.
    #[must_use]
    pub fn profile(mut self, profile: Profile, level: Level) -> Self {
        self.about.profiles.insert(profile, level);
        for further in Profile::ALL.into_iter().filter(|further| further.base() == Some(profile)) {
            self.about.profiles.entry(further).or_insert(Level::Core);
        }
        self
    }

    /// What the universe holds that it is played in, where that is not just what the target holds.
    #[must_use]
    pub fn universe(mut self, plan: impl Fn(&Target) -> Plan + Send + Sync + 'static) -> Self {
        self.planner = Arc::new(plan);
        self
    }

    /// The fixtures of the affected release.
    #[must_use]
    pub fn arrange(self, steps: impl Fn(&Target) -> Vec<Step> + Send + Sync + 'static) -> Self {
        self.script(Phase::Arrange, steps)
    }

    /// The documented failure, to the letter. Every step is a symptom that must be missing on releases without the failure, except those
    /// marked [`Step::either_way`].
    #[must_use]
    pub fn reproduce(self, steps: impl Fn(&Target) -> Vec<Step> + Send + Sync + 'static) -> Self {
        self.script(Phase::Reproduce, steps)
    }

    /// The fix, as a user would apply it, where there is one way.
    #[must_use]
    pub fn fix(self, steps: impl Fn(&Target) -> Vec<Step> + Send + Sync + 'static) -> Self {
        self.script(Phase::Fix, steps)
    }

    /// One of several ways to fix it; each is played in a universe of its own.
    #[must_use]
    pub fn fix_variant(
        mut self,
        id: impl Into<String>,
        title: impl Into<String>,
        steps: impl Fn(&Target) -> Vec<Step> + Send + Sync + 'static,
    ) -> Self {
        self.about.variants.push(Variant { id: id.into(), title: title.into() });
        self.fixes.push(Arc::new(steps));
        self
    }

    /// The failure is gone.
    #[must_use]
    pub fn verify(self, steps: impl Fn(&Target) -> Vec<Step> + Send + Sync + 'static) -> Self {
        self.script(Phase::Verify, steps)
    }

    /// Nothing more was opened than the fix needs.
    #[must_use]
    pub fn guard(self, steps: impl Fn(&Target) -> Vec<Step> + Send + Sync + 'static) -> Self {
        self.script(Phase::Guard, steps)
    }

    /// How its failure is found in manifests.
    #[must_use]
    pub fn inspected_by(mut self, inspector: impl Inspector + 'static) -> Self {
        self.inspector = Some(Arc::new(inspector));
        self
    }

    fn script(mut self, phase: Phase, steps: impl Fn(&Target) -> Vec<Step> + Send + Sync + 'static) -> Self {
        self.scripts[phase as usize] = Arc::new(steps);
        self
    }
}

/// What can be read of it.
impl Scenario {
    /// What is known about the failure.
    pub fn about(&self) -> &About {
        &self.about
    }

    /// What it should find on a target. Of a release that is known; of a distribution's manifests its inspector says.
    pub fn expected(&self, target: &Target) -> Expected {
        match (&target.manifests, &self.inspector) {
            (None, _) => self.affected.expects(target),
            (Some(manifests), Some(inspector)) => {
                if let Err(reason) = inspector.applies(manifests) {
                    return Expected::NotApplicable { reason };
                }
                let found = inspector.inspect(manifests);
                if found.iter().any(|finding| finding.severity == Severity::Error) {
                    Expected::Reproduces
                } else {
                    Expected::Absent
                }
            }
            (Some(_), None) => Expected::NotApplicable { reason: "cannot be told from manifests".to_owned() },
        }
    }

    /// How its failure is found in manifests, if it can be.
    pub fn inspector(&self) -> Option<&dyn Inspector> {
        self.inspector.as_deref()
    }

    /// The same scenario with one way to fix it only; none if there is no such variant.
    #[must_use]
    pub fn only_variant(mut self, id: &str) -> Option<Self> {
        let index = self.about.variants.iter().position(|variant| variant.id == id)?;
        self.about.variants = vec![self.about.variants.swap_remove(index)];
        self.fixes = vec![self.fixes.swap_remove(index)];
        Some(self)
    }

    /// What the universe for a target holds.
    pub fn plan(&self, target: &Target) -> Plan {
        (self.planner)(target)
    }

    /// The steps of a phase on a target; `variant` chooses among the fixes.
    pub(crate) fn steps(&self, phase: Phase, variant: Option<usize>, target: &Target) -> Vec<Step> {
        let script = match (phase, variant.and_then(|index| self.fixes.get(index))) {
            (Phase::Fix, Some(fix)) => fix,
            _ => &self.scripts[phase as usize],
        };
        script(target)
    }
}
