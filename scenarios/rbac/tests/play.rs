//! The whole matrix, played in this process.

use proofmark_json::{Value, json};
use proofmark_kserve::{Flavor, Release};
use proofmark_kubeflow::KubeflowRelease;
use proofmark_manifests::{Source, load};
use proofmark_replay::{Expected, Scenario, Target, Verdict};
use proofmark_scenarios_rbac::scenarios;
use proofmark_scenarios_trial::{grid, play};

#[test]
fn every_release_has_what_it_is_known_to_have() {
    let result = play(&scenarios(), Release::all().iter().copied().map(Target::kserve));
    insta::assert_snapshot!("releases", grid(&result));
}

/// The releases of the distribution around which something changes.
#[test]
fn distributions_have_what_their_kserve_has() {
    use KubeflowRelease as Kubeflow;
    let targets = [Kubeflow::V1_7_0, Kubeflow::V1_10_0, Kubeflow::V1_10_1, Kubeflow::V26_03].map(Target::kubeflow);
    let result = play(&scenarios(), targets);
    insta::assert_snapshot!("distributions", grid(&result));
}

/// Who does what, and what comes of it, line by line.
#[test]
fn the_story_of_4224() {
    let told: Vec<_> = scenarios().into_iter().filter(|scenario| scenario.about().id == "trainedmodel-403").collect();
    let result = play(&told, [Target::kserve(Release::V0_14_1)]);
    let mut lines = String::new();
    for case in &result.cases {
        lines.push_str(&format!("# {}\n", case.case.name()));
        for phase in &case.phases {
            lines.push_str(&format!("{}\n", phase.phase));
            for step in &phase.steps {
                lines.push_str(&format!(
                    "  {}: {}\n",
                    step.title,
                    step.text.as_deref().unwrap_or(&step.found).replace('\n', "\n    ")
                ));
            }
        }
    }
    insta::with_settings!({filters => vec![(r"\d+ permissions", "[n] permissions")]}, {
        insta::assert_snapshot!("story", lines);
    });
    let again = play(&told, [Target::kserve(Release::V0_14_1)]);
    assert_eq!(json!(again).to_string(), json!(result).to_string(), "one seed, one report");
}

fn manifests(objects: &[Value]) -> Target {
    let text = objects.iter().map(|object| format!("---\n{object}\n")).collect();
    Target::manifests(&["dist".to_owned()], load(&[Source::Stdin(text)]).expect("manifests"))
}

fn only(id: &str) -> Vec<Scenario> {
    scenarios().into_iter().filter(|scenario| scenario.about().id == id).collect()
}

/// KServe's overlay brings neither Profiles nor the roles that they bind.
#[rstest::rstest]
#[case::forgotten(Release::V0_13_0, "trainedmodel-403", Expected::Reproduces)]
#[case::named(Release::V0_15_2, "trainedmodel-403", Expected::Absent)]
#[case::misspelt(Release::V0_16_0, "llminferenceserviceconfig-403", Expected::Reproduces)]
#[case::always_named(Release::V0_13_0, "servingruntime-403", Expected::Absent)]
fn a_part_of_a_distribution_is_judged_alone(#[case] release: Release, #[case] id: &str, #[case] expected: Expected) {
    let result = play(&only(id), [manifests(&proofmark_kserve::install::objects(release, Flavor::Kubeflow))]);
    assert!(
        result.cases.iter().all(|case| case.case.expected == expected && case.conclusion.verdict == Verdict::Passed)
    );
}

/// A distribution whose viewers alone were forgotten: editors are not refused, and the fix opens nothing to them.
#[test]
fn viewers_alone_may_be_forgotten() {
    let mut objects = proofmark_kubeflow::install::with_kserve(KubeflowRelease::V1_9_1, Release::V0_15_2);
    let view = objects.iter_mut().find(|object| object["metadata"]["name"] == "kubeflow-kserve-view").expect("a role");
    let resources = view["rules"][0]["resources"].as_array_mut().expect("a list");
    resources.retain(|resource| resource != "trainedmodels");
    let result = play(&only("trainedmodel-403"), [manifests(&objects)]);
    assert_eq!(
        result.cases.iter().map(|case| case.case.name()).collect::<Vec<_>>(),
        ["trainedmodel-403/role", "trainedmodel-403/own-role"]
    );
}

/// A kind that no release has: the check finds it, and playing it proves the fix that the check suggests.
#[test]
fn kinds_without_a_story_can_be_played() {
    let mut objects = proofmark_kubeflow::install::with_kserve(KubeflowRelease::V1_10_2, Release::V0_15_2);
    objects.push(json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": "modelgroups.serving.kserve.io"},
        "spec": {
            "group": "serving.kserve.io", "scope": "Namespaced",
            "names": {"plural": "modelgroups", "singular": "modelgroup", "kind": "ModelGroup", "listKind": "ModelGroupList"},
            "versions": [{"name": "v1alpha1", "served": true, "storage": true,
                "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}}}],
        },
    }));
    let result = play(&only("user-kind-403"), [manifests(&objects)]);
    assert!(!result.cases.is_empty() && result.cases.iter().all(|case| case.case.expected == Expected::Reproduces));
}
