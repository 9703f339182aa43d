//! Scenarios that read manifests.

use crate::support::{World, always, by_manifests, sound};
use proofmark_kserve::Release;
use proofmark_kubeflow::KubeflowRelease;
use proofmark_manifests::{ManifestSet, Source, load};
use proofmark_replay::{
    Affected, Bottom, Event, Expected, Finding, Location, Runner, Severity, Target, Verdict, check,
};

/// Finds every object of kind Bug.
fn bugs(manifests: &ManifestSet) -> Vec<Finding> {
    let bugs = manifests.objects.iter().filter(|object| object.value["kind"] == "Bug");
    let finding = |object: &proofmark_manifests::Object| Finding {
        id: "bug".into(),
        scenario: "model-403".into(),
        severity: Severity::Error,
        message: format!("there is bug {}", object.value["metadata"]["name"]),
        location: Some(Location::from(&object.position_of("/kind"))),
        missing: None,
        help: "Remove it.".into(),
        links: vec![],
    };
    let mut found: Vec<_> = bugs.map(finding).collect();
    found.reverse();
    found
}

fn manifests(text: &str) -> ManifestSet {
    load(&[Source::Stdin(text.to_owned())]).unwrap()
}

const BUGS: &str =
    "apiVersion: v1\nkind: Bug\nmetadata: {name: a}\n---\napiVersion: v1\nkind: Bug\nmetadata: {name: b}\n";
const NO_BUGS: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";

#[test]
fn findings_come_by_scenario_and_place_and_panics_are_inner_errors() {
    let scenarios = [
        sound(by_manifests()).named("reads").inspected_by(bugs),
        sound(by_manifests()).named("cannot-read"),
        sound(by_manifests()).named("breaks").inspected_by(|_: &ManifestSet| panic!("off the rails")),
    ];
    let mut told = Vec::new();
    let result = check(&scenarios, &manifests(BUGS), &mut |event: &Event| {
        told.push(event.clone());
        Ok(())
    })
    .unwrap();
    let places: Vec<_> =
        result.inspections[0].findings.iter().filter_map(|f| f.location.as_ref()).map(|l| (l.line, l.column)).collect();
    assert_eq!(places, [(2, 1), (6, 1)]);
    assert_eq!(result.inspections[1].inner_error.as_deref(), Some("panic: off the rails"));
    assert_eq!(result.inspections.len(), 2, "who cannot read says nothing");
    assert_eq!((result.totals().errors, result.bottom()), (2, Bottom::InnerError));
    assert_eq!(told.len(), 4);

    let clean = check(&scenarios[..1], &manifests(NO_BUGS), &mut |_: &Event| Ok(())).unwrap();
    assert_eq!(clean.bottom(), Bottom::AsExpected);
}

#[test]
fn what_manifests_should_show_is_read_from_them() {
    let scenario = sound(always(Expected::NotApplicable { reason: "not asked".into() })).only_variant("role").unwrap();
    let target = |text| Target::manifests(&["dist".to_owned()], manifests(text));
    assert_eq!(scenario.clone().inspected_by(bugs).expected(&target(BUGS)), Expected::Reproduces);
    assert_eq!(scenario.clone().inspected_by(bugs).expected(&target(NO_BUGS)), Expected::Absent);
    assert!(matches!(scenario.expected(&target(BUGS)), Expected::NotApplicable { .. }));

    let played =
        Runner::new(&World).run(&[scenario.inspected_by(bugs)], &[target(BUGS)], &mut |_: &Event| Ok(())).unwrap();
    let case = &played.cases[0];
    assert_eq!(case.conclusion.verdict, Verdict::Passed, "{:?}", case.conclusion);
    assert_eq!(case.case.rerun, "proofmark run model-403/role --manifests dist --seed 0");
}

#[test]
fn releases_are_judged_by_number() {
    let affected = Affected::kserve("KServe up to 0.14.1", |release| release <= Release::V0_14_1);
    let scenario = sound(affected);
    let table = [
        (Target::kserve(Release::V0_14_1), Expected::Reproduces),
        (Target::kserve(Release::V0_15_0Rc0), Expected::Absent),
        (Target::kubeflow(KubeflowRelease::V1_10_0), Expected::Reproduces),
        (Target::kubeflow(KubeflowRelease::V1_10_1), Expected::Absent),
        (Target::both(Release::V0_20_0, KubeflowRelease::V1_9_0), Expected::Absent),
    ];
    for (target, expected) in table {
        assert_eq!(scenario.expected(&target), expected, "{}", target.name);
    }
    let old = scenario.expected(&Target::kubeflow(KubeflowRelease::V1_5_0));
    assert_eq!(old, Expected::NotApplicable { reason: "Kubeflow 1.5.0 brings no known release of KServe".into() });
}

#[test]
fn targets_name_their_arguments() {
    let arguments = |target: Target| target.arguments.join(" ");
    assert_eq!(arguments(Target::both(Release::V0_14_1, KubeflowRelease::V1_9_1)), "--kserve 0.14.1 --kubeflow 1.9.1");
    assert_eq!(
        arguments(Target::manifests(&["a".into(), "b".into()], manifests(NO_BUGS))),
        "--manifests a --manifests b"
    );
    assert!(!Target::kserve(Release::V0_14_1).plan.objects().is_empty());
}

#[test]
fn what_a_distribution_brings_and_the_cluster_does_not_know_is_told() {
    let text = "apiVersion: cert-manager.io/v1\nkind: Certificate\nmetadata: {name: x, namespace: a}\n";
    let scenario = sound(by_manifests()).only_variant("role").unwrap().inspected_by(bugs);
    let target = Target::manifests(&["dist".to_owned()], manifests(text));
    let result = Runner::new(&proofmark_env::Embedded).run(&[scenario], &[target], &mut |_: &Event| Ok(())).unwrap();
    assert_eq!(
        result.cases[0].conclusion.left_out,
        ["cert-manager.io/v1 Certificate x: the cluster does not know this kind"]
    );
}
