//! What a scenario is played against.

use std::sync::Arc;

use proofmark_env::Plan;
use proofmark_kserve::Release;
use proofmark_kubeflow::KubeflowRelease;
use proofmark_manifests::ManifestSet;
use serde::{Deserialize, Serialize};

/// One column of the matrix: a release, or a distribution's own manifests.
#[derive(Debug, Clone)]
pub struct Target {
    /// How it is called: `KServe 0.14.1`.
    pub name: String,
    /// The arguments that select it on the command line: `--kserve`, `0.14.1`.
    pub arguments: Vec<String>,
    /// What a universe for it holds.
    pub plan: Plan,
    /// What that universe is called, and what all that is random in it comes from. A release of Kubeflow and the KServe that it bundles are one universe if
    /// users of this KServe most likely have that Kubeflow.
    pub universe: String,
    /// The manifests that it was read from, if it is not a release.
    pub manifests: Option<Arc<ManifestSet>>,
}

impl Target {
    /// A release of KServe, on the Kubeflow that its users most likely have.
    pub fn kserve(release: Release) -> Self {
        Self::new(format!("KServe {release}"), &["--kserve", release.version()], Plan::kserve(release))
    }

    /// A release of Kubeflow, with the KServe that it bundles.
    pub fn kubeflow(release: KubeflowRelease) -> Self {
        let this =
            Self::new(format!("Kubeflow {release}"), &["--kubeflow", release.version()], Plan::kubeflow(release));
        this.bundled()
    }

    /// A release of KServe on a release of Kubeflow, whether or not that one bundles it.
    pub fn both(kserve: Release, kubeflow: KubeflowRelease) -> Self {
        let arguments = ["--kserve", kserve.version(), "--kubeflow", kubeflow.version()];
        let plan = Plan { kserve: Some(kserve), kubeflow: Some(kubeflow), ..Plan::default() };
        Self::new(format!("KServe {kserve} on Kubeflow {kubeflow}"), &arguments, plan).bundled()
    }

    /// Of releases that come together, whoever names them: the universe is that of the release of KServe, or else that of Kubeflow.
    fn bundled(mut self) -> Self {
        let (Some(kserve), Some(kubeflow)) = (self.plan.kserve, self.plan.kubeflow) else { return self };
        if Plan::kserve(kserve).kubeflow == Some(kubeflow) {
            self.universe = Self::kserve(kserve).universe;
        } else if kubeflow.kserve() == Some(kserve) {
            self.universe = format!("Kubeflow {kubeflow}");
        }
        self
    }

    /// A distribution, read from these paths.
    pub fn manifests(paths: &[String], manifests: ManifestSet) -> Self {
        let plan = Plan::manifests(manifests.objects.iter().map(|object| object.value.clone()).collect());
        let arguments: Vec<&str> = paths.iter().flat_map(|path| ["--manifests", path]).collect();
        Self { manifests: Some(Arc::new(manifests)), ..Self::new(paths.join(" + "), &arguments, plan) }
    }

    /// A distribution that a cluster has already, as read from it. `arguments` select the cluster.
    pub fn installed(name: impl Into<String>, arguments: &[&str], manifests: ManifestSet) -> Self {
        let objects = manifests.objects.iter().map(|object| object.value.clone()).collect();
        let plan = Plan { installed: true, ..Plan::manifests(objects) };
        Self { manifests: Some(Arc::new(manifests)), ..Self::new(name, arguments, plan) }
    }

    /// A universe of one's own.
    pub fn new(name: impl Into<String>, arguments: &[&str], plan: Plan) -> Self {
        let arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        let name = name.into();
        Self { universe: name.clone(), name, arguments, plan, manifests: None }
    }
}

/// What a scenario should find on a target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Expected {
    /// The documented failure, and that the fix mends it.
    Reproduces,
    /// No failure: what the fix brings holds without it.
    Absent,
    /// Nothing: the scenario has no meaning there.
    NotApplicable {
        /// Why not.
        reason: String,
    },
}

/// Which targets a scenario's failure occurs on: in words, and as a judgement.
///
/// The judgement is about releases. Of a distribution's own manifests nobody knows in advance; there the scenario's
/// [`Inspector`](crate::Inspector) says.
#[derive(Clone)]
pub struct Affected {
    pub(crate) words: String,
    judge: Arc<dyn Fn(&Target) -> Expected + Send + Sync>,
}

impl Affected {
    /// A judgement of one's own.
    pub fn new(words: impl Into<String>, judge: impl Fn(&Target) -> Expected + Send + Sync + 'static) -> Self {
        Self { words: words.into(), judge: Arc::new(judge) }
    }

    /// The releases of KServe for which this holds. Without a release of KServe the scenario has no meaning.
    pub fn kserve(words: impl Into<String>, affected: impl Fn(Release) -> bool + Send + Sync + 'static) -> Self {
        Self::new(words, move |target| match target.plan.kserve {
            Some(release) if affected(release) => Expected::Reproduces,
            Some(_) => Expected::Absent,
            None => Expected::NotApplicable { reason: format!("{} brings no known release of KServe", target.name) },
        })
    }

    /// What a scenario should find on a release.
    pub fn expects(&self, target: &Target) -> Expected {
        (self.judge)(target)
    }
}
