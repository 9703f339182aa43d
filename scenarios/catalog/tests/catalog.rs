//! What every scenario must have, and how names find them.

use std::collections::BTreeSet;

use proofmark_catalog::{NotFound, all, find};
use proofmark_kserve::Release;
use proofmark_replay::{Expected, Target};

#[test]
fn ids_are_unique_and_well_formed() {
    let ids: Vec<_> = all().iter().map(|scenario| scenario.about().id.clone()).collect();
    let unique: BTreeSet<_> = ids.iter().collect();
    assert_eq!(unique.len(), ids.len(), "{ids:?}");
    let formed =
        |id: &str| !id.is_empty() && id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    for scenario in all() {
        let about = scenario.about();
        assert!(formed(&about.id), "{}", about.id);
        let variants: BTreeSet<_> = about.variants.iter().map(|variant| &variant.id).collect();
        assert_eq!(variants.len(), about.variants.len(), "{}", about.id);
        assert!(about.variants.iter().all(|variant| formed(&variant.id) && !variant.title.is_empty()), "{}", about.id);
    }
}

#[test]
fn texts_are_complete() {
    for scenario in all() {
        let about = scenario.about();
        for (what, text) in [
            ("family", &about.family),
            ("summary", &about.summary),
            ("story", &about.story),
            ("cause", &about.cause),
            ("fix", &about.fix),
            ("affected", &about.affected),
        ] {
            assert!(!text.trim().is_empty(), "{} has no {what}", about.id);
            assert!(!text.contains("  ") && !text.contains('\n'), "{} {what}: {text}", about.id);
        }
        assert!(!about.title.is_empty() && !about.title.ends_with('.'), "{}: {}", about.id, about.title);
        assert!(about.summary.ends_with('.') && about.summary.len() < 160, "{}: {}", about.id, about.summary);
        assert!(!about.profiles.is_empty(), "{} has no profile", about.id);
        assert!(!about.links.is_empty(), "{} has no links", about.id);
        assert!(
            about.links.iter().all(|link| link.url.starts_with("https://") && !link.title.is_empty()),
            "{}",
            about.id
        );
    }
}

/// A failure that comes and goes more than once from release to release is a mistake in the judgement, or has to be told about.
#[test]
fn failures_come_and_go_once() {
    for scenario in all() {
        let judged: Vec<_> = Release::matrix()
            .filter_map(|release| match scenario.expected(&Target::kserve(release)) {
                Expected::Reproduces => Some(true),
                Expected::Absent => Some(false),
                Expected::NotApplicable { reason } => {
                    assert!(!reason.is_empty(), "{} on {release}", scenario.about().id);
                    None
                }
            })
            .collect();
        let times = judged.chunk_by(|a, b| a == b).filter(|same| same[0]).count();
        assert!(times <= 1, "{}: {judged:?}", scenario.about().id);
    }
}

#[rstest::rstest]
#[case("trainedmodel-403", 2)]
#[case("trainedmodel-403/own-role", 1)]
fn names_find_scenarios(#[case] name: &str, #[case] variants: usize) {
    let found = find(name).expect("a scenario");
    assert_eq!((found.about().id.as_str(), found.about().variants.len()), ("trainedmodel-403", variants));
}

#[rstest::rstest]
#[case("trainedmodels-403", Some("trainedmodel-403"))]
#[case("TrainedModel-403", Some("trainedmodel-403"))]
#[case("inferencegraph", Some("inferencegraph-403"))]
#[case("zebra", None)]
#[case("", None)]
fn other_names_get_a_suggestion(#[case] name: &str, #[case] suggested: Option<&str>) {
    let error = find(name).map(|found| found.about().id.clone()).expect_err("no scenario");
    let NotFound::Scenario { nearest, known, .. } = &error else { panic!("{error}") };
    assert_eq!(nearest.as_deref(), suggested);
    assert_eq!(known.len(), all().len());
    assert!(error.to_string().starts_with(&format!("unknown scenario `{name}`")), "{error}");
}

#[test]
fn other_variants_get_a_suggestion() {
    let error = find("trainedmodel-403/ownrole").map(|found| found.about().id.clone()).expect_err("no variant");
    assert_eq!(
        error.to_string(),
        "trainedmodel-403 has no variant `ownrole`, did you mean own-role?; it has role, own-role"
    );
}

#[test]
fn the_catalogue_is_current() {
    let page = include_str!("../../../docs/catalogue.md");
    let command = "cargo run -p proofmark-catalog --example catalogue > docs/catalogue.md";
    assert_eq!(page, proofmark_catalog::table::markdown(), "out of date: {command}");
}
