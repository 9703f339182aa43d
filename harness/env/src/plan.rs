//! What a universe shall hold.

use proofmark_json::Value;
use proofmark_kserve::extras::{self, Project};
use proofmark_kserve::{Flavor, Release, install};
use proofmark_kubeflow::KubeflowRelease;
use proofmark_nodes::process::Images;

use crate::CloudPlan;
use crate::control_plane::{POLICIES, PROFILES, defines};

/// What a universe shall hold, beside what every Kubernetes cluster has.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// This release of Kubeflow: its Profiles and the roles of its users.
    pub kubeflow: Option<KubeflowRelease>,
    /// This release of KServe. With Kubeflow it is the flavor that joins Kubeflow's roles, whether or not Kubeflow bundles it.
    pub kserve: Option<Release>,
    /// Where KServe's own control plane runs: its webhooks and controllers. Without it there are its kinds and the roles for them, and nothing that
    /// acts on objects.
    pub control_plane: Option<Flavor>,
    /// Other projects whose kinds are there for KServe to use.
    pub extras: Vec<Project>,
    /// Projects whose kinds are not there although the release's control plane needs them.
    pub without: Vec<Project>,
    /// These objects, of whatever origin, in any order.
    pub manifests: Vec<Value>,
    /// The manifests tell what the cluster has already: nothing is to be installed.
    pub installed: bool,
    /// So many nodes, with a scheduler. Without any, pods stay pending.
    pub nodes: u32,
    /// What runs in containers on these nodes.
    pub images: Images,
    /// Accounts of AWS beside the cluster.
    pub cloud: Option<CloudPlan>,
    /// Where everything random in this universe comes from.
    pub seed: u64,
}

impl Plan {
    /// KServe on the newest Kubeflow whose own KServe is not newer: where its users most likely have it.
    pub fn kserve(release: Release) -> Self {
        // What the oldest distributions bundle is older than any release known here.
        let not_newer = |kubeflow: &&KubeflowRelease| kubeflow.kserve().is_none_or(|bundled| bundled <= release);
        let kubeflow = KubeflowRelease::all().iter().rev().find(not_newer).copied();
        Self { kserve: Some(release), kubeflow, ..Self::default() }
    }

    /// Kubeflow with the KServe that it bundles, if that is known here.
    pub fn kubeflow(release: KubeflowRelease) -> Self {
        Self { kserve: release.kserve(), kubeflow: Some(release), ..Self::default() }
    }

    /// The objects of a distribution, and nothing else but what Kubeflow's Profile controller cannot do without.
    pub fn manifests(objects: Vec<Value>) -> Self {
        Self { manifests: objects, ..Self::default() }
    }

    /// Everything that is to be installed.
    pub fn objects(&self) -> Vec<Value> {
        let mut objects = self.kserve.map(|kserve| install::kinds(kserve, self.flavor())).unwrap_or_default();
        objects.extend(self.beside_kinds());
        objects
    }

    /// The same, without the schemas of KServe's kinds: for who reads names and roles, and installs nothing.
    pub fn outlines(&self) -> Vec<Value> {
        let mut objects = self.kserve.map(install::outlines).unwrap_or_default();
        objects.extend(self.beside_kinds());
        objects
    }

    /// The kinds that are to be defined.
    pub(crate) fn definitions(&self) -> Vec<Value> {
        let mut objects = if self.installed { Vec::new() } else { self.objects() };
        objects.retain(|object| object["kind"] == "CustomResourceDefinition");
        objects
    }

    /// How KServe is installed.
    pub(crate) fn flavor(&self) -> Flavor {
        self.kubeflow.map_or(Flavor::Standalone, |_| Flavor::Kubeflow)
    }

    /// The projects whose kinds are there: those that are asked for, and those that the control plane needs.
    fn projects(&self) -> Vec<Project> {
        let needed = self.control_plane.and(self.kserve).map(extras::needed_by).unwrap_or_default();
        let more = needed.iter().filter(|project| !self.extras.contains(project) && !self.without.contains(project));
        self.extras.iter().chain(more).copied().collect()
    }

    /// Everything that is to be installed beside KServe's kinds.
    pub(crate) fn beside_kinds(&self) -> Vec<Value> {
        let mut objects = self.kubeflow.map(proofmark_kubeflow::install::objects).unwrap_or_default();
        objects.extend(self.kserve.map(|kserve| install::around(kserve, self.flavor())).unwrap_or_default());
        objects.extend(extras::objects(&self.projects()));
        if let (Some(flavor), Some(kserve)) = (self.control_plane, self.kserve) {
            objects.extend(install::control_plane(kserve, flavor.namespace()));
            extras::switch_on(&self.extras, &mut objects);
        }
        objects.extend(self.manifests.iter().cloned());
        // A distribution's Profiles without its Istio, which is often filed elsewhere.
        let defined = |name: &str| objects.iter().any(|object| defines(object, name));
        if defined(PROFILES) && !defined(POLICIES) {
            let ours = proofmark_kubeflow::install::crds(KubeflowRelease::latest());
            objects.extend(ours.into_iter().filter(|object| defines(object, POLICIES)));
        }
        objects
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case(Release::V0_11_0, KubeflowRelease::V1_7_0)]
    #[case(Release::V0_12_0, KubeflowRelease::V1_8_1)]
    #[case(Release::V0_14_1, KubeflowRelease::V1_10_0)]
    #[case(Release::V0_20_0, KubeflowRelease::V26_03)]
    fn kserve_comes_on_the_kubeflow_of_its_users(#[case] kserve: Release, #[case] kubeflow: KubeflowRelease) {
        assert_eq!(Plan::kserve(kserve).kubeflow, Some(kubeflow));
    }

    #[test]
    fn what_is_asked_for_is_installed_and_nothing_else() {
        let object = proofmark_json::json!({"kind": "ConfigMap"});
        assert_eq!(Plan::manifests(vec![object.clone()]).objects(), [object]);
        assert_eq!(Plan::default().objects(), Vec::<Value>::new());
        let count = |plan: Plan| plan.objects().len();
        assert!(
            count(Plan::kubeflow(KubeflowRelease::V1_10_0))
                > count(Plan { kserve: None, ..Plan::kubeflow(KubeflowRelease::V1_10_0) })
        );
    }
}
