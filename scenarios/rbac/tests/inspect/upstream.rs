//! Real distributions, where they are at hand (`PROOFMARK_SHARED`): what is found is what their release is known to have, and nothing else.

use std::path::{Path, PathBuf};

use proofmark_manifests::{Source, load};
use rstest::rstest;

use crate::support::{findings, read, short, told};

/// The parts of Kubeflow that users meet, as this distribution files them.
const KUBEFLOW_1_9_1: [&str; 5] = [
    "kubeflow/v1.9.1/common/kubeflow-roles",
    "kubeflow/v1.9.1/common/knative",
    "kubeflow/v1.9.1/common/istio-1-22/istio-crds",
    "kubeflow/v1.9.1/common/istio-1-22/kubeflow-istio-resources",
    "kubeflow/v1.9.1/apps",
];

#[rstest]
#[case::kserve_0_13_0("kserve-0.13.0", &["kserve/v0.13.0/config/crd/full", "kserve/v0.13.0/config/overlays/kubeflow/cluster-role.yaml"])]
#[case::kserve_0_13_0_minimal("kserve-0.13.0", &["kserve/v0.13.0/config/crd/minimal", "kserve/v0.13.0/config/overlays/kubeflow/cluster-role.yaml"])]
#[case::kserve_0_13_0_both("kserve-0.13.0", &[
    "kserve/v0.13.0/config/crd/minimal", "kserve/v0.13.0/config/crd/full", "kserve/v0.13.0/config/overlays/kubeflow/cluster-role.yaml",
])]
#[case::kserve_0_13_0_upside_down("kserve-0.13.0", &["kserve/v0.13.0/config/overlays/kubeflow/cluster-role.yaml", "kserve/v0.13.0/config/crd"])]
#[case::kubeflow_1_9_1("kubeflow-1.9.1", &["kubeflow/v1.9.1/contrib"])]
#[case::kubeflow_1_9_1_as_named("kubeflow-1.9.1", &["kubeflow/v1.9.1/contrib/kserve/kserve"])]
fn what_is_missing_is_found(#[case] name: &str, #[case] folders: &[&str]) {
    let Some(root) = upstream() else { return };
    insta::assert_snapshot!(name, told(&findings(&read(&sources(&root, folders))), &root));
    let with_kubeflow = [&KUBEFLOW_1_9_1, folders].concat();
    insta::assert_snapshot!(name, told(&findings(&read(&sources(&root, &with_kubeflow))), &root));
}

#[rstest]
#[case::kubeflow_1_10_2(&["kubeflow/v1.10.2"])]
#[case::kserve_0_15_2(&["kserve/v0.15.2/config/crd", "kserve/v0.15.2/config/overlays/kubeflow/cluster-role.yaml"])]
#[case::upgraded(&["kubeflow/v1.10.2", "kserve/v0.15.2/config/crd/full", "kserve/v0.15.2/config/overlays/kubeflow/cluster-role.yaml"])]
#[case::newer_roles_on_older_kinds(&["kserve/v0.13.0/config/crd", "kserve/v0.15.2/config/overlays/kubeflow/cluster-role.yaml"])]
#[case::no_kserve(&KUBEFLOW_1_9_1)]
#[case::kinds_alone(&["kserve/v0.13.0/config/crd"])]
#[case::roles_alone(&["kserve/v0.13.0/config/overlays/kubeflow/cluster-role.yaml"])]
#[case::controllers(&["kserve/v0.13.0/config/crd", "kserve/v0.13.0/config/rbac"])]
#[case::controllers(&["kserve/v0.15.2/config/crd", "kserve/v0.15.2/config/rbac"])]
fn where_nothing_is_missing_nothing_is_found(#[case] folders: &[&str]) {
    let Some(root) = upstream() else { return };
    assert_eq!(short(&findings(&read(&sources(&root, folders)))), Vec::<String>::new());
}

/// Every release of every distribution, whole: what its copy here lacks is told and passed over.
#[test]
fn no_release_shows_anything_else() {
    let Some(root) = upstream() else { return };
    let mut told = 0;
    for family in ["kserve", "kubeflow", "kubeflow-profile-controller"] {
        for release in std::fs::read_dir(root.join(family)).into_iter().flatten().flatten() {
            let folder = release.path();
            let set = load(&[Source::Path(folder.clone())]).unwrap_or_else(|e| panic!("{}: {e:#?}", folder.display()));
            let found = short(&findings(&set));
            let affected = folder.ends_with("kserve/v0.13.0") || folder.ends_with("kubeflow/v1.9.1");
            assert_eq!(found.len(), if affected { 4 } else { 0 }, "{}: {found:#?}", folder.display());
            told += 1;
        }
    }
    assert!(told >= 5, "{told} releases");
}

fn sources(root: &Path, folders: &[&str]) -> Vec<Source> {
    folders.iter().map(|folder| Source::Path(root.join(folder))).collect()
}

/// The folder of real distributions; none, said aloud, when it is not there. With `CI` set that is a failure.
#[expect(clippy::disallowed_methods, reason = "a test finds data beside the repository by environment variable")]
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn upstream() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let upstream = std::env::var("PROOFMARK_SHARED").map_or_else(|_| beside(), PathBuf::from).join("upstream");
    if let Ok(whole) = upstream.canonicalize() {
        return Some(whole);
    }
    assert!(std::env::var("CI").is_err(), "no distributions at {}", upstream.display());
    eprintln!("skipped: no distributions at {}", upstream.display());
    None
}
