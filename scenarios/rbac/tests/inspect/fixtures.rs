//! Every release, by its fixtures: the failures that it is known to have, and no other.

use std::collections::BTreeSet;

use proofmark_json::Value;
use proofmark_kserve::{Flavor, Release, access, install};
use proofmark_kubeflow::KubeflowRelease;
use proofmark_manifests::Source;

use crate::support::{findings, read, short, told};

/// Objects as somebody would pipe them in.
fn piped(objects: &[Value]) -> Source {
    Source::Stdin(objects.iter().map(|object| format!("---\n{object}\n")).collect())
}

#[test]
fn each_release_has_its_own_failures() {
    let mut before = None;
    let mut history = String::new();
    for release in Release::all() {
        let alone = findings(&read(&[piped(&install::objects(*release, Flavor::Kubeflow))]));
        let now = short(&alone);
        if before.as_ref() != Some(&now) {
            history.push_str(&format!(
                "from {release}:\n  {}\n",
                if now.is_empty() { "nothing".into() } else { now.join("\n  ") }
            ));
        }
        // What the fixtures themselves say, computed another way.
        let forgotten = |role| access::forgotten(*release, role).into_iter();
        let expected: BTreeSet<String> =
            forgotten(access::UserRole::Edit).chain(forgotten(access::UserRole::View)).collect();
        let found: BTreeSet<String> = alone
            .iter()
            .filter_map(|finding| {
                finding.missing.as_ref()?.resource.strip_suffix(".serving.kserve.io").map(str::to_owned)
            })
            .collect();
        assert_eq!(found, expected, "{release}");
        before = Some(now);
    }
    insta::assert_snapshot!("history", history);
}

#[test]
fn kubeflows_own_roles_change_nothing() {
    for kubeflow in KubeflowRelease::all() {
        let alone = findings(&read(&[piped(&proofmark_kubeflow::install::objects(*kubeflow))]));
        assert_eq!(short(&alone), Vec::<String>::new(), "{kubeflow}");
        let Some(kserve) = kubeflow.kserve() else { continue };
        let with = |objects: &[Value]| short(&findings(&read(&[piped(objects)])));
        let (both, own) =
            (proofmark_kubeflow::install::with_kserve(*kubeflow, kserve), install::objects(kserve, Flavor::Kubeflow));
        assert_eq!(with(&both), with(&own), "{kubeflow}");
    }
}

#[test]
fn a_misspelt_name_is_pointed_at() {
    let objects = install::objects(Release::V0_16_0, Flavor::Kubeflow);
    insta::assert_snapshot!("misspelt", told(&findings(&read(&[piped(&objects)])), "".as_ref()));
}
